#include "daemon/core/words/time.h"

#include <doctest/doctest.h>

using namespace reconciled::core;

namespace {

std::int64_t micros(const char* text) {
  const auto time = parse_rfc3339(text);
  REQUIRE_MESSAGE(time.has_value(), text);
  return time->time_since_epoch().count();
}

}  // namespace

TEST_CASE("time: our own form has milliseconds and Z") {
  CHECK(to_rfc3339(from_ms(0)) == "1970-01-01T00:00:00.000Z");
  CHECK(to_rfc3339(from_ms(1788231604812)) == "2026-09-01T03:00:04.812Z");
  CHECK(to_rfc3339(from_ms(951782400001)) == "2000-02-29T00:00:00.001Z");
}

TEST_CASE("time: RFC 3339 is read with any fraction and offset") {
  CHECK(micros("1970-01-01T00:00:00Z") == 0);
  CHECK(micros("2026-09-01T03:00:04.812Z") == 1788231604812000);
  CHECK(micros("2026-09-01t03:00:04.812345z") == 1788231604812345);
  CHECK(micros("2026-09-01T03:00:04.8123459999Z") == 1788231604812345);
  CHECK(micros("2026-09-01T03:00:04.8Z") == 1788231604800000);
  CHECK(micros("2026-09-01T12:00:04+09:00") == 1788231604000000);
  CHECK(micros("2026-08-31T23:30:04-03:30") == 1788231604000000);
  CHECK(micros("2016-12-31T23:59:60Z") == micros("2017-01-01T00:00:00Z"));
  CHECK(micros("9999-12-31T23:59:59.999999Z") == 253402300799999999);
}

TEST_CASE("time: what is not RFC 3339 is refused") {
  for (const char* text : {"",
                           "2026-09-01",
                           "2026-09-01 03:00:04Z",
                           "2026-09-01T03:00:04",
                           "2026-09-01T03:00:04.Z",
                           "2026-09-01T03:00:04Zx",
                           "2026-02-29T00:00:00Z",
                           "2026-13-01T00:00:00Z",
                           "2026-00-01T00:00:00Z",
                           "2026-09-00T00:00:00Z",
                           "2026-09-01T24:00:00Z",
                           "2026-09-01T03:60:00Z",
                           "2026-09-01T03:00:61Z",
                           "2026-09-01T03:00:04+0900",
                           "2026-09-01T03:00:04+24:00",
                           "2026-09-01T03:00:04+09:60",
                           "26-09-01T03:00:04Z",
                           " 2026-09-01T03:00:04Z",
                           "2026-9-01T03:00:04Z",
                           "-026-09-01T03:00:04Z",
                           "1969-12-31T23:59:59Z",
                           "1970-01-01T00:00:00+00:01",
                           "9999-12-31T23:59:59-00:01"}) {
    CHECK_MESSAGE(!parse_rfc3339(text).has_value(), text);
  }
}

TEST_CASE("time: V1's zero is no time") {
  CHECK_FALSE(from_v1_seconds(0).has_value());
  CHECK_FALSE(from_v1_seconds(-1).has_value());
  CHECK_FALSE(from_v1_seconds(INT64_MAX).has_value());
  CHECK_FALSE(from_v1_seconds(253402300800).has_value());
  CHECK(from_v1_seconds(253402300799).has_value());
  CHECK(from_v1_seconds(1788231604)->time_since_epoch().count() == 1788231604000000);
}

TEST_CASE("time: an HTTP date is read in its one form") {
  CHECK(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT") == from_ms(784111777000));
  for (const char* text : {"", "06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37",
                           "Sun, 06 Nov 1994 08:49:37 GMT x", "Sunday, 06-Nov-94 08:49:37 GMT"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_http_date(text).has_value());
  }
}
