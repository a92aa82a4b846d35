#include "daemon/runtime/time_zone.h"

#include <doctest/doctest.h>

using namespace reconciled;
using namespace std::chrono_literals;

namespace {

core::Time at(const char* text) { return core::to_time(*core::parse_rfc3339(text)); }

std::int64_t shown_ms(core::Time instant) {
  return local_time(instant).shown().time_since_epoch().count();
}

}  // namespace

TEST_CASE("time zone: an instant as the zone's clocks show it") {
  set_time_zone("Asia/Seoul");
  const LocalTime seoul = local_time(at("2026-11-28T14:48:03.612Z"));
  CHECK(seoul.utc_offset == 9h);
  CHECK(seoul.zone == "KST");
  CHECK(shown_ms(seoul.instant) == core::to_ms(at("2026-11-28T23:48:03.612Z")));
  set_time_zone("UTC");
  CHECK(shown_ms(seoul.instant) == core::to_ms(seoul.instant));
}

TEST_CASE("time zone: what the offset is then, not now") {
  set_time_zone("Europe/Berlin");
  CHECK(local_time(at("2026-07-01T00:00:00Z")).utc_offset == 2h);
  CHECK(local_time(at("2026-12-01T00:00:00Z")).utc_offset == 1h);
  set_time_zone("America/New_York");
  CHECK(local_time(at("2026-12-01T00:00:00Z")).utc_offset == -5h);
  set_time_zone("UTC");
}
