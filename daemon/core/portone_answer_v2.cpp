#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "daemon/core/answer_parts.h"
#include "daemon/core/json.h"
#include "daemon/core/portone_answer.h"
#include "daemon/core/stored_text.h"
#include "daemon/core/text.h"

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

// Named by its creation time, which is always there and never changes. Any status but RESOLVED is an open
// dispute: a new word must not release goods.
std::vector<Dispute> read_disputes(const json& payment, RequiredMembers& required) {
  std::vector<Dispute> disputes;
  const json* const array = member(payment, "disputes");
  if (array == nullptr) return disputes;
  if (!array->is_array()) {
    required.refuse("disputes is no list");
    return disputes;
  }
  for (const json& element : *array) {
    std::string id = clean_member(element, "createdAt", kMaxIdBytes);
    if (id.empty()) required.refuse("a dispute has no time");
    disputes.push_back({std::move(id), text_member(element, "status") == "RESOLVED"});
  }
  return disputes;
}

std::vector<std::string> read_chargebacks(const json& payment, RequiredMembers& required) {
  std::vector<std::string> ids;
  const json* const array = member(payment, "cancellations");
  if (array == nullptr) return ids;
  if (!array->is_array()) {
    required.refuse("cancellations is no list");
    return ids;
  }
  for (const json& element : *array) {
    if (text_member(element, "trigger") != "CHARGEBACK" ||
        text_member(element, "status") != "SUCCEEDED") {
      continue;
    }
    std::string id = clean_member(element, "id", kMaxIdBytes);
    if (id.empty()) required.refuse("a charge-back has no id");
    ids.push_back(std::move(id));
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

Outcome<Snapshot, AnswerError> read_payment(const json& payment, Time asked_at,
                                            Shape shape = Shape::kPayment) {
  const bool whole = shape == Shape::kPayment;
  RequiredMembers required{payment};
  const auto payment_id = required.id<PaymentId>(whole ? "id" : "paymentId");
  const auto attempt_id = required.id<AttemptId>(whole ? "transactionId" : "id");
  const auto currency = required.currency();
  const std::string status = required.text("status");
  const std::string store_id = required.text("storeId");
  const json& amounts = object_or_null(payment, "amount");
  const std::int64_t total = required.minor_amount(amounts, "total");
  const std::int64_t cancelled = required.minor_amount(amounts, "cancelled");
  // Only a paid payment's answer has the field; any other leaves what is known of disputes.
  std::optional<std::vector<Dispute>> disputes;
  if (whole && (status == "PAID" || member(payment, "disputes") != nullptr)) {
    disputes = read_disputes(payment, required);
  }
  auto chargebacks = read_chargebacks(payment, required);
  if (!required.ok()) return required.error();

  const json& channel = object_or_null(payment, "channel");
  const json& method = object_or_null(payment, "method");
  Snapshot snapshot = blank_snapshot(Api::kV2, *payment_id, *attempt_id, *currency, asked_at);
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
  snapshot.started_at = time_member(payment, "requestedAt");
  snapshot.paid_at = time_member(payment, "paidAt");
  snapshot.status_at = newest(
      {snapshot.paid_at, time_member(payment, "cancelledAt"), time_member(payment, "failedAt")});
  snapshot.updated_at = time_member(payment, "updatedAt");
  snapshot.disputes = std::move(disputes);
  snapshot.chargebacks = std::move(chargebacks);
  snapshot.stored_body = redacted(payment);
  return snapshot;
}

// An answer's document, or why it is none.
Outcome<json, AnswerError> open_answer(int status, std::string_view body) {
  if (status != 200) return fault_of_status(status, body);
  auto document = parse_json(body);
  if (!document) {
    return AnswerError{AnswerFault::kMalformed, "not JSON: " + document.error().detail};
  }
  return std::move(document.value());
}

const json* items_of(const json& document) {
  const json* const items = member(document, "items");
  return items != nullptr && items->is_array() ? items : nullptr;
}

AnswerError no_items() { return {AnswerFault::kMalformed, "items is no list"}; }

}  // namespace

Outcome<std::vector<Snapshot>, AnswerError> read_v2_transactions(int status,
                                                                 std::string_view body,
                                                                 Time asked_at) {
  const auto document = open_answer(status, body);
  if (!document) return document.error();
  const json* const items = items_of(document.value());
  if (items == nullptr) return no_items();
  std::vector<Snapshot> snapshots;
  for (const json& item : *items) {
    auto snapshot = read_payment(item, asked_at, Shape::kTransaction);
    if (!snapshot) return snapshot.error();
    snapshots.push_back(std::move(snapshot.value()));
  }
  return snapshots;
}

Outcome<V2List, AnswerError> read_v2_page(int status, std::string_view body, Time asked_at) {
  const auto document = open_answer(status, body);
  if (!document) return document.error();
  const json* const items = items_of(document.value());
  if (items == nullptr) return no_items();
  const auto total = integer_member(object_or_null(document.value(), "page"), "totalCount");
  if (!total || *total < 0) return AnswerError{AnswerFault::kMalformed, "page has no totalCount"};
  V2List list{.total = *total};
  for (const json& item : *items) {
    auto snapshot = read_payment(item, asked_at);
    if (!snapshot) return snapshot.error();
    list.snapshots.push_back(std::move(snapshot.value()));
  }
  return list;
}

Outcome<V2List, AnswerError> read_v2_cursor_page(int status, std::string_view body,
                                                 Time asked_at) {
  const auto document = open_answer(status, body);
  if (!document) return document.error();
  const json* const items = items_of(document.value());
  if (items == nullptr) return no_items();
  V2List list;
  for (const json& item : *items) {
    auto snapshot = read_payment(object_or_null(item, "payment"), asked_at);
    if (!snapshot) return snapshot.error();
    list.snapshots.push_back(std::move(snapshot.value()));
    list.last_cursor = text_member(item, "cursor").value_or("");
  }
  return list;
}

Outcome<Snapshot, AnswerError> read_v2_payment(int status, std::string_view body, Time asked_at) {
  const auto payment = open_answer(status, body);
  if (!payment) return payment.error();
  return read_payment(payment.value(), asked_at);
}

}  // namespace reconciled::core
