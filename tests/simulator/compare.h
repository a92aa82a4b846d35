// What two ends of a history have in common: nothing to say where they agree.
#pragma once

#include <string>

#include "tests/simulator/oracle.h"

namespace reconciled::simulator {

// What differs first between decisions of the same evidence; the empty text where nothing does.
// Row ids are left out: they tell the order of writing.
[[nodiscard]] std::string difference(const core::Decision& left, const core::Decision& right);
// Likewise between what must be said and what is said.
[[nodiscard]] std::string difference(const Expected& expected, const core::Decision& decision);

// The history for people: orders, states, pieces, a line each.
[[nodiscard]] std::string describe(const History& history);

}  // namespace reconciled::simulator
