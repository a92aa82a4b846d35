#include "daemon/core/words/likeness.h"

#include <doctest/doctest.h>

using reconciled::core::nearest;

TEST_CASE("likeness: a mistyped word finds what was meant, and another word nothing") {
  const std::vector<std::string> known{"paid", "failed", "partially_cancelled", "ready"};
  CHECK(nearest("payed", known) == "paid");
  CHECK(nearest("partialy_canceled", known) == "partially_cancelled");
  CHECK(nearest("reddy", known) == "ready");
  CHECK(nearest("something", known).empty());
  CHECK(nearest("", known).empty());
  CHECK(nearest(std::string(1'000'000, 'p'), known).empty());
}
