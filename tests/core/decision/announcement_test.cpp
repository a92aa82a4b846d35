#include "daemon/core/decision/announcement.h"

#include <doctest/doctest.h>

using namespace reconciled::core;
using namespace std::chrono_literals;

namespace {

const AttemptId kFirst = AttemptId::trusted("imp_1");
const AttemptId kSecond = AttemptId::trusted("imp_2");

Standing standing(Result result, bool deliverable = false, const AttemptId& winner = kFirst,
                  std::optional<std::int64_t> cancelled = std::nullopt) {
  return {result, deliverable, winner, cancelled};
}
const Standing kNothing{};
const Standing kDeliverable = standing(Result::kPaid, true);
const Standing kHeld = standing(Result::kPaid);

std::optional<NotificationType> told(const Standing& before, const Standing& now,
                                     PaidMessages paid = PaidMessages::kNone) {
  return announcement(before, now, paid);
}

}  // namespace

TEST_CASE("announcement: the goods go out once for an attempt") {
  CHECK(told(kNothing, kDeliverable) == NotificationType::kPaid);
  CHECK(told(kHeld, kDeliverable) == NotificationType::kPaid);
  CHECK(told(kDeliverable, kDeliverable, PaidMessages::kStand) == std::nullopt);
  CHECK(told(kHeld, kDeliverable, PaidMessages::kStand) == NotificationType::kRestored);
  CHECK(told(standing(Result::kCancelled), kDeliverable, PaidMessages::kStand) ==
        NotificationType::kRestored);
  // Another attempt.
  CHECK(told(kDeliverable, standing(Result::kPaid, true, kSecond)) == NotificationType::kPaid);
}

TEST_CASE("announcement: a message that never left is made anew, even where nothing else changed") {
  CHECK(told(kDeliverable, kDeliverable, PaidMessages::kSuperseded) == NotificationType::kPaid);
  CHECK(told(kHeld, kDeliverable, PaidMessages::kSuperseded) == NotificationType::kPaid);
}

TEST_CASE("announcement: what was deliverable before messages began is no news") {
  CHECK(told(kDeliverable, kDeliverable) == std::nullopt);
}

TEST_CASE("announcement: held is told once, and where nothing was given back") {
  CHECK(told(kNothing, kHeld) == NotificationType::kHeld);
  CHECK(told(kDeliverable, kHeld) == NotificationType::kHeld);
  CHECK(told(kHeld, kHeld) == std::nullopt);
  CHECK(told(kHeld, standing(Result::kPaid, false, kSecond)) == std::nullopt);
  for (const Result open : {Result::kNone, Result::kReady, Result::kPending}) {
    CHECK(told(kDeliverable, standing(open)) == NotificationType::kHeld);
    CHECK(told(kHeld, standing(open)) == std::nullopt);
    CHECK(told(kNothing, standing(open)) == std::nullopt);
  }
}

TEST_CASE("announcement: each further refund is news") {
  const Standing one = standing(Result::kPartiallyCancelled, false, kFirst, 100);
  const Standing two = standing(Result::kPartiallyCancelled, false, kFirst, 200);
  CHECK(told(kDeliverable, one, PaidMessages::kStand) == NotificationType::kPartiallyCancelled);
  CHECK(told(one, one) == std::nullopt);
  CHECK(told(one, two) == NotificationType::kPartiallyCancelled);
  CHECK(told(two, standing(Result::kCancelled)) == NotificationType::kCancelled);
  CHECK(told(standing(Result::kCancelled), standing(Result::kCancelled)) == std::nullopt);
}

TEST_CASE("announcement: failures, and accounts to pay into") {
  CHECK(told(kNothing, standing(Result::kFailed)) == NotificationType::kFailed);
  CHECK(told(standing(Result::kFailed), standing(Result::kFailed, false, kSecond)) == std::nullopt);
  const Standing account = standing(Result::kAwaitingDeposit);
  CHECK(told(kNothing, account) == NotificationType::kAwaitingDeposit);
  CHECK(told(account, account) == std::nullopt);
  CHECK(told(account, standing(Result::kAwaitingDeposit, false, kSecond)) ==
        NotificationType::kAwaitingDeposit);
}

TEST_CASE("announcement: tries go further and further apart, and end after ten days") {
  const Time begun = from_ms(1'795'000'000'000);
  const std::array<std::chrono::seconds, 11> pauses{5s, 30s, 2min, 10min, 30min, 1h,
                                                    3h, 6h,  12h,  24h,   24h};
  Time now = begun;
  for (std::size_t tries = 1; tries <= pauses.size(); ++tries) {
    CAPTURE(tries);
    const auto next = next_try(static_cast<std::int64_t>(tries), begun, now, "7", std::nullopt);
    REQUIRE(next.has_value());
    CHECK(*next - now >= pauses[tries - 1]);
    CHECK(*next - now <= std::chrono::milliseconds(pauses[tries - 1]) * 11 / 10);
    now = *next;
  }
  CHECK(next_try(20, begun, begun + std::chrono::days(10) - 1s, "7", std::nullopt).has_value());
  CHECK_FALSE(next_try(20, begun, begun + std::chrono::days(10), "7", std::nullopt).has_value());
  // By a clock that jumped ten days forward nothing is given up.
  CHECK(next_try(2, begun, begun + std::chrono::days(10), "7", std::nullopt).has_value());
}

TEST_CASE("announcement: a longer pause that the shop asks for is kept, a shorter one is not") {
  const Time now = from_ms(1'795'000'000'000);
  CHECK(next_try(1, now, now, "7", 90s) == now + 90s);
  CHECK(*next_try(1, now, now, "7", 1s) >= now + 5s);
}
