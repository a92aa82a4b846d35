// What the daemon must say, worked out from the world's truth and the rules of interface §1.
//
// It shares no code with the decision and orders answers by the truth that they show, not by the
// times in them: where decision and oracle differ, one of them misreads the interface.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulator/history.h"

namespace reconciled::simulator {

struct Expected {
  core::Result result = core::Result::kNone;
  std::optional<core::Authority> authority;
  bool deliverable = false;
  bool unverified = false;
  std::optional<core::AttemptId> winner;
  std::optional<std::int64_t> total_amount;
  std::optional<std::int64_t> cancelled_amount;
  std::map<core::AttemptId, core::Result> attempts;
  std::set<core::FindingKind> findings;  // those that evidence makes, not timers
};

// Whether `expect` speaks for the history: it knows neither V1's answers from an old copy of
// PortOne's data nor `wait`; there `why_not_deliverable` alone says what must hold.
[[nodiscard]] bool is_exact(const History& history);

// What must be said of the pieces of those numbers; of a history that is_exact.
[[nodiscard]] Expected expect(const History& history, const std::vector<int>& held,
                              const std::set<core::FindingKind>& resolved = {});

// Promise 4, first half, on any evidence: why these answers forbid `deliverable` with that winner,
// or the empty text.
[[nodiscard]] std::string why_not_deliverable(const History& history, const std::vector<int>& held,
                                              const std::optional<core::AttemptId>& winner);

// What PortOne itself would say now: of a history that is settled.
struct Truth {
  core::Result result = core::Result::kNone;
  std::optional<core::AttemptId> winner;
  bool is_sound = false;  // paid, the right amount, store and channel: deliverable unless held
};
[[nodiscard]] Truth truth_of(const World& world);

// The strongest of a payment's attempts at a moment, and its state; nothing where none had begun.
[[nodiscard]] std::optional<std::pair<const Attempt*, int>> strongest_at(
    const std::vector<const Attempt*>& attempts, int moment);

// Kinds that a timer's mark opens: they tell when something was seen.
[[nodiscard]] bool is_timers(core::FindingKind kind);

}  // namespace reconciled::simulator
