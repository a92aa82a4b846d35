// Any bytes as PortOne's answer over REST; the first byte picks the HTTP status and the reader.
//
// Whatever comes: amounts are amounts, ids can be stored, and only the members that reconciling
// needs are kept.
#include <array>
#include <nlohmann/json.hpp>
#include <set>

#include "daemon/core/messages/portone_answer.h"
#include "daemon/core/messages/webhook_record.h"
#include "daemon/core/words/json.h"
#include "daemon/core/words/json_repair.h"
#include "tests/fuzz/invariant.h"

namespace {

namespace core = reconciled::core;
using nlohmann::json;
using reconciled::fuzz::invariant;
using reconciled::fuzz::is_one_line;

constexpr std::array<int, 8> kStatuses{200, 207, 400, 401, 403, 404, 429, 503};

// Members of payments that say who paid and with what.
bool is_personal(const std::string& key) {
  static const std::set<std::string, std::less<>> kPersonal{
      "buyer_name",  "buyer_email", "buyer_tel",   "buyer_addr",   "buyer_postcode",
      "card_number", "card_name",   "custom_data", "customer_uid", "customer",
      "customData",  "card",        "billingKey",  "products",     "shippingAddress",
      "receiptUrl",  "receipt_url", "pgResponse",  "phoneNumber",  "email"};
  return kPersonal.count(key) != 0;
}

void check_kept(const json& kept, int depth) {
  invariant(depth <= 3, "a stored answer is shallow");
  for (const auto& [key, child] : kept.items()) {
    invariant(!kept.is_object() || !is_personal(key), "nothing personal is stored");
    if (child.is_structured()) check_kept(child, depth + 1);
  }
}

void check_money(const core::Snapshot& snapshot) {
  invariant(snapshot.total_amount >= 0 && snapshot.cancelled_amount >= 0, "amounts are amounts");
  invariant(core::Currency::make(snapshot.currency.code()).has_value(), "currency");
  if (snapshot.api != core::Api::kV1) return;
  const bool in_part =
      snapshot.cancelled_amount > 0 && snapshot.cancelled_amount < snapshot.total_amount;
  invariant(snapshot.result != core::Result::kPartiallyCancelled || in_part,
            "V1: partially cancelled by the amounts");
  invariant(snapshot.result != core::Result::kPaid || snapshot.cancelled_amount == 0,
            "V1: a payment that was given back is not paid");
}

void check(const core::Snapshot& snapshot) {
  check_money(snapshot);
  invariant(core::is_valid_id_text(snapshot.payment_id.str()), "payment_id");
  invariant(core::is_valid_id_text(snapshot.attempt_id.str()), "attempt_id");
  invariant(snapshot.result != core::Result::kNone, "an answer always comes to a result");
  invariant(snapshot.status.size() <= 64 && is_one_line(snapshot.status), "status");
  invariant(core::is_valid_utf8(snapshot.store_id), "store_id");
  invariant(is_one_line(snapshot.pg_provider) && is_one_line(snapshot.method), "provider, method");
  invariant(snapshot.failure_reason.size() <= 1000 && is_one_line(snapshot.failure_reason),
            "failure_reason");
  for (const core::Dispute& dispute : snapshot.disputes.value_or(std::vector<core::Dispute>{})) {
    invariant(!dispute.id.empty() && is_one_line(dispute.id), "a dispute has a name");
  }
  for (const std::string& id : snapshot.chargebacks) {
    invariant(!id.empty() && is_one_line(id), "a charge-back has a name");
  }
  const auto kept = core::parse_json(snapshot.stored_body);
  invariant(kept && kept.value().is_object(), "a stored answer can be read again");
  invariant(core::write_json(kept.value()) == snapshot.stored_body, "and is the same then");
  check_kept(kept.value(), 1);
}

// A list's rows: what is set aside has a reason, and a name that can be stored or none.
template <class List>
void check_rows(const List& list) {
  for (const core::Snapshot& snapshot : list.snapshots) check(snapshot);
  for (const core::UnreadableRow& row : list.unreadable) {
    invariant(row.id.empty() || core::is_valid_id_text(row.id), "an unreadable row's name");
    invariant(!row.reason.empty() && row.reason.size() <= 256 && is_one_line(row.reason),
              "an unreadable row has a reason in one short line");
  }
}

// Reading a repaired copy changes nothing where nothing was broken, and repairing is done once.
void check_repair(std::string_view body) {
  const std::string repaired = core::repair_json(body);
  invariant(core::repair_json(repaired) == repaired, "what was repaired needs no repair");
  bool is_repaired = false;
  const auto tolerant = core::parse_json_tolerantly(body, is_repaired);
  const auto strict = core::parse_json(body);
  if (!strict) return;
  invariant(tolerant && !is_repaired && tolerant.value() == strict.value(),
            "what is good is read as it is");
}

template <class T>
const T* read(const core::Outcome<T, core::AnswerError>& answer, bool may_succeed) {
  if (answer) {
    invariant(may_succeed, "a failure's status brings no answer");
    return &answer.value();
  }
  invariant(is_one_line(answer.error().detail) && answer.error().detail.size() <= 256,
            "a failure is one short line");
  return nullptr;
}

void check_webhooks(const core::Outcome<core::WebhookPage, core::AnswerError>& answer,
                    bool succeeds) {
  const auto* page = read(answer, succeeds);
  if (page == nullptr) return;
  for (const core::RecordedWebhook& webhook : page->webhooks) {
    invariant(!webhook.id.empty() && !webhook.payment_id.empty() && !webhook.said.empty(),
              "a webhook has its names");
    invariant(!webhook.body.empty() && webhook.body.size() <= core::kMaxRecordedBytes,
              "a webhook's body has its limit");
  }
}

void read_v1(unsigned reader, int status, std::string_view body, core::Time asked_at) {
  const bool succeeds = status == 200 || status == 207;
  const bool known = succeeds || status == 404;  // which says that there is none
  if (reader == 0) {
    const auto one = core::read_v1_payment(status, body, asked_at);
    if (const auto* snapshot = read(one, succeeds)) check(*snapshot);
  } else if (reader == 1) {
    const auto list = core::read_v1_list(status, body, asked_at);
    const auto* found = read(list, known);
    if (found != nullptr) check_rows(*found);
    invariant(found == nullptr || succeeds || found->snapshots.empty(), "404 lists nothing");
    check_webhooks(core::read_v1_webhooks(status, body), succeeds);
  } else if (reader == 2) {
    const auto token = core::read_v1_token(status, body);
    const auto* found = read(token, succeeds);
    invariant(found == nullptr || !found->access_token.empty(), "a token is not empty");
  } else {
    const auto certification = core::read_v1_certification(status, body);
    const auto* found = read(certification, known);
    invariant(found == nullptr || *found == succeeds, "404 is no certification");
  }
}

void read_v2(unsigned reader, int status, std::string_view body, core::Time asked_at) {
  const bool succeeds = status == 200;
  if (reader == 4) {
    const auto one = core::read_v2_payment(status, body, asked_at);
    if (const auto* snapshot = read(one, succeeds)) check(*snapshot);
  } else if (reader == 5) {
    const auto attempts = core::read_v2_transactions(status, body, asked_at);
    if (const auto* found = read(attempts, succeeds)) check_rows(*found);
  } else if (reader == 6) {
    const auto page = core::read_v2_page(status, body, asked_at);
    const auto* found = read(page, succeeds);
    if (found != nullptr) check_rows(*found);
    invariant(found == nullptr || found->total.value_or(0) >= 0, "a count is a count");
    check_webhooks(core::read_v2_webhooks(status, body), succeeds);
  } else {
    const auto page = core::read_v2_cursor_page(status, body, asked_at);
    const auto* found = read(page, succeeds);
    if (found != nullptr) check_rows(*found);
    invariant(found == nullptr || core::is_valid_utf8(found->last_cursor), "cursor");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const int status = kStatuses[data[0] % kStatuses.size()];
  const unsigned reader = data[0] / kStatuses.size() % 8;
  const std::string_view body = reconciled::fuzz::text_of(data + 1, size - 1);
  const core::Time asked_at = core::from_ms(0);
  check_repair(body);
  if (reader < 4) {
    read_v1(reader, status, body, asked_at);
  } else {
    read_v2(reader, status, body, asked_at);
  }
  return 0;
}
