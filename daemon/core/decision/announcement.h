// What the shop's backend is told of a payment, and when it is told again (interface §7).
//
// Pure: times come in, times go out. Called by storage, in the transaction of what is told.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/core/words/ids.h"
#include "daemon/core/words/states.h"
#include "daemon/core/words/time.h"

namespace reconciled::core {

// What messages tell of a payment.
struct Standing {
  Result result = Result::kNone;
  bool deliverable = false;
  std::optional<AttemptId> winner;
  std::optional<std::int64_t> cancelled_amount;  // minor units
};

// The messages that said, or will say, that the winner's attempt may be delivered.
enum class PaidMessages {
  kNone,
  kSuperseded,  // there were, and none of them left
  kStand
};

// The message that leads from what was told last to what stands now; nothing where there is no news.
[[nodiscard]] std::optional<NotificationType> announcement(const Standing& told, const Standing& now,
                                                           PaidMessages paid);

// When a message whose n-th try (n >= 1) has just failed is tried again; nothing: it is parked for a
// person. `id`: of the message, so that what failed in one moment is not tried in one moment.
[[nodiscard]] std::optional<Time> next_try(std::int64_t tries, Time failing_since, Time now,
                                           std::string_view id,
                                           std::optional<std::chrono::milliseconds> retry_after);

// A newer message of the same payment goes ahead of one that has failed for so long.
inline constexpr std::chrono::seconds kGoesAheadAfter{60};
// A message that failed for so long is a person's business.
inline constexpr std::chrono::hours kNotifyPatience{1};

}  // namespace reconciled::core
