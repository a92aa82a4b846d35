// Why a look-up brought no usable answer, in the words of logs and metrics.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "daemon/core/messages/portone_answer.h"
#include "daemon/core/words/outcome.h"
#include "daemon/http/client.h"
#include "daemon/runtime/metrics.h"

namespace reconciled::portone {

struct LookupFault {
  LookupOutcome outcome = LookupOutcome::kMalformed;
  std::string detail;                                    // one line, nothing personal
  std::optional<std::chrono::milliseconds> retry_after;  // as PortOne asked
  bool is_unreadable = false;  // PortOne answered with success, and the answer cannot be read
};

[[nodiscard]] LookupFault fault_of(const http::ClientError& error);
// `response` carries the Retry-After that came with the refused answer.
[[nodiscard]] LookupFault fault_of(const core::AnswerError& error,
                                   const http::ClientResponse& response);
// The answer is about something else than was asked.
[[nodiscard]] LookupFault about_another(std::string detail);

template <class T>
using Asked = core::Outcome<T, LookupFault>;

}  // namespace reconciled::portone
