#include "daemon/reconcile/rate_limit.h"

#include <doctest/doctest.h>

using namespace reconciled;
using namespace std::chrono_literals;

namespace {

const core::Time kNow = core::from_ms(1'795'000'000'000);

int taken(RateLimit& budget, const std::string& source, int tries, core::Time now) {
  int count = 0;
  for (int i = 0; i < tries; ++i) count += budget.take(source, now) ? 1 : 0;
  return count;
}

}  // namespace

TEST_CASE("rate limit: a source has a burst, then a rate") {
  RateLimit budget(kStrangerRates);
  CHECK(taken(budget, "203.0.113.7", 1'000, kNow) == 60);
  CHECK(taken(budget, "203.0.113.7", 10, kNow + 99ms) == 0);
  CHECK(taken(budget, "203.0.113.7", 10, kNow + 100ms) == 1);
  CHECK(taken(budget, "203.0.113.7", 1'000, kNow + 1'100ms) == 10);
  // Not more than a burst is saved up.
  CHECK(taken(budget, "203.0.113.7", 1'000, kNow + 24h) == 60);
}

TEST_CASE("rate limit: a greedy source leaves the others theirs") {
  RateLimit budget(kStrangerRates);
  CHECK(taken(budget, "203.0.113.7", 100'000, kNow) == 60);
  CHECK(taken(budget, "203.0.113.8", 10, kNow) == 10);
}

TEST_CASE("rate limit: all sources together have one of their own") {
  RateLimit budget(kStrangerRates);
  int count = 0;
  for (int i = 0; i < 1'000; ++i) count += taken(budget, "source-" + std::to_string(i), 1, kNow);
  CHECK(count == 200);
  count = 0;
  for (int i = 0; i < 1'000; ++i) {
    count += taken(budget, "source-" + std::to_string(i), 1, kNow + 1s);
  }
  CHECK(count == 50);
}

TEST_CASE("rate limit: more sources than are remembered still share the budget of all") {
  RateLimit budget(kStrangerRates);
  int count = 0;
  for (int i = 0; i < 50'000; ++i) count += taken(budget, std::to_string(i), 1, kNow);
  CHECK(count == 200);
}

TEST_CASE("rate limit: a clock that goes back gives nothing and takes nothing") {
  RateLimit budget(kStrangerRates);
  CHECK(taken(budget, "a", 50, kNow) == 50);
  CHECK(taken(budget, "a", 20, kNow - 1h) == 10);
  CHECK(taken(budget, "a", 10, kNow + 100ms) == 1);
}

TEST_CASE(
    "rate limit: a payment that is talked of without end gets its share, and others theirs") {
  RateLimit budget(kPaymentRates);
  CHECK(taken(budget, "ord-1", 10'000, kNow) == 30);
  CHECK(taken(budget, "ord-1", 10'000, kNow + 60s) == 6);
  CHECK(taken(budget, "ord-2", 30, kNow + 60s) == 30);
}
