// PortOne's rows, as bytes: what v1.openapi.json and v2.openapi.json say, and what came instead.
#include "tests/simulator/portone.h"

namespace reconciled::simulator {
namespace {

using core::Result;

constexpr const char* kEucKr = "\xb1\xe8\xc3\xb6\xbc\xf6";

std::string quoted(const std::string& text) { return '"' + text + '"'; }

// Minor units as V1 writes them: major ones with the currency's decimals.
std::string major(std::int64_t minor, const core::Currency& currency) {
  std::int64_t scale = 1;
  for (int i = 0; i < currency.minor_digits(); ++i) scale *= 10;
  std::string text = std::to_string(minor / scale);
  if (scale == 1) return text;
  std::string decimals = std::to_string(scale + minor % scale);
  decimals[0] = '.';
  return text + decimals;
}

std::string v1_status(Result result) {
  switch (result) {
    case Result::kNone:
    case Result::kReady:
    case Result::kAwaitingDeposit:
      return "ready";
    case Result::kPending:
      return "in_progress";
    case Result::kPaid:
      return "paid";
    case Result::kPartiallyCancelled:
    case Result::kCancelled:
      return "cancelled";
    case Result::kFailed:
      return "failed";
  }
  return {};
}

std::string v2_status(Result result) {
  switch (result) {
    case Result::kNone:
    case Result::kReady:
      return "READY";
    case Result::kAwaitingDeposit:
      return "VIRTUAL_ACCOUNT_ISSUED";
    case Result::kPending:
      return "PAY_PENDING";
    case Result::kPaid:
      return "PAID";
    case Result::kPartiallyCancelled:
      return "PARTIAL_CANCELLED";
    case Result::kCancelled:
      return "CANCELLED";
    case Result::kFailed:
      return "FAILED";
  }
  return {};
}

std::string unix_seconds(std::optional<int> since) {
  return since ? std::to_string(core::to_ms(moment(*since)) / 1'000) : "0";
}

std::string rfc3339(int since) { return quoted(core::to_rfc3339(moment(since))); }

const State& state_of(const Attempt& attempt, int number) {
  return attempt.states[static_cast<std::size_t>(number)];
}

std::string v1_amount(const Attempt& attempt, Oddity oddity) {
  if (oddity == Oddity::kNoAmount) return "null";
  if (oddity == Oddity::kHalfWon) return "1000.50005";
  return major(attempt.total, attempt.currency);
}

}  // namespace

std::string v1_row(const Attempt& attempt, int state, Oddity oddity) {
  const State& now = state_of(attempt, state);
  const bool waits = now.result == Result::kAwaitingDeposit;
  const std::string id = oddity == Oddity::kBrokenId ? kEucKr : attempt.payment_id.str();
  const auto if_now = [&](Result result) {
    return unix_seconds(now.result == result ? std::optional(now.since) : std::nullopt);
  };
  std::string row =
      R"({"imp_uid":)" + quoted(attempt.id.str()) + R"(,"merchant_uid":)" + quoted(id) +
      R"(,"status":)" + quoted(oddity == Oddity::kNewWord ? "on_its_way" : v1_status(now.result)) +
      R"(,"amount":)" + v1_amount(attempt, oddity) + R"(,"cancel_amount":)" +
      major(now.cancelled, attempt.currency) + R"(,"currency":)" + quoted(attempt.currency.code()) +
      R"(,"pg_provider":"nice","pay_method":)" + quoted(waits ? "vbank" : "card");
  if (oddity != Oddity::kNoChannel) {
    row += attempt.channel == core::Channel::kTest ? R"(,"sandbox":true)" : R"(,"sandbox":false)";
  }
  if (waits) row += R"(,"vbank_name":"KB","vbank_num":"1234","vbank_date":0)";
  if (oddity == Oddity::kBrokenText) {
    row += std::string(R"(,"buyer_name":")") + kEucKr + R"(","fail_reason":"\ud83d")";
  }
  row += R"(,"started_at":)" +
         (attempt.tells_start ? unix_seconds(attempt.states.front().since) : std::string("0"));
  row += R"(,"paid_at":)" + unix_seconds(attempt.paid_at(state));
  row += R"(,"failed_at":)" + if_now(Result::kFailed);
  return row + R"(,"cancelled_at":)" + if_now(Result::kCancelled) + '}';
}

std::string v2_row(const Attempt& attempt, int state, V2Shape shape, Oddity oddity) {
  const State& now = state_of(attempt, state);
  const bool whole = shape == V2Shape::kPayment;
  const std::string id = oddity == Oddity::kBrokenId ? kEucKr : attempt.payment_id.str();
  const int updated =
      oddity == Oddity::kLyingTime ? now.since + now.since * 7'919 % 301 - 150 : now.since;
  std::string row =
      R"({"status":)" + quoted(oddity == Oddity::kNewWord ? "ON_ITS_WAY" : v2_status(now.result)) +
      (whole ? R"(,"id":)" : R"(,"paymentId":)") + quoted(id) +
      (whole ? R"(,"transactionId":)" : R"(,"id":)") + quoted(attempt.id.str()) + R"(,"storeId":)" +
      quoted(attempt.store_id.empty() ? "store-1" : attempt.store_id) + R"(,"version":)" +
      quoted(attempt.version == core::Api::kV1 ? "V1" : "V2") + R"(,"currency":)" +
      quoted(attempt.currency.code()) + R"(,"updatedAt":)" + rfc3339(updated);
  if (oddity == Oddity::kNoChannel) {
    row += R"(,"channel":{"pgProvider":"NICE"})";
  } else {
    row += std::string(R"(,"channel":{"type":")") +
           (attempt.channel == core::Channel::kTest ? "TEST" : "LIVE") + "\"}";
  }
  if (oddity != Oddity::kNoAmount) {
    row += R"(,"amount":{"total":)" + std::to_string(attempt.total) +
           (oddity == Oddity::kHalfWon ? ".5" : "") + R"(,"cancelled":)" +
           std::to_string(now.cancelled) + '}';
  }
  if (oddity == Oddity::kBrokenText) {
    row += std::string(R"(,"orderName":")") + kEucKr + R"(","failure":{"reason":"\udc00"})";
  }
  if (attempt.tells_start) row += R"(,"requestedAt":)" + rfc3339(attempt.states.front().since);
  if (const auto paid = attempt.paid_at(state)) row += R"(,"paidAt":)" + rfc3339(*paid);
  if (core::is_decided(now.result)) {
    row += (now.result == Result::kFailed ? R"(,"failedAt":)" : R"(,"cancelledAt":)") +
           rfc3339(now.since);
  }
  if (whole && now.result == Result::kPaid) {
    row += R"(,"disputes":[)";
    for (std::size_t i = 0; i < now.disputes.size(); ++i) {
      row += std::string(i > 0 ? "," : "") + R"({"status":)" +
             quoted(now.disputes[i].resolved ? "RESOLVED" : "PENDING") + R"(,"createdAt":)" +
             quoted(now.disputes[i].id) + '}';
    }
    row += ']';
  }
  row += R"(,"cancellations":[)";
  for (std::size_t i = 0; i < now.chargebacks.size(); ++i) {
    row += std::string(i > 0 ? "," : "") + R"({"status":"SUCCEEDED","trigger":"CHARGEBACK","id":)" +
           quoted(now.chargebacks[i]) + '}';
  }
  return row + "]}";
}

}  // namespace reconciled::simulator
