#include "daemon/runtime/log_watch.h"

#include <doctest/doctest.h>

#include "daemon/runtime/metrics.h"

using namespace reconciled;
using namespace std::chrono_literals;

TEST_CASE("log watch: the warning stands while lines are dropped, and until the log flows again") {
  const SystemClock clock;
  Metrics metrics("test");
  Warnings warnings(clock, metrics);
  LogWatch watch(warnings);
  core::Time now = core::from_ms(1'000'000);
  watch.look(now, 0, true);
  CHECK(warnings.standing().empty());
  watch.look(now += 2s, 10, true);
  REQUIRE(warnings.standing().size() == 1);
  CHECK(warnings.standing()[0].kind == WarningKind::kLog);
  CHECK(warnings.standing()[0].detail.starts_with("10 line(s)"));
  watch.look(now += 2s, 15, true);
  CHECK(warnings.standing().at(0).detail.starts_with("15 line(s)"));
  watch.look(now += 14s, 15, true);
  CHECK(warnings.standing().size() == 1);
  watch.look(now += 100s, 15, false);
  CHECK(warnings.standing().size() == 1);
  watch.look(now += 2s, 15, true);
  CHECK(warnings.standing().empty());
  watch.look(now += 2s, 16, true);
  CHECK(warnings.standing().at(0).detail.starts_with("1 line(s)"));
}
