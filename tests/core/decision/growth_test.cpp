#include "daemon/core/decision/growth.h"

#include <doctest/doctest.h>

using namespace reconciled::core;

namespace {

const Time kNow = from_ms(1'795'000'000'000);

Stay stay(UnsignedEvent event, std::chrono::hours age, bool too_many) {
  event.received = kNow - age;
  return stay_of(event, kNow, [too_many] { return too_many; });
}

constexpr auto kYoung = std::chrono::days(7);
constexpr auto kOld = std::chrono::days(7) + std::chrono::hours(1);

}  // namespace

TEST_CASE("growth: within seven days, and as long as there are not too many, all stays") {
  CHECK(stay({}, kYoung, false) == Stay::kAllNewer);
  CHECK(stay({.is_from_portone = true, .is_pending = true}, kYoung, false) == Stay::kAllNewer);
}

TEST_CASE("growth: then what nobody vouches for leaves, the redirect that still waits too") {
  for (const bool too_many : {false, true}) {
    CHECK(stay({}, kOld, too_many) == Stay::kIfVouched);
    CHECK(stay({.is_pending = true}, kOld, too_many) == Stay::kIfVouched);
    CHECK(stay({.source = EventSource::kWebhook}, kOld, too_many) == Stay::kIfVouched);
  }
  CHECK(stay({}, kYoung, true) == Stay::kIfVouched);
}

TEST_CASE("growth: a webhook waits to be asked about, a stranger's until there are too many") {
  const UnsignedEvent strangers{.source = EventSource::kWebhook, .is_pending = true};
  CHECK(stay(strangers, kOld, false) == Stay::kWaits);
  CHECK(stay(strangers, kOld, true) == Stay::kIfVouched);
  UnsignedEvent by_address = strangers;
  by_address.is_from_portone = true;
  CHECK(stay(by_address, kOld, true) == Stay::kWaits);
}

TEST_CASE("growth: whether there are too many is not asked where it does not matter") {
  const auto never = []() -> bool { throw 1; };
  UnsignedEvent old{.received = kNow - kOld};
  CHECK(stay_of(old, kNow, never) == Stay::kIfVouched);
  old = {.source = EventSource::kWebhook,
         .received = kNow - kOld,
         .is_from_portone = true,
         .is_pending = true};
  CHECK(stay_of(old, kNow, never) == Stay::kWaits);
}
