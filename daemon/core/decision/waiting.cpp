#include "daemon/core/decision/waiting.h"

#include <array>
#include <chrono>

namespace reconciled::core {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 2min;
constexpr auto kLongPatience = 10min;

WaitingState while_open(const WaitingFacts& facts, Time now) {
  const bool may_have_failed = facts.result == Result::kNone || facts.result == Result::kReady;
  // The buyer's own browser said so and PortOne did not say otherwise; nothing is decided by it.
  if (may_have_failed && facts.hint == UiState::kReturnedFailure && facts.is_answered) {
    return WaitingState::kFailed;
  }
  // No usable answer, or one that says that PortOne does not know it.
  const bool says_nothing = !facts.is_answered || facts.result == Result::kNone;
  if (says_nothing && now - facts.arrived >= kPatience) return WaitingState::kReview;
  return WaitingState::kConfirming;
}

}  // namespace

std::string_view to_word(WaitingState state) {
  static constexpr std::array<std::string_view, 6> kWords{
      "paid", "review", "awaiting_deposit", "cancelled", "failed", "confirming"};
  return kWords.at(static_cast<std::size_t>(state));
}

WaitingState waiting_state(const WaitingFacts& facts, Time now) {
  switch (facts.result) {
    case Result::kPaid:
      return facts.deliverable ? WaitingState::kPaid : WaitingState::kReview;
    case Result::kPartiallyCancelled:
      return facts.unobstructed ? WaitingState::kPaid : WaitingState::kReview;
    case Result::kAwaitingDeposit:
      return WaitingState::kAwaitingDeposit;
    case Result::kCancelled:
      return WaitingState::kCancelled;
    case Result::kFailed:
      return WaitingState::kFailed;
    case Result::kNone:
    case Result::kReady:
    case Result::kPending:
      return while_open(facts, now);
  }
  return WaitingState::kConfirming;
}

bool is_given_up(const WaitingFacts& facts, Time now) {
  // Of a payment that is held something is known.
  const bool is_open = facts.result == Result::kNone || facts.result == Result::kReady ||
                       facts.result == Result::kPending;
  return is_open && now - facts.arrived >= kLongPatience &&
         waiting_state(facts, now) == WaitingState::kReview;
}

bool is_final(WaitingState state) {
  return state != WaitingState::kConfirming && state != WaitingState::kReview;
}

}  // namespace reconciled::core
