#include "daemon/http/in_flight_limit.h"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using reconciled::http::InFlightLimit;

namespace {

// Calls that begin and end as the test says.
struct Calls {
  explicit Calls(int most) : limit(most) {}

  // A round: as many calls as may be in flight, which all take that long.
  void round(std::chrono::milliseconds takes, bool is_well = true) {
    const int calls = limit.now();
    for (int i = 0; i < calls; ++i) limit.began(now);
    const auto began = now;
    now += takes;
    for (int i = 0; i < calls; ++i) limit.ended(began, now, is_well);
  }

  InFlightLimit limit;
  InFlightLimit::Steady::time_point now{1h};
};

}  // namespace

TEST_CASE("in-flight limit: it doubles with each round up to the most") {
  Calls calls(64);
  CHECK(calls.limit.now() == InFlightLimit::kFirst);
  calls.round(50ms);
  CHECK(calls.limit.now() == 16);
  for (int i = 0; i < 5; ++i) calls.round(50ms);
  CHECK(calls.limit.now() == 64);
  CHECK(InFlightLimit(1).now() == 1);
}

TEST_CASE("in-flight limit: 429 and 503 halve it once a round, then it grows by one a round") {
  Calls calls(64);
  for (int i = 0; i < 5; ++i) calls.round(50ms);
  calls.round(50ms, false);
  CHECK(calls.limit.now() == 32);
  calls.round(50ms);
  CHECK(calls.limit.now() == 33);
  for (int i = 0; i < 20; ++i) calls.round(50ms, false);
  CHECK(calls.limit.now() == 2);
}

TEST_CASE("in-flight limit: answers that take much longer than usual halve it, one alone does not") {
  Calls calls(64);
  for (int i = 0; i < 20; ++i) calls.round(50ms);
  calls.limit.began(calls.now);
  calls.limit.ended(calls.now, calls.now + 900ms, true);
  CHECK(calls.limit.now() == 64);
  for (int i = 0; i < 2; ++i) calls.round(800ms);
  CHECK(calls.limit.now() < 33);
}

TEST_CASE("in-flight limit: what is asked may take longer without an end, and is asked all the same") {
  Calls calls(64);
  for (int i = 0; i < 20; ++i) calls.round(5ms);  // "unknown", quickly said
  for (int i = 0; i < 10; ++i) calls.round(300ms);
  CHECK(calls.limit.now() >= InFlightLimit::kFirst);
  // That is what is usual from now on.
  for (int i = 0; i < 200; ++i) calls.round(300ms);
  CHECK(calls.limit.now() > 32);
}

TEST_CASE("in-flight limit: a call that hangs takes nobody's place, up to the most") {
  Calls calls(20);
  const auto began = calls.now;
  for (int i = 0; i < 8; ++i) calls.limit.began(began);
  calls.limit.look(began + 1s);
  CHECK(calls.limit.now() == 8);
  calls.limit.look(began + InFlightLimit::kHangs);
  CHECK(calls.limit.now() == 16);
  for (int i = 0; i < 8; ++i) calls.limit.began(began + 2s);
  calls.limit.look(began + 10s);
  CHECK(calls.limit.now() == 20);
  for (int i = 0; i < 8; ++i) calls.limit.ended(began, began + 30s, false);
  CHECK(calls.limit.now() < 20);
}
