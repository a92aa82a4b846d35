#include "daemon/runtime/clock.h"

#include <doctest/doctest.h>

using namespace reconciled;
using namespace std::chrono_literals;

TEST_CASE("clock: it shows the machine's time, and no step where nobody set it") {
  const SystemClock clock;
  const core::Time before = clock.wall();
  const core::Time now = clock.now();
  const core::Time after = clock.wall();
  CHECK(before <= now);
  CHECK(now <= after);
  CHECK(clock.step() == 0ms);
}

TEST_CASE("clock: what was adopted is shown from then on") {
  // As if the machine's clock had been set forward by an hour and nobody had moved the plans yet.
  SystemClock clock;
  clock.adopt(-1h);
  CHECK(clock.step() == 1h);
  CHECK(clock.wall() - clock.now() >= 1h - 1s);
  clock.adopt(1h);
  CHECK(clock.step() == 0ms);
  CHECK(clock.wall() - clock.now() < 1s);
}
