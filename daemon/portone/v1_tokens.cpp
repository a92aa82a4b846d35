#include "daemon/portone/v1_tokens.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace reconciled::portone {
namespace {

using namespace std::chrono_literals;

// A token that ends within this time is not used for a new call.
constexpr auto kMargin = 30s;
// PortOne's tokens live for 30 minutes (dossier §3.1). One of unknown life is used for a moment.
constexpr auto kLongestLife = 30min;
constexpr auto kShortestLife = 10s;
// How soon one who waits for another's login sees that it is to stop.
constexpr auto kLook = 50ms;

}  // namespace

V1Tokens::V1Tokens(core::PortoneV1Config config, AccessWatch& watch)
    : config_(std::move(config)), watch_(watch) {}

Asked<std::string> V1Tokens::get(http::Client& client) {
  std::unique_lock lock(mutex_);
  bool has_waited = false;
  for (;;) {
    if (!token_.empty() && Steady::now() < good_until_) return token_;
    if (client.is_aborted()) return LookupFault{LookupOutcome::kUnreachable, "aborted", {}, false};
    if (is_logging_in_) {
      has_waited = true;
      ended_.wait_for(lock, kLook);
      continue;
    }
    const bool may_log_in = Steady::now() >= next_login_at_;
    if (failure_ && (has_waited || !may_log_in)) return *failure_;
    break;
  }
  is_logging_in_ = true;
  lock.unlock();
  const auto begun = Steady::now();
  const Asked<core::V1Token> answer = log_in(client);
  lock.lock();
  is_logging_in_ = false;
  ended_.notify_all();
  if (!answer.ok()) {
    // One that was stopped says nothing about PortOne: another may try.
    if (!client.is_aborted()) note_failure(answer.error());
    return answer.error();
  }
  failure_.reset();
  pause_ = kFirstPause;
  token_ = answer.value().access_token;
  const std::chrono::seconds life{std::min<std::int64_t>(
      answer.value().life_seconds(), std::chrono::seconds(kLongestLife).count())};
  good_until_ = begun + std::max<std::chrono::seconds>(life - kMargin, kShortestLife);
  return token_;
}

Asked<core::V1Token> V1Tokens::log_in(http::Client& client) {
  const nlohmann::json keys{{"imp_key", config_.imp_key}, {"imp_secret", config_.imp_secret}};
  const http::ClientRequest request{
      .method = "POST",
      .target = "/users/getToken",
      .body = keys.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
      .content_type = "application/json"};
  const auto response = client.send(request);
  if (!response.ok()) {
    const LookupFault fault = fault_of(response.error());
    if (!client.is_aborted()) watch_.unanswered(core::Api::kV1, "login: " + fault.detail);
    return fault;
  }
  const int status = response.value().status;
  auto token = core::read_v1_token(status, response.value().body);
  if (token.ok()) return std::move(token.value());
  LookupFault fault = fault_of(token.error(), response.value());
  fault.detail = "login: " + fault.detail;
  fault.is_unreadable = false;  // it says nothing of a payment
  // A wrong key is a 401, another 4xx or a code under 200 (dossier §3.1).
  const bool is_code = status == 200 && token.error().fault == core::AnswerFault::kUnavailable;
  if (fault.outcome == LookupOutcome::kUnauthorized || is_code ||
      token.error().fault == core::AnswerFault::kRefused) {
    fault.outcome = LookupOutcome::kUnauthorized;
    watch_.refused(core::Api::kV1, fault.detail);
  } else {
    watch_.unanswered(core::Api::kV1, fault.detail);
  }
  return fault;
}

void V1Tokens::note_failure(LookupFault fault) {
  next_login_at_ = Steady::now() + std::max(pause_, fault.retry_after.value_or(0ms));
  pause_ = std::min(pause_ * 2, kLongestPause);
  failure_ = std::move(fault);
}

void V1Tokens::refused(const std::string& token, bool is_new) {
  const std::lock_guard lock(mutex_);
  if (token_ != token) return;
  token_.clear();
  if (is_new) {
    note_failure(
        {LookupOutcome::kUnauthorized, "unauthorized: the new token is refused", {}, false});
  }
}

}  // namespace reconciled::portone
