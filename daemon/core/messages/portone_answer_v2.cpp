#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "daemon/core/messages/answer_parts.h"
#include "daemon/core/messages/portone_answer.h"
#include "daemon/core/messages/stored_text.h"
#include "daemon/core/words/json.h"
#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

using nlohmann::json;

struct Word {
  std::string_view word;
  Result result;
};
// The union's discriminator (dossier §3.2).
constexpr std::array<Word, 7> kWords{{{"READY", Result::kReady},
                                      {"PAY_PENDING", Result::kPending},
                                      {"VIRTUAL_ACCOUNT_ISSUED", Result::kAwaitingDeposit},
                                      {"PAID", Result::kPaid},
                                      {"FAILED", Result::kFailed},
                                      {"PARTIAL_CANCELLED", Result::kPartiallyCancelled},
                                      {"CANCELLED", Result::kCancelled}}};

Result result_of(std::string_view status) {
  const auto* const found = std::find_if(
      kWords.begin(), kWords.end(), [status](const Word& word) { return word.word == status; });
  return found == kWords.end() ? Result::kPending : found->result;
}

const json& object_or_null(const json& object, std::string_view key) {
  static const json kNull;
  const json* const value = member(object, key);
  return value == nullptr ? kNull : *value;
}

std::optional<PortoneTime> time_member(const json& object, std::string_view key) {
  return parse_rfc3339(text_member(object, key).value_or(""));
}

std::optional<Channel> read_channel(const json& channel) {
  const auto type = text_member(channel, "type");
  if (type == "LIVE") return Channel::kLive;
  if (type == "TEST") return Channel::kTest;
  return std::nullopt;
}

// `PaymentMethodVirtualAccount` becomes `virtual_account`.
std::string method_word(const json& method) {
  constexpr std::string_view kPrefix = "PaymentMethod";
  std::string type = clean_member(method, "type", kMaxWordBytes);
  if (type.starts_with(kPrefix)) type.erase(0, kPrefix.size());
  std::string word;
  for (const char c : type) {
    const bool is_capital = c >= 'A' && c <= 'Z';
    if (is_capital && !word.empty()) word += '_';
    word += is_capital ? static_cast<char>(c + 32) : c;
  }
  return word;
}

std::optional<VirtualAccount> read_virtual_account(const json& method) {
  if (text_member(method, "type") != "PaymentMethodVirtualAccount") return std::nullopt;
  std::string number = clean_member(method, "accountNumber", kMaxIdBytes);
  if (number.empty()) return std::nullopt;
  return VirtualAccount{clean_member(method, "bank", kMaxIdBytes), std::move(number),
                        clean_member(method, "remitteeName", kMaxIdBytes),
                        time_member(method, "expiredAt")};
}

void add_dispute(std::vector<Dispute>& disputes, Dispute dispute) {
  const auto known = std::find_if(disputes.begin(), disputes.end(),
                                  [&](const Dispute& other) { return other.id == dispute.id; });
  if (known == disputes.end()) {
    disputes.push_back(std::move(dispute));
  } else {
    known->resolved = known->resolved && dispute.resolved;
  }
}

// Named by its creation time, which is always there and never changes. Any status but RESOLVED is
// an open dispute: a new word must not release goods. Nor must what cannot be read: it is one,
// named by what in it does not change.
std::vector<Dispute> read_disputes(const json& payment) {
  std::vector<Dispute> disputes;
  const json* const value = member(payment, "disputes");
  if (value == nullptr) return disputes;
  if (!value->is_array()) return {{name_from_content(*value), false}};
  for (const json& element : *value) {
    std::string created = clean_member(element, "createdAt", kMaxIdBytes);
    if (!created.empty()) {
      add_dispute(disputes, {std::move(created), text_member(element, "status") == "RESOLVED"});
      continue;
    }
    json lasting = element;
    if (lasting.is_object()) {
      lasting.erase("status");
      lasting.erase("resolvedAt");
    }
    add_dispute(disputes, {name_from_content(lasting), false});
  }
  return disputes;
}

// Whether the cancellation is a charge-back that took the money; with a status of tomorrow it may
// be. Charge-backs stay known for good, so one that cannot be read is none: the amounts tell what
// it took.
bool is_chargeback(const json& cancellation) {
  const auto status = text_member(cancellation, "status");
  return text_member(cancellation, "trigger") == "CHARGEBACK" && status != "REQUESTED" &&
         status != "FAILED";
}

std::vector<std::string> read_chargebacks(const json& payment) {
  std::vector<std::string> ids;
  const json* const value = member(payment, "cancellations");
  if (value == nullptr || !value->is_array()) return ids;
  for (const json& element : *value) {
    if (!is_chargeback(element)) continue;
    std::string id = clean_member(element, "id", kMaxIdBytes);
    if (id.empty()) id = name_from_content(element);
    if (std::find(ids.begin(), ids.end(), id) == ids.end()) ids.push_back(std::move(id));
  }
  return ids;
}

std::string read_failure_reason(const json& payment) {
  const json& failure = object_or_null(payment, "failure");
  std::string reason = clean_member(failure, "reason", kMaxReasonBytes);
  return reason.empty() ? clean_member(failure, "pgMessage", kMaxReasonBytes) : reason;
}

// The account's words stay, the page shows them; a card's and a buyer's do not.
std::string redacted(const json& payment) {
  json kept = keep_scalars(&payment, {"id", "transactionId", "storeId", "status", "version",
                                      "currency", "requestedAt", "updatedAt", "statusChangedAt",
                                      "paidAt", "failedAt", "cancelledAt", "scheduleId", "pgTxId"});
  kept["amount"] = keep_scalars(
      member(payment, "amount"),
      {"total", "taxFree", "vat", "supply", "discount", "paid", "cancelled", "cancelledTaxFree"});
  kept["channel"] = keep_scalars(member(payment, "channel"), {"type", "pgProvider"});
  kept["method"] = keep_scalars(
      member(payment, "method"),
      {"type", "bank", "accountNumber", "remitteeName", "expiredAt", "issuedAt", "refundStatus"});
  kept["failure"] = keep_scalars(member(payment, "failure"), {"reason", "pgCode", "pgMessage"});
  kept["disputes"] = keep_scalars_of_each(member(payment, "disputes"),
                                          {"status", "pgDisputeId", "createdAt", "resolvedAt"});
  kept["cancellations"] = keep_scalars_of_each(
      member(payment, "cancellations"),
      {"status", "id", "totalAmount", "trigger", "requestedAt", "cancelledAt"});
  for (auto it = kept.begin(); it != kept.end();) {
    it = it->is_structured() && it->empty() ? kept.erase(it) : std::next(it);
  }
  return write_json(kept);
}

// A Payment is named by `id` and `transactionId`; a PaymentTransaction by `paymentId` and `id`, and
// it has no disputes.
enum class Shape { kPayment, kTransaction };

Outcome<Snapshot, AnswerError> read_payment(const json& payment, const Reading& reading,
                                            Shape shape = Shape::kPayment) {
  const bool whole = shape == Shape::kPayment;
  RequiredMembers required{payment, reading.is_repaired};
  const auto payment_id = required.id<PaymentId>(whole ? "id" : "paymentId");
  const auto attempt_id = required.id<AttemptId>(whole ? "transactionId" : "id");
  const auto currency = required.currency();
  const std::string status = required.text("status");
  const std::string store_id = required.text("storeId");
  const json& amounts = object_or_null(payment, "amount");
  const std::int64_t total = required.minor_amount(amounts, "total");
  const std::int64_t cancelled = required.minor_amount(amounts, "cancelled");
  required.at_most(cancelled, total);
  if (!required.ok()) return required.error();

  const json& channel = object_or_null(payment, "channel");
  const json& method = object_or_null(payment, "method");
  Snapshot snapshot =
      blank_snapshot(Api::kV2, *payment_id, *attempt_id, *currency, reading.asked_at);
  if (text_member(payment, "version") == "V1") snapshot.version = Api::kV1;
  snapshot.result = result_of(status);
  snapshot.status = clean_text(status, kMaxWordBytes);
  snapshot.total_amount = total;
  snapshot.cancelled_amount = cancelled;
  snapshot.store_id = store_id;
  snapshot.channel = read_channel(channel);
  snapshot.pg_provider = clean_member(channel, "pgProvider", kMaxWordBytes);
  snapshot.method = method_word(method);
  snapshot.virtual_account = read_virtual_account(method);
  snapshot.failure_reason = read_failure_reason(payment);
  snapshot.pg_number = clean_member(payment, "pgTxId", kMaxPgNumberBytes);
  snapshot.started_at = time_member(payment, "requestedAt");
  snapshot.paid_at = time_member(payment, "paidAt");
  snapshot.status_at = newest(
      {snapshot.paid_at, time_member(payment, "cancelledAt"), time_member(payment, "failedAt")});
  snapshot.updated_at = time_member(payment, "updatedAt");
  // Only a paid payment's answer has the field; any other leaves what is known of disputes.
  if (whole && (status == "PAID" || member(payment, "disputes") != nullptr)) {
    snapshot.disputes = read_disputes(payment);
  }
  snapshot.chargebacks = read_chargebacks(payment);
  snapshot.stored_body = redacted(payment);
  return snapshot;
}

void take(V2List& list, const json& payment, const Reading& reading, Shape shape) {
  auto snapshot = read_payment(payment, reading, shape);
  if (snapshot) {
    list.snapshots.push_back(std::move(snapshot.value()));
    return;
  }
  list.unreadable.push_back(
      shape == Shape::kPayment
          ? unreadable_row(payment, {"id", "transactionId"}, reading, snapshot.error())
          : unreadable_row(payment, {"paymentId", "id"}, reading, snapshot.error()));
}

// `{items: […]}`, of which `take_item` puts each into the list.
template <class TakeItem>
Outcome<V2List, AnswerError> read_items(int status, std::string_view body, TakeItem take_item) {
  bool is_repaired = false;
  const auto answer = open_v2_answer(status, body, is_repaired);
  if (!answer) return answer.error();
  const json* const items = member(answer.value(), "items");
  if (items == nullptr || !items->is_array()) {
    return AnswerError{AnswerFault::kMalformed, "items is no list"};
  }
  V2List list;
  const auto total = integer_member(object_or_null(answer.value(), "page"), "totalCount");
  if (total && *total >= 0) list.total = total;
  for (const json& item : *items) take_item(list, item, is_repaired);
  return list;
}

}  // namespace

Outcome<V2List, AnswerError> read_v2_transactions(int status, std::string_view body,
                                                  Time asked_at) {
  return read_items(status, body, [&](V2List& list, const json& item, bool is_repaired) {
    take(list, item, {asked_at, is_repaired}, Shape::kTransaction);
  });
}

Outcome<V2List, AnswerError> read_v2_page(int status, std::string_view body, Time asked_at) {
  return read_items(status, body, [&](V2List& list, const json& item, bool is_repaired) {
    take(list, item, {asked_at, is_repaired}, Shape::kPayment);
  });
}

Outcome<V2List, AnswerError> read_v2_cursor_page(int status, std::string_view body,
                                                 Time asked_at) {
  return read_items(status, body, [&](V2List& list, const json& item, bool is_repaired) {
    take(list, object_or_null(item, "payment"), {asked_at, is_repaired}, Shape::kPayment);
    const auto cursor = text_member(item, "cursor");
    if (cursor && !cursor->empty()) list.last_cursor = *cursor;
  });
}

Outcome<Snapshot, AnswerError> read_v2_payment(int status, std::string_view body, Time asked_at) {
  bool is_repaired = false;
  const auto answer = open_v2_answer(status, body, is_repaired);
  if (!answer) return answer.error();
  return read_payment(answer.value(), {asked_at, is_repaired});
}

}  // namespace reconciled::core
