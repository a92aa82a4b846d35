#include <nlohmann/json.hpp>

#include "daemon/core/answer_parts.h"
#include "daemon/core/json.h"
#include "daemon/core/portone_answer.h"
#include "daemon/core/stored_text.h"
#include "daemon/core/text.h"

namespace reconciled::core {
namespace {

using nlohmann::json;

AnswerError malformed(std::string detail) { return {AnswerFault::kMalformed, std::move(detail)}; }

// `{code, message, response}`: what stands in `response`. A code other than 0 is a failure under
// HTTP 200 too (dossier §3.1).
Outcome<json, AnswerError> open_envelope(int status, std::string_view body) {
  if (status != 200 && status != 207) return fault_of_status(status, body);
  auto parsed = parse_json(body);
  if (!parsed) return malformed("not JSON: " + parsed.error().detail);
  json& envelope = parsed.value();
  const auto code = integer_member(envelope, "code");
  if (!code) return malformed("no envelope with a code");
  if (*code != 0) {
    return AnswerError{AnswerFault::kUnavailable, "code " + std::to_string(*code)};
  }
  if (member(envelope, "response") == nullptr) return malformed("response is missing");
  return std::move(envelope["response"]);
}

// Unset times are 0; a missing or mistyped one is unset as well, nothing hangs on it.
std::optional<PortoneTime> time_member(const json& payment, std::string_view key) {
  return from_v1_seconds(integer_member(payment, key).value_or(0));
}

// The account number is no key: Eximbay's convenience store says "unknown" (dossier §7.11).
std::optional<VirtualAccount> read_virtual_account(const json& payment) {
  std::string number = clean_member(payment, "vbank_num", kMaxIdBytes);
  if (number.empty() || text_member(payment, "pay_method") != "vbank") return std::nullopt;
  return VirtualAccount{clean_member(payment, "vbank_name", kMaxIdBytes), std::move(number),
                        clean_member(payment, "vbank_holder", kMaxIdBytes),
                        time_member(payment, "vbank_date")};
}

// Interface §1.1. V1 says `cancelled` for a partial cancel too, so the amounts decide: taking the
// word would call a payment refunded of which most is still ours.
Result result_of(const Snapshot& snapshot) {
  const std::int64_t cancelled = snapshot.cancelled_amount;
  const bool in_part = cancelled > 0 && cancelled < snapshot.total_amount;
  const bool in_whole = cancelled > 0 && cancelled >= snapshot.total_amount;
  if (snapshot.status == "paid") {
    if (in_part) return Result::kPartiallyCancelled;
    return in_whole ? Result::kCancelled : Result::kPaid;
  }
  if (snapshot.status == "cancelled") {
    return in_part ? Result::kPartiallyCancelled : Result::kCancelled;
  }
  if (snapshot.status == "failed") return Result::kFailed;
  if (snapshot.status == "ready") {
    return snapshot.virtual_account ? Result::kAwaitingDeposit : Result::kReady;
  }
  return Result::kPending;
}

std::string redacted(const json& payment) {
  json kept = keep_scalars(
      &payment,
      {"imp_uid",    "merchant_uid",      "status",       "amount",       "cancel_amount",
       "currency",   "pay_method",        "pg_provider",  "channel",      "sandbox",
       "started_at", "paid_at",           "failed_at",    "cancelled_at", "fail_reason",
       "vbank_name", "vbank_num",         "vbank_holder", "vbank_date",   "vbank_issued_at",
       "escrow",     "customer_uid_usage"});
  const json* const history = member(payment, "cancel_history");
  if (history != nullptr) {
    kept["cancel_history"] =
        keep_scalars_of_each(history, {"amount", "cancellation_id", "cancelled_at"});
  }
  return write_json(kept);
}

Outcome<Snapshot, AnswerError> read_payment(const json& payment, Time asked_at) {
  RequiredMembers required{payment};
  const auto payment_id = required.id<PaymentId>("merchant_uid");
  const auto attempt_id = required.id<AttemptId>("imp_uid");
  const auto currency = required.currency();
  const bool sandbox = required.boolean("sandbox");
  const std::string status = required.text("status");
  const std::int64_t total = required.major_amount("amount", currency);
  const std::int64_t cancelled = required.major_amount("cancel_amount", currency);
  if (!required.ok()) return required.error();

  Snapshot snapshot = blank_snapshot(Api::kV1, *payment_id, *attempt_id, *currency, asked_at);
  snapshot.status = clean_text(status, kMaxWordBytes);
  snapshot.total_amount = total;
  snapshot.cancelled_amount = cancelled;
  snapshot.channel = sandbox ? Channel::kTest : Channel::kLive;
  snapshot.pg_provider = clean_member(payment, "pg_provider", kMaxWordBytes);
  snapshot.method = clean_member(payment, "pay_method", kMaxWordBytes);
  snapshot.virtual_account = read_virtual_account(payment);
  snapshot.failure_reason = clean_member(payment, "fail_reason", kMaxReasonBytes);
  snapshot.started_at = time_member(payment, "started_at");
  snapshot.paid_at = time_member(payment, "paid_at");
  snapshot.status_at = newest(
      {snapshot.paid_at, time_member(payment, "cancelled_at"), time_member(payment, "failed_at")});
  snapshot.stored_body = redacted(payment);
  snapshot.result = result_of(snapshot);
  return snapshot;
}

// An array (batch), or `{total, previous, next, list}` (findAll). One unusable element spoils the
// whole list: a missing attempt could be the paid one.
Outcome<V1List, AnswerError> read_list(const json& response, Time asked_at) {
  V1List list;
  const json* payments = &response;
  if (response.is_object()) {
    RequiredMembers required{response};
    list.has_next = required.integer("next") > 0;
    payments = member(response, "list");
    if (payments == nullptr && required.integer("total") != 0) required.refuse("list is missing");
    if (!required.ok()) return required.error();
    if (payments == nullptr) return list;
  }
  if (!payments->is_array()) return malformed("no list of payments");
  for (const json& payment : *payments) {
    auto snapshot = read_payment(payment, asked_at);
    if (!snapshot) return snapshot.error();
    list.snapshots.push_back(std::move(snapshot.value()));
  }
  return list;
}

}  // namespace

Outcome<V1Token, AnswerError> read_v1_token(int status, std::string_view body) {
  const auto response = open_envelope(status, body);
  if (!response) return response.error();
  RequiredMembers required{response.value()};
  V1Token token{required.text("access_token"), required.integer("now"),
                required.integer("expired_at")};
  if (!required.ok()) return required.error();
  return token;
}

Outcome<bool, AnswerError> read_v1_certification(int status, std::string_view body) {
  const auto response = open_envelope(status, body);
  if (response.ok()) return true;
  if (response.error().fault == AnswerFault::kNotFound) return false;
  return response.error();
}

Outcome<Snapshot, AnswerError> read_v1_payment(int status, std::string_view body, Time asked_at) {
  const auto response = open_envelope(status, body);
  if (!response) return response.error();
  return read_payment(response.value(), asked_at);
}

Outcome<V1List, AnswerError> read_v1_list(int status, std::string_view body, Time asked_at) {
  const auto response = open_envelope(status, body);
  if (response) return read_list(response.value(), asked_at);
  if (response.error().fault == AnswerFault::kNotFound) return V1List{};
  return response.error();
}

}  // namespace reconciled::core
