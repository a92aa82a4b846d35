#include "daemon/http/date.h"

#include <doctest/doctest.h>

#include <ctime>
#include <string>

using reconciled::http::date_line;

TEST_CASE("date: is written as RFC 9110 wants it, in UTC") {
  CHECK(date_line(784111777) == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  CHECK(date_line(784111777) == "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  CHECK(date_line(0) == "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n");
  CHECK(date_line(1795000000) == "Date: Wed, 18 Nov 2026 11:06:40 GMT\r\n");
}

TEST_CASE("date: follows the clock, also back") {
  CHECK(date_line(100) == "Date: Thu, 01 Jan 1970 00:01:40 GMT\r\n");
  CHECK(date_line(99) == "Date: Thu, 01 Jan 1970 00:01:39 GMT\r\n");
  const auto now = std::time(nullptr);
  const std::string line(date_line());
  const bool is_now = line == date_line(now) || line == date_line(now + 1);
  CHECK(is_now);
}
