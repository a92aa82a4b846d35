#include <nlohmann/json.hpp>

#include "daemon/core/messages/answer_parts.h"
#include "daemon/core/messages/portone_answer.h"
#include "daemon/core/messages/stored_text.h"
#include "daemon/core/words/json.h"
#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

using nlohmann::json;

AnswerError malformed(std::string detail) { return {AnswerFault::kMalformed, std::move(detail)}; }

// The account number is no key: Eximbay's convenience store says "unknown" (dossier §7.11).
std::optional<VirtualAccount> read_virtual_account(const json& payment) {
  std::string number = clean_member(payment, "vbank_num", kMaxIdBytes);
  if (number.empty() || text_member(payment, "pay_method") != "vbank") return std::nullopt;
  std::string bank = clean_member(payment, "vbank_name", kMaxIdBytes);
  if (bank.empty()) bank = clean_member(payment, "vbank_code", kMaxIdBytes);
  return VirtualAccount{std::move(bank), std::move(number),
                        clean_member(payment, "vbank_holder", kMaxIdBytes),
                        v1_time_member(payment, "vbank_date")};
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

// Without a readable `sandbox` the channel is unknown: the payment is read, and held (§1.2).
std::optional<Channel> read_channel(const json& payment) {
  const auto sandbox = bool_member(payment, "sandbox");
  if (!sandbox) return std::nullopt;
  return *sandbox ? Channel::kTest : Channel::kLive;
}

Outcome<Snapshot, AnswerError> read_payment(const json& payment, const Reading& reading) {
  RequiredMembers required{payment, reading.is_repaired};
  const auto payment_id = required.id<PaymentId>("merchant_uid");
  const auto attempt_id = required.id<AttemptId>("imp_uid");
  const auto currency = required.currency();
  const std::string status = required.text("status");
  const std::int64_t total = required.major_amount("amount", currency);
  const std::int64_t cancelled = required.major_amount("cancel_amount", currency);
  required.at_most(cancelled, total);
  if (!required.ok()) return required.error();

  Snapshot snapshot =
      blank_snapshot(Api::kV1, *payment_id, *attempt_id, *currency, reading.asked_at);
  snapshot.status = clean_text(status, kMaxWordBytes);
  snapshot.total_amount = total;
  snapshot.cancelled_amount = cancelled;
  snapshot.channel = read_channel(payment);
  snapshot.pg_provider = clean_member(payment, "pg_provider", kMaxWordBytes);
  snapshot.method = clean_member(payment, "pay_method", kMaxWordBytes);
  snapshot.virtual_account = read_virtual_account(payment);
  snapshot.failure_reason = clean_member(payment, "fail_reason", kMaxReasonBytes);
  snapshot.pg_number = clean_member(payment, "pg_tid", kMaxPgNumberBytes);
  snapshot.started_at = v1_time_member(payment, "started_at");
  snapshot.paid_at = v1_time_member(payment, "paid_at");
  snapshot.status_at = newest(
      {snapshot.paid_at, v1_time_member(payment, "cancelled_at"), v1_time_member(payment, "failed_at")});
  snapshot.stored_body = redacted(payment);
  snapshot.result = result_of(snapshot);
  return snapshot;
}

// An array (batch), or `{total, previous, next, list}` (findAll, status lists).
Outcome<V1List, AnswerError> read_list(const json& response, const Reading& reading) {
  V1List list;
  const json* payments = &response;
  if (response.is_object()) {
    if (const auto next = integer_member(response, "next")) list.has_next = *next > 0;
    const auto total = integer_member(response, "total");
    if (total && *total >= 0) list.total = total;
    payments = member(response, "list");
    if (payments == nullptr && list.total == 0) return list;
    if (payments == nullptr) return malformed("list is missing");
  } else {
    list.has_next = false;
  }
  if (!payments->is_array()) return malformed("no list of payments");
  for (const json& payment : *payments) {
    auto snapshot = read_payment(payment, reading);
    if (snapshot) {
      list.snapshots.push_back(std::move(snapshot.value()));
    } else {
      list.unreadable.push_back(
          unreadable_row(payment, {"imp_uid", "merchant_uid"}, reading, snapshot.error()));
    }
  }
  return list;
}

}  // namespace

std::int64_t V1Token::life_seconds() const {
  return now <= 0 || expired_at <= now ? 0 : expired_at - now;
}

Outcome<V1Token, AnswerError> read_v1_token(int status, std::string_view body) {
  bool is_repaired = false;
  const auto response = open_v1_answer(status, body, is_repaired);
  if (!response) return response.error();
  const json& answer = response.value();
  RequiredMembers required{answer, is_repaired};
  const V1Token token{required.text("access_token"), integer_member(answer, "now").value_or(0),
                      integer_member(answer, "expired_at").value_or(0)};
  if (!required.ok()) return required.error();
  return token;
}

Outcome<bool, AnswerError> read_v1_certification(int status, std::string_view body) {
  bool is_repaired = false;
  const auto response = open_v1_answer(status, body, is_repaired);
  if (response.ok()) return true;
  if (response.error().fault == AnswerFault::kNotFound) return false;
  return response.error();
}

Outcome<Snapshot, AnswerError> read_v1_payment(int status, std::string_view body, Time asked_at) {
  bool is_repaired = false;
  const auto response = open_v1_answer(status, body, is_repaired);
  if (!response) return response.error();
  return read_payment(response.value(), {asked_at, is_repaired});
}

Outcome<V1List, AnswerError> read_v1_list(int status, std::string_view body, Time asked_at) {
  bool is_repaired = false;
  const auto response = open_v1_answer(status, body, is_repaired);
  if (response) return read_list(response.value(), {asked_at, is_repaired});
  if (response.error().fault == AnswerFault::kNotFound) return V1List{.has_next = false};
  return response.error();
}

}  // namespace reconciled::core
