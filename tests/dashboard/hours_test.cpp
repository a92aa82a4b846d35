#include "daemon/dashboard/hours.h"

#include <doctest/doctest.h>

using namespace reconciled;
using namespace std::chrono_literals;
using dashboard::Hour;
using dashboard::Hours;

namespace {

const core::Time kStart = core::from_ms(1'800'000'000'000);  // a whole hour

}  // namespace

TEST_CASE("hours: what was counted since the last time falls into the hour that it is") {
  Hours hours;
  hours.sample(kStart, {.received = 5, .refused = 1, .decided = 4, .decide_seconds = 0.4});
  hours.sample(kStart + 1h, {.received = 7, .refused = 1, .decided = 6, .decide_seconds = 2.4});
  const std::vector<Hour> day = hours.last_day(kStart + 1h);
  REQUIRE(day.size() == 24);
  CHECK(day[22].received == 5);
  CHECK(day[22].refused == 1);
  CHECK(day[22].mean_lag_ms() == 100);
  CHECK(day[23].received == 2);
  CHECK(day[23].refused == 0);
  CHECK(day[23].mean_lag_ms() == 1'000);
  CHECK(day[0].received == 0);
  CHECK(day[23].begins() == kStart + 1h);
}

TEST_CASE("hours: a day later an hour is told anew, and what is older is gone") {
  Hours hours;
  hours.sample(kStart, {.received = 5});
  hours.sample(kStart + 24h, {.received = 6});
  CHECK(hours.last_day(kStart + 24h).back().received == 1);
  CHECK(hours.last_day(kStart + 60h).back().received == 0);
}

TEST_CASE("hours: kept and restored they are the same; what is no such text is left") {
  Hours hours;
  hours.sample(kStart, {.received = 5, .refused = 2, .decided = 4, .decide_seconds = 0.4});
  Hours again;
  again.restore(hours.to_text());
  // The process counts from nothing anew.
  again.sample(kStart + 1min, {.received = 1});
  const Hour hour = again.last_day(kStart).back();
  CHECK(hour.received == 6);
  CHECK(hour.refused == 2);
  CHECK(hour.mean_lag_ms() == 100);
  Hours broken;
  broken.restore("no numbers\n-5 1 1 1 1\n99999999999999999999999 1");
  CHECK(broken.to_text().empty());
}
