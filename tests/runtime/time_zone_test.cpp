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
  CHECK(local_time(at("2024-07-01T00:00:00Z")).utc_offset == 2h);
  CHECK(local_time(at("2024-12-01T00:00:00Z")).utc_offset == 1h);
  set_time_zone("America/New_York");
  CHECK(local_time(at("2024-12-01T00:00:00Z")).utc_offset == -5h);
  set_time_zone("UTC");
}

TEST_CASE("time zone: a day begins when the clocks first show it, whatever they do then") {
  struct Case {
    const char* zone;
    const char* date;
    const char* begin;
    std::chrono::minutes length;
  };
  // Days that are over: what zones do in time to come, governments change.
  const auto days = [](std::chrono::hours more) { return std::chrono::minutes(24h + more); };
  for (const Case& one : {
           Case{"Asia/Seoul", "2026-11-25", "2026-11-24T15:00:00Z", days(0h)},
           Case{"UTC", "2026-12-31", "2026-12-31T00:00:00Z", days(0h)},
           Case{"Europe/Berlin", "2024-03-31", "2024-03-30T23:00:00Z", days(-1h)},
           Case{"Europe/Berlin", "2024-10-27", "2024-10-26T22:00:00Z", days(1h)},
           Case{"America/New_York", "2024-11-03", "2024-11-03T04:00:00Z", days(1h)},
           // Midnight is left out; midnight is shown twice.
           Case{"America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00:00Z", days(-1h)},
           Case{"America/Havana", "2024-03-10", "2024-03-10T05:00:00Z", days(-1h)},
           Case{"America/Havana", "2024-11-03", "2024-11-03T04:00:00Z", days(1h)},
           Case{"Australia/Lord_Howe", "2024-04-07", "2024-04-06T13:00:00Z",
                std::chrono::minutes(24h + 30min)},
           Case{"Pacific/Kiritimati", "2026-01-01", "2025-12-31T10:00:00Z", days(0h)}}) {
    CAPTURE(one.zone);
    CAPTURE(one.date);
    set_time_zone(one.zone);
    const std::string text = one.date;
    const std::chrono::year_month_day date{
        std::chrono::year(std::stoi(text.substr(0, 4))),
        std::chrono::month(static_cast<unsigned>(std::stoi(text.substr(5, 2)))),
        std::chrono::day(static_cast<unsigned>(std::stoi(text.substr(8, 2))))};
    const core::Time begin = begin_of_day(date);
    CHECK(core::to_rfc3339(begin) == core::to_rfc3339(at(one.begin)));
    CHECK(local_date(begin) == date);
    CHECK(local_date(begin - 1ms) < date);
    const core::Time end =
        begin_of_day(std::chrono::year_month_day(std::chrono::sys_days(date) + std::chrono::days(1)));
    CHECK(end - begin == one.length);
  }
  set_time_zone("UTC");
}
