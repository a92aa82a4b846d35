// What a simulator's run must have come to: the marks (daemon/core/words/mark.h) that were never hit.
#pragma once

#include <doctest/doctest.h>

#include <vector>

#include "daemon/core/words/mark.h"
#include "tests/simulator/random.h"

namespace reconciled::simulator {

// Fails and names them. Nothing is asked of a run of one case, nor of a build without marks.
inline void check_marks(const std::vector<core::Mark>& expected) {
#ifdef RECONCILED_MARKS
  if (!cases_to_run(0).empty()) return;
  for (const core::Mark mark : expected) {
    const std::uint64_t times = core::mark_counts.at(static_cast<std::size_t>(mark)).load();
    CHECK_MESSAGE(times > 0, "it never happened that " << std::string(core::to_sentence(mark)));
  }
#else
  static_cast<void>(expected);
#endif
}

}  // namespace reconciled::simulator
