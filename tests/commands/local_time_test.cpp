#include "daemon/commands/local_time.h"

#include <doctest/doctest.h>

using namespace reconciled;
using namespace std::chrono_literals;
using commands::LocalTime;
using commands::rough_duration;

TEST_CASE("local time: people read and write the zone of the configuration") {
  const LocalTime seoul("Asia/Seoul");
  const core::Time time = core::to_time(*core::parse_rfc3339("2026-11-22T15:30:01.999Z"));
  CHECK(seoul.text(time) == "2026-11-23 00:30:01");
  CHECK(seoul.text(std::string("2026-11-22T15:30:01.999Z")) == "2026-11-23 00:30:01");
  CHECK(seoul.text(std::string("soon")) == "soon");
  CHECK(seoul.parse("2026-11-23") == core::to_time(*core::parse_rfc3339("2026-11-22T15:00:00Z")));
  // What is printed can be given back.
  CHECK(seoul.parse("2026-11-23 00:30:01") == std::chrono::floor<std::chrono::seconds>(time));
  CHECK(seoul.parse("2026-11-23 00:30") ==
        core::to_time(*core::parse_rfc3339("2026-11-22T15:30:00Z")));
  CHECK(seoul.parse("2026-11-22T15:30:01.999Z") == time);
  for (const char* text :
       {"", "yesterday", "2026-11-31", "2026-13-01", "2026-11-23 25:00", "2026-11-23x"}) {
    CAPTURE(text);
    CHECK_FALSE(seoul.parse(text));
  }
  const LocalTime utc("UTC");
  CHECK(utc.text(time) == "2026-11-22 15:30:01");
}

TEST_CASE("local time: how long ago is one figure") {
  CHECK(rough_duration(-5s) == "0 s");
  CHECK(rough_duration(90s) == "90 s");
  CHECK(rough_duration(5min) == "5 min");
  CHECK(rough_duration(26h) == "26 h");
  CHECK(rough_duration(24h * 9) == "9 d");
}
