#include "daemon/core/decision/schedule.h"

#include <algorithm>
#include <functional>

#include "daemon/core/words/mark.h"

namespace reconciled::core {

using namespace std::chrono_literals;

namespace {

// How long something is asked about that stays open.
constexpr std::chrono::days kOpenFor{30};

}  // namespace

std::optional<Time> next_scheduled(const Schedule& schedule, Time anchor, Time after, Time until) {
  std::optional<Time> next;
  for (const auto offset : schedule) {
    if (anchor + offset > after) {
      next = anchor + offset;
      break;
    }
  }
  if (!next) {
    RECONCILED_MARK(kLastOffsetRepeats);
    const auto last = schedule.back();
    const auto repeats = (after - anchor - last) / last + 1;
    next = anchor + last + repeats * last;
  }
  RECONCILED_MARK_IF(*next > until, kScheduleOver);
  if (*next > until) return std::nullopt;
  return next;
}

std::chrono::milliseconds jitter(std::string_view id, std::chrono::milliseconds step) {
  constexpr int kSteps = 1'000;
  const auto share = static_cast<std::int64_t>(std::hash<std::string_view>{}(id) % kSteps);
  return std::chrono::milliseconds(step.count() / 10 * share / kSteps);
}

std::optional<Time> asking_ends(const Decision& decision, Time anchor) {
  switch (decision.result) {
    case Result::kPaid:
    case Result::kPartiallyCancelled:
    case Result::kCancelled:
      if (decision.waits_for_webhook) return anchor + kOpenFor;
      return std::nullopt;
    case Result::kFailed:
      return anchor + (decision.waits_for_webhook ? kOpenFor : std::chrono::days(7));
    case Result::kAwaitingDeposit:
      if (decision.deposit_due_at) {
        return to_time(*decision.deposit_due_at) + std::chrono::days(7);
      }
      return anchor + kOpenFor;
    case Result::kNone:
    case Result::kReady:
    case Result::kPending:
      return anchor + kOpenFor;
  }
  return std::nullopt;
}

Time unknown_ends(const Schedule& schedule, Time anchor) { return anchor + schedule.back(); }

std::optional<Time> webhook_due(const Decision& decision, Time now) {
  if (!decision.expects_webhook) return std::nullopt;
  return now + 10min;
}

std::chrono::milliseconds failure_delay(int failures) {
  const int doublings = std::clamp(failures - 1, 0, 5);
  RECONCILED_MARK_IF(doublings == 5, kLongestBackOff);
  return std::min<std::chrono::milliseconds>(1s * (1 << doublings), 30s);
}

std::optional<Time> next_telling(Time since, Time answered, int failures,
                                 std::optional<std::chrono::milliseconds> retry_after) {
  const Time next = answered + retry_after.value_or(failure_delay(failures));
  if (next > since + kOpenFor) return std::nullopt;
  return next;
}

}  // namespace reconciled::core
