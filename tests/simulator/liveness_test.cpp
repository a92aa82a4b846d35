// Design §1 and §7: whatever happened, once the faults stop everything becomes PortOne's truth.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <optional>

#include "storage/sqlite/migrate.h"
#include "tests/simulator/day.h"
#include "tests/simulator/marks.h"
#include "tests/support/scoped_environment.h"

namespace reconciled::simulator {
namespace {

constexpr int kHistories = 480;

// All marks but those of what a day here does not have: a person's resolutions, and two answers
// about an attempt within one look-up.
std::vector<core::Mark> expected_marks() {
  std::vector<core::Mark> marks;
  for (std::size_t i = 0; i < core::kMarks; ++i) {
    const auto mark = static_cast<core::Mark>(i);
    if (mark == core::Mark::kResolutionLiftedHold || mark == core::Mark::kNoSecondAnswer) continue;
    marks.push_back(mark);
  }
  return marks;
}

}  // namespace

TEST_CASE("simulator: when the faults stop, every payment becomes PortOne's truth") {
  std::optional<test::ScopedEnvironment> in_memory;
  if (::access("/dev/shm", W_OK) == 0) in_memory.emplace("TMPDIR", "/dev/shm");
  const test::TemporaryFolder folder;
  const std::string empty = folder / "empty.db";
  (void)storage::migrate(empty);

  const int days = (how_many_histories(kHistories) + Day::kHistories - 1) / Day::kHistories;
  DayEnd all;
  int failed = 0;
  for (const int number : cases_to_run(days)) {
    const DayEnd end = Day(number, empty).run();
    all.histories += end.histories;
    all.starts += end.starts;
    all.kills += end.kills;
    all.clock_steps += end.clock_steps;
    all.slowest = std::max(all.slowest, end.slowest);
    all.slowest_decided = std::max(all.slowest_decided, end.slowest_decided);
    if (end.faults.empty()) continue;
    for (const std::string& fault : end.faults) FAIL_CHECK(replay_hint(number) << ": " << fault);
    if (++failed == 3) break;
  }
  MESSAGE("seed " << simulator_seed() << ": " << all.histories << " histories, " << all.starts
                  << " starts, " << all.kills << " kills, " << all.clock_steps
                  << " clock steps; after the faults the slowest payment took "
                  << all.slowest.count() << " s, of those decided " << all.slowest_decided.count()
                  << " s; bound " << Day::kBound.count() << " s");
  CHECK(all.slowest <= Day::kBound);
  check_marks(expected_marks());
}

}  // namespace reconciled::simulator
