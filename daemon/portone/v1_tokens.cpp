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

}  // namespace

V1Tokens::V1Tokens(const core::PortoneV1Config& config, Calls& calls, AccessWatch& watch)
    : imp_key_(config.imp_key), imp_secret_(config.imp_secret), calls_(calls), watch_(watch) {}

Task<Asked<std::string>> V1Tokens::get() {
  bool has_waited = false;
  for (;;) {
    if (!token_.empty() && Steady::now() < good_until_) co_return token_;
    if (calls_.is_aborted()) {
      co_return LookupFault{LookupOutcome::kUnreachable, "aborted", {}, false};
    }
    if (!is_logging_in_) break;
    has_waited = true;
    LoginEnded ended{*this};
    co_await ended;
  }
  if (failure_ && (has_waited || Steady::now() < next_login_at_)) co_return *failure_;
  is_logging_in_ = true;
  const auto begun = Steady::now();
  const Asked<core::V1Token> answer = co_await log_in();
  is_logging_in_ = false;
  if (answer.ok()) {
    failure_.reset();
    pause_ = kFirstPause;
    token_ = answer.value().access_token;
    const std::chrono::seconds life{std::min<std::int64_t>(
        answer.value().life_seconds(), std::chrono::seconds(kLongestLife).count())};
    good_until_ = begun + std::max<std::chrono::seconds>(life - kMargin, kShortestLife);
  } else if (!calls_.is_aborted()) {
    note_failure(answer.error());
  }
  // What they find is what this one does.
  const Asked<std::string> outcome =
      answer.ok() ? Asked<std::string>(token_) : Asked<std::string>(answer.error());
  wake_waiting();
  co_return outcome;
}

void V1Tokens::wake_waiting() {
  std::vector<std::coroutine_handle<>> woken;
  woken.swap(waiting_);
  for (const std::coroutine_handle<> one : woken) one.resume();
}

Task<Asked<core::V1Token>> V1Tokens::log_in() {
  const nlohmann::json keys{{"imp_key", imp_key_}, {"imp_secret", imp_secret_}};
  http::ClientRequest request{
      .method = "POST",
      .target = "/users/getToken",
      .headers = {},
      .body = keys.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace),
      .content_type = "application/json"};
  const Asked<http::ClientResponse> response = co_await calls_.send(std::move(request), "login: ");
  if (!response.ok()) co_return response.error();
  const int status = response.value().status;
  auto token = core::read_v1_token(status, response.value().body);
  if (token.ok()) co_return std::move(token.value());
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
  co_return fault;
}

void V1Tokens::note_failure(LookupFault fault) {
  next_login_at_ = Steady::now() + std::max(pause_, fault.retry_after.value_or(0ms));
  pause_ = std::min(pause_ * 2, kLongestPause);
  failure_ = std::move(fault);
}

void V1Tokens::refused(const std::string& token, bool is_new) {
  if (token_ != token) return;
  token_.clear();
  if (is_new) {
    note_failure(
        {LookupOutcome::kUnauthorized, "unauthorized: the new token is refused", {}, false});
  }
}

}  // namespace reconciled::portone
