// When people are told of what, on a clock by hand.
#include "daemon/alert/digest.h"

#include "tests/alert/digests.h"

using namespace reconciled::test;

using Changes = std::vector<Change>;

TEST_CASE("digest: a quiet day brings no message") {
  Desk desk;
  CHECK(desk.wait(24h) == 0);
}

TEST_CASE("digest: one message when a warning begins, one when it ends") {
  Desk desk;
  desk.begins(kUnreachable);
  CHECK(desk.wait(10s) == 0);  // others may come with it
  CHECK(desk.wait(10s) == 1);
  CHECK(desk.changes() == Changes{Change::kBegins});
  CHECK(desk.wait(5h) == 0);
  desk.ends(kUnreachable);
  CHECK(desk.wait(20s) == 1);
  CHECK(desk.changes() == Changes{Change::kEnds});
  CHECK(desk.told().front().ended_at - desk.told().front().standing.since >= 5h);
  CHECK(desk.wait(24h) == 0);
}

TEST_CASE("digest: a burst is one message, and the next keeps its distance") {
  Desk desk;
  desk.begins(kUnreachable);
  desk.wait(5s);
  desk.begins(kDisk);
  desk.finding(300, 300);
  CHECK(desk.wait(20s) == 1);
  CHECK(desk.told().size() == 3);
  const Topic sweep{Topic::Sort::kWarning, "sweep_failing", "v2"};
  desk.begins(sweep);
  CHECK(desk.wait(4min) == 0);
  desk.ends(kDisk);
  CHECK(desk.wait(90s) == 1);
  CHECK(desk.told().size() == 2);
}

TEST_CASE("digest: what is over before it is told wakes nobody") {
  Desk desk;
  desk.begins(kUnreachable);
  desk.wait(8s);
  desk.ends(kUnreachable);
  CHECK(desk.wait(1h) == 0);
}

TEST_CASE("digest: what comes and goes faster than it is told is told all the same") {
  Desk desk;
  for (int i = 0; i < 3; ++i) {
    desk.begins(kUnreachable);
    desk.wait(5s);
    desk.ends(kUnreachable);
    desk.wait(5s);
  }
  CHECK(desk.wait(20s) == 1);
  CHECK(desk.changes() == Changes{Change::kIsUnsteady});
  CHECK(desk.told().front().times == 3);
}

TEST_CASE("digest: a flapping warning brings five messages in an hour, then two an hour at most") {
  // Whatever its rhythm.
  for (const auto period : {10s, 60s, 360s, 900s, 1'200s, 1'800s, 2'000s, 3'660s, 4'200s}) {
    CAPTURE(period.count());
    Desk desk;
    int first_hour = 0;
    int later = 0;
    for (std::chrono::seconds time{0}; time < 24h; time += period) {
      desk.begins(kUnreachable);
      const int up = desk.wait(period / 2);
      desk.ends(kUnreachable);
      const int both = up + desk.wait(period / 2);
      (time < 1h ? first_hour : later) += both;
    }
    CHECK(first_hour >= 1);
    CHECK(first_hour <= 5);
    CHECK(later <= 2 * 23);
  }
}

TEST_CASE("digest: further findings of a kind that stands are told, but not each") {
  Desk desk;
  desk.finding(1, 1);
  CHECK(desk.wait(20s) == 1);
  desk.finding(2, 2);
  CHECK(desk.wait(5h) == 0);
  desk.finding(9, 40);
  CHECK(desk.wait(2h) == 1);
  CHECK(desk.changes() == Changes{Change::kMore});
  CHECK(desk.told().front().standing.count == 9);
  CHECK(desk.wait(24h) == 0);
  // Ten times as many are told as soon as a message may go.
  desk.finding(89, 130);
  desk.wait(1s);
  desk.finding(90, 131);
  CHECK(desk.wait(20s) == 1);
  desk.finding(899, 999);
  CHECK(desk.wait(5h) == 0);
  // One that is closed is no news; the last one is.
  desk.finding(1, 131);
  CHECK(desk.wait(24h) == 0);
  desk.finding(0, 0);
  CHECK(desk.wait(20s) == 1);
  CHECK(desk.changes() == Changes{Change::kEnds});
}

TEST_CASE("digest: who was away is told what is true now, and what it missed") {
  Desk desk;
  desk.cut_off(true);
  desk.begins(kUnreachable);
  desk.begins(kDisk);
  desk.wait(1h);
  desk.ends(kUnreachable);
  desk.wait(1h);
  desk.cut_off(false);
  CHECK(desk.wait(2s) == 1);
  REQUIRE(desk.told().size() == 2);
  CHECK(desk.told()[0].topic == kDisk);
  CHECK(desk.told()[0].change == Change::kBegins);
  CHECK(desk.told()[1].topic == kUnreachable);
  CHECK(desk.told()[1].change == Change::kIsPast);
  CHECK(desk.wait(24h) == 0);
}

TEST_CASE("digest: findings that cannot be read are neither over nor new") {
  Desk desk;
  desk.finding(1, 1);
  CHECK(desk.wait(20s) == 1);
  for (int i = 0; i < 3'600; ++i) {
    desk.digest().observe({}, nullptr, {desk.now(), desk.now()});
    CHECK(desk.digest().due(desk.now() + 1h).empty());
  }
}
