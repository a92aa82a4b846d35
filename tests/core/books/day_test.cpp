#include "daemon/core/books/day.h"

#include <doctest/doctest.h>

using namespace reconciled::core;

TEST_CASE("books: a day is one of the calendar, written in full") {
  for (const char* good : {"2026-11-22", "2024-02-29", "2010-01-01", "9999-12-31"}) {
    CAPTURE(good);
    const auto date = parse_date(good);
    REQUIRE(date.has_value());
    CHECK(to_text(*date) == good);
  }
  for (const char* bad : {"", "2026-11-31", "2025-02-29", "2026-13-01", "2026-00-10", "2026-11-00",
                          "2026-1-2", "26-11-22", "2026/11/22", "2026-11-22 ", " 2026-11-22",
                          "2009-12-31", "1026-11-22", "2026-11-2x", "+026-11-22", "yesterday"}) {
    CAPTURE(bad);
    CHECK_FALSE(parse_date(bad).has_value());
  }
}

TEST_CASE("books: a day holds its first instant and not its last") {
  const auto at = [](const char* text) { return parse_rfc3339(text).value(); };
  const BookDay day{"2026-11-25", to_time(at("2026-11-24T15:00:00Z")),
                    to_time(at("2026-11-25T15:00:00Z"))};
  CHECK(day.holds(at("2026-11-24T15:00:00Z")));
  CHECK(day.holds(at("2026-11-25T14:59:59.999999Z")));
  CHECK_FALSE(day.holds(at("2026-11-24T14:59:59.999999Z")));
  CHECK_FALSE(day.holds(at("2026-11-25T15:00:00Z")));
  CHECK_FALSE(day.holds(std::nullopt));
}
