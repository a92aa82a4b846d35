#include "daemon/portone/fault.h"

#include <algorithm>
#include <charconv>

namespace reconciled::portone {
namespace {

// Longer waits than this are not believed: a typo at the other end must not silence us.
constexpr std::chrono::seconds kMaxRetryAfter{300};

// Retry-After in seconds; the form with a date is not worth a parser here and is passed over.
std::optional<std::chrono::milliseconds> read_retry_after(const std::string& text) {
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error != std::errc{} || end != text.data() + text.size() || seconds < 0) {
    return std::nullopt;
  }
  return std::min(std::chrono::seconds(std::min<std::int64_t>(seconds, kMaxRetryAfter.count())),
                  kMaxRetryAfter);
}

LookupOutcome outcome_of(core::AnswerFault fault) {
  switch (fault) {
    case core::AnswerFault::kNotFound:
      return LookupOutcome::kNotFound;
    case core::AnswerFault::kUnauthorized:
    case core::AnswerFault::kForbidden:
      return LookupOutcome::kUnauthorized;
    case core::AnswerFault::kRateLimited:
      return LookupOutcome::kThrottled;
    case core::AnswerFault::kUnavailable:
      return LookupOutcome::kServerError;
    case core::AnswerFault::kRefused:
    case core::AnswerFault::kMalformed:
      return LookupOutcome::kMalformed;
  }
  return LookupOutcome::kMalformed;
}

}  // namespace

LookupFault fault_of(const http::ClientError& error) {
  return {LookupOutcome::kUnreachable,
          std::string(http::to_word(error.fault)) + ": " + error.detail, std::nullopt, false};
}

LookupFault fault_of(const core::AnswerError& error, const http::ClientResponse& response) {
  const bool is_success = response.status / 100 == 2;
  return {outcome_of(error.fault), std::string(core::to_word(error.fault)) + ": " + error.detail,
          read_retry_after(response.retry_after),
          is_success && error.fault == core::AnswerFault::kMalformed};
}

LookupFault about_another(std::string detail) {
  return {LookupOutcome::kMalformed, "malformed: " + std::move(detail), std::nullopt, true};
}

}  // namespace reconciled::portone
