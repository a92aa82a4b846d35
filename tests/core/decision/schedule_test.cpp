#include "daemon/core/decision/schedule.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

using namespace reconciled::core;
using namespace std::chrono_literals;

namespace {

const Time kAnchor = from_ms(1'795'000'000'000);
const Schedule kSchedule{10s, 30s, 60s};
const Time kNever = kAnchor + std::chrono::days(10'000);

}  // namespace

TEST_CASE("schedule: the next step is the first one strictly after the last asking") {
  CHECK(next_scheduled(kSchedule, kAnchor, kAnchor, kNever) == kAnchor + 10s);
  CHECK(next_scheduled(kSchedule, kAnchor, kAnchor + 9'999ms, kNever) == kAnchor + 10s);
  CHECK(next_scheduled(kSchedule, kAnchor, kAnchor + 10s, kNever) == kAnchor + 30s);
  CHECK(next_scheduled(kSchedule, kAnchor, kAnchor + 30s, kNever) == kAnchor + 60s);
}

TEST_CASE("schedule: the last offset repeats") {
  CHECK(next_scheduled(kSchedule, kAnchor, kAnchor + 60s, kNever) == kAnchor + 120s);
  CHECK(next_scheduled(kSchedule, kAnchor, kAnchor + 119'999ms, kNever) == kAnchor + 120s);
  CHECK(next_scheduled(kSchedule, kAnchor, kAnchor + 120s, kNever) == kAnchor + 180s);
  CHECK(next_scheduled(kSchedule, kAnchor, kAnchor + 3'600s, kNever) == kAnchor + 3'660s);
}

TEST_CASE("schedule: steps that were slept through are not caught up one by one") {
  CHECK(next_scheduled(kSchedule, kAnchor, kAnchor + 45s, kNever) == kAnchor + 60s);
}

TEST_CASE("schedule: nothing after its end") {
  CHECK(next_scheduled(kSchedule, kAnchor, kAnchor, kAnchor + 10s) == kAnchor + 10s);
  CHECK_FALSE(next_scheduled(kSchedule, kAnchor, kAnchor, kAnchor + 9'999ms).has_value());
  CHECK_FALSE(next_scheduled(kSchedule, kAnchor, kAnchor + 60s, kAnchor + 119s).has_value());
}

TEST_CASE("schedule: a schedule of one step repeats it") {
  CHECK(next_scheduled({60s}, kAnchor, kAnchor, kNever) == kAnchor + 60s);
  CHECK(next_scheduled({60s}, kAnchor, kAnchor + 60s, kNever) == kAnchor + 120s);
}

TEST_CASE("schedule: open payments are asked about for 30 days, failed ones for 7") {
  struct Row {
    Result result;
    std::optional<std::chrono::days> asked_for;
  };
  const Row rows[] = {
      {Result::kNone, std::chrono::days(30)},
      {Result::kReady, std::chrono::days(30)},
      {Result::kPending, std::chrono::days(30)},
      {Result::kAwaitingDeposit, std::chrono::days(30)},
      {Result::kFailed, std::chrono::days(7)},
      {Result::kPaid, std::nullopt},
      {Result::kPartiallyCancelled, std::nullopt},
      {Result::kCancelled, std::nullopt},
  };
  for (const Row& row : rows) {
    CAPTURE(std::string(to_word(row.result)));
    Decision decision;
    decision.result = row.result;
    const auto ends = asking_ends(decision, kAnchor);
    CHECK(ends.has_value() == row.asked_for.has_value());
    if (ends && row.asked_for) CHECK(*ends == kAnchor + *row.asked_for);
  }
}

TEST_CASE("schedule: a virtual account is asked about until 7 days after it was due") {
  Decision decision;
  decision.result = Result::kAwaitingDeposit;
  decision.deposit_due_at = PortoneTime(kAnchor + std::chrono::days(60));
  CHECK(asking_ends(decision, kAnchor) == kAnchor + std::chrono::days(67));
}

TEST_CASE("schedule: what PortOne does not know is asked about for the whole schedule once") {
  CHECK(unknown_ends(kSchedule, kAnchor) == kAnchor + 60s);
}

TEST_CASE("schedule: unusable answers back off from 1 s, doubling to 30 s") {
  const std::vector<std::chrono::milliseconds> expected{1s, 2s, 4s, 8s, 16s, 30s, 30s};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(failure_delay(static_cast<int>(i) + 1) == expected[i]);
  }
  CHECK(failure_delay(1'000'000) == 30s);
}

TEST_CASE("schedule: jitter is a tenth at most, the same for an id and another for others") {
  std::set<std::chrono::milliseconds> different;
  for (int i = 0; i < 1'000; ++i) {
    const std::string id = "ord-" + std::to_string(i);
    const auto found = jitter(id, 10s);
    CHECK(found >= 0ms);
    CHECK(found <= 1s);
    CHECK(found == jitter(id, 10s));
    different.insert(found);
  }
  CHECK(different.size() > 100);
  CHECK(jitter("ord-1", 0s) == 0ms);
}

TEST_CASE("schedule: a webhook is overdue ten minutes after it was expected, and only where one is") {
  Decision decision;
  CHECK_FALSE(webhook_due(decision, kAnchor));
  decision.expects_webhook = true;
  CHECK(webhook_due(decision, kAnchor) == kAnchor + 10min);
}

TEST_CASE("schedule: PortOne is told again as it is asked again, for 30 days") {
  CHECK(next_telling(kAnchor, kAnchor, 1, std::nullopt) == kAnchor + 1s);
  CHECK(next_telling(kAnchor, kAnchor, 100, std::nullopt) == kAnchor + 30s);
  CHECK(next_telling(kAnchor, kAnchor, 1, 7s) == kAnchor + 7s);
  const Time end = kAnchor + std::chrono::days(30);
  CHECK(next_telling(kAnchor, end - 30s, 100, std::nullopt) == end);
  CHECK(next_telling(kAnchor, end - 29s, 100, std::nullopt) == std::nullopt);
}
