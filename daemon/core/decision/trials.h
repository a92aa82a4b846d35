// How often an event is tried (promise 8): one bad message cannot stop the line.
//
// Tries are noted or counted in a commit before they begin, so that what ends the process counts.
// Pure; called by storage, which keeps the numbers.
#pragma once

#include <cstdint>

namespace reconciled::core {

// Three tries, then the line moves on: the event is parked with a finding.
inline constexpr std::int64_t kMostTries = 3;
// An event with so many undone tries is tried alone, and nothing else decides its payment: deciding
// may be what ends the process.
inline constexpr std::int64_t kTriesOnTrial = 2;

// Of an event that is to be decided together with others: it was tried before, and what ended that
// may have been this event.
[[nodiscard]] constexpr bool is_suspect(std::int64_t tries) { return tries > 0; }

// Of an event that is to be decided by itself.
[[nodiscard]] constexpr bool may_be_tried_again(std::int64_t tries) { return tries < kMostTries; }

// Whether it keeps its payment from being decided by anything else.
[[nodiscard]] constexpr bool is_on_trial(std::int64_t tries, bool is_parked, bool is_pending) {
  return is_parked || (is_pending && tries >= kTriesOnTrial);
}

}  // namespace reconciled::core
