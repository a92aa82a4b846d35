// The state table of interface §5.
#include "daemon/core/decision/waiting.h"

#include <doctest/doctest.h>

#include <string>

using namespace reconciled::core;
using namespace std::chrono_literals;

namespace {

const Time kArrived = from_ms(1'795'000'000'000);

std::string state(const WaitingFacts& facts, std::chrono::milliseconds later = 1s) {
  return std::string(to_word(waiting_state(facts, kArrived + later)));
}
WaitingFacts facts(Result result) {
  WaitingFacts made;
  made.result = result;
  made.arrived = kArrived;
  return made;
}

}  // namespace

TEST_CASE("waiting: paid shows as paid with deliverable alone") {
  WaitingFacts paid = facts(Result::kPaid);
  CHECK(state(paid) == "review");
  paid.unobstructed = true;
  CHECK(state(paid) == "review");
  paid.deliverable = true;
  CHECK(state(paid) == "paid");
}

TEST_CASE("waiting: a partial cancel shows as paid if nothing but the cancel stands against it") {
  WaitingFacts partial = facts(Result::kPartiallyCancelled);
  CHECK(state(partial) == "review");
  partial.unobstructed = true;
  CHECK(state(partial) == "paid");
}

TEST_CASE("waiting: awaiting_deposit, cancelled and failed show as they are, whatever was said") {
  for (const UiState hint : {UiState::kReturnedSuccess, UiState::kReturnedFailure}) {
    for (const Result result : {Result::kAwaitingDeposit, Result::kCancelled, Result::kFailed}) {
      WaitingFacts known = facts(result);
      known.hint = hint;
      CHECK(state(known) == to_word(result));
      CHECK(state(known, 1h) == to_word(result));
    }
  }
}

TEST_CASE("waiting: an open payment is confirming while PortOne was not asked, for 2 minutes") {
  for (const Result result : {Result::kNone, Result::kReady, Result::kPending}) {
    for (const UiState hint : {UiState::kReturnedSuccess, UiState::kReturnedFailure,
                               UiState::kReturnedUnknown, UiState::kNone}) {
      WaitingFacts open = facts(result);
      open.hint = hint;
      CHECK(state(open, 0s) == "confirming");
      CHECK(state(open, 2min - 1ms) == "confirming");
      CHECK(state(open, 2min) == "review");
      // A look-up that began before the redirect tells nothing about it.
      CHECK(state(open, 1min) == "confirming");
    }
  }
}

TEST_CASE("waiting: a failure that the browser reported shows once a look-up says nothing else") {
  for (const Result result : {Result::kNone, Result::kReady, Result::kPending}) {
    for (const UiState hint :
         {UiState::kReturnedSuccess, UiState::kReturnedFailure, UiState::kReturnedUnknown}) {
      WaitingFacts open = facts(result);
      open.hint = hint;
      open.is_answered = true;
      const bool failed = hint == UiState::kReturnedFailure && result != Result::kPending;
      CHECK(state(open) == (failed ? "failed" : "confirming"));
      CHECK(state(open, 2min - 1ms) == (failed ? "failed" : "confirming"));
      // What PortOne knows is no reason for a review; what it does not know is one.
      const bool unknown = result == Result::kNone;
      CHECK(state(open, 2min) == (failed ? "failed" : unknown ? "review" : "confirming"));
      CHECK(state(open, 1h) == (failed ? "failed" : unknown ? "review" : "confirming"));
    }
  }
}

TEST_CASE("waiting: the page asks on while it is confirming or under review") {
  CHECK(is_final(WaitingState::kPaid));
  CHECK(is_final(WaitingState::kAwaitingDeposit));
  CHECK(is_final(WaitingState::kCancelled));
  CHECK(is_final(WaitingState::kFailed));
  CHECK_FALSE(is_final(WaitingState::kReview));
  CHECK_FALSE(is_final(WaitingState::kConfirming));
}

TEST_CASE("waiting: after 10 minutes in which nothing was known it gives up") {
  for (const Result result : {Result::kNone, Result::kReady, Result::kPending}) {
    WaitingFacts open = facts(result);
    CHECK_FALSE(is_given_up(open, kArrived + 10min - 1ms));
    CHECK(is_given_up(open, kArrived + 10min));
    open.is_answered = true;
    CHECK(is_given_up(open, kArrived + 1h) == (result == Result::kNone));
  }
  // A failure that the browser reported is an end of its own.
  WaitingFacts left = facts(Result::kNone);
  left.hint = UiState::kReturnedFailure;
  left.is_answered = true;
  CHECK_FALSE(is_given_up(left, kArrived + 1h));
  for (const Result result : {Result::kAwaitingDeposit, Result::kPaid, Result::kPartiallyCancelled,
                              Result::kCancelled, Result::kFailed}) {
    CHECK_FALSE(is_given_up(facts(result), kArrived + 1h));
  }
}
