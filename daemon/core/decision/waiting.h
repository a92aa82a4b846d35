// What the waiting page shows a buyer who came back (interface §5, the state table).
//
// Pure. Called by the redirect listener for the page, its status and for forwarding.
#pragma once

#include <optional>
#include <string_view>

#include "daemon/core/words/states.h"
#include "daemon/core/words/time.h"

namespace reconciled::core {

enum class WaitingState { kPaid, kReview, kAwaitingDeposit, kCancelled, kFailed, kConfirming };
[[nodiscard]] std::string_view to_word(WaitingState state);

struct WaitingFacts {
  Result result = Result::kNone;
  bool deliverable = false;
  bool unobstructed = false;  // deliverable but for the result
  UiState hint = UiState::kNone;
  Time arrived{};  // the redirect
  // PortOne was asked after it and gave a usable answer, if only that the payment is unknown.
  bool is_answered = false;
};

[[nodiscard]] WaitingState waiting_state(const WaitingFacts& facts, Time now);

// Whether nothing was known for so long (10 minutes) that waiting on is no help any more.
[[nodiscard]] bool is_given_up(const WaitingFacts& facts, Time now);

// Whether the page has nothing more to wait for.
[[nodiscard]] bool is_final(WaitingState state);

}  // namespace reconciled::core
