// When to ask PortOne about a payment next (interface §3, behind the configuration).
//
// Pure: times come in, times go out. Called by storage where it writes what a look-up brought.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "daemon/core/decision/decision.h"
#include "daemon/core/words/time.h"

namespace reconciled::core {

using Schedule = std::vector<std::chrono::milliseconds>;  // ascending offsets, not empty

// The first time after `after` that the schedule names, counted from `anchor`; the last offset
// repeats. Nothing once that is later than `until`.
[[nodiscard]] std::optional<Time> next_scheduled(const Schedule& schedule, Time anchor, Time after,
                                                 Time until);

// Up to a tenth of `step`, always the same for an id: so that what was registered in one moment is
// not asked about in one moment for ever after.
[[nodiscard]] std::chrono::milliseconds jitter(std::string_view id,
                                               std::chrono::milliseconds step);

// Until when a payment in that state is asked about: open ones 30 days from the anchor, failed ones
// 7 days, a virtual account until 7 days after it was due. Nothing for what needs no asking.
[[nodiscard]] std::optional<Time> asking_ends(const Decision& decision, Time anchor);

// The whole schedule, once: how long something is asked about that PortOne does not know.
[[nodiscard]] Time unknown_ends(const Schedule& schedule, Time anchor);

// By when a webhook about the winner's result should have come, where PortOne sends one and none has
// announced it; nothing: none is missed.
[[nodiscard]] std::optional<Time> webhook_due(const Decision& decision, Time now);

// How long to wait after the n-th unusable answer in a row (n >= 1): 1 s, doubling to 30 s.
[[nodiscard]] std::chrono::milliseconds failure_delay(int failures);

// When PortOne is told of an order again after the n-th time in a row that it gave no usable answer,
// at `answered`: as look-ups are, for 30 days from `since`. Nothing where that is over.
[[nodiscard]] std::optional<Time> next_telling(Time since, Time answered, int failures,
                                               std::optional<std::chrono::milliseconds> retry_after);

}  // namespace reconciled::core
