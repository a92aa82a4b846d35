// What a restart leaves of what people know.
#include "daemon/alert/digest_state.h"

#include "tests/alert/digests.h"

using namespace reconciled::test;

namespace {

// By way of the text that is kept.
void restart(Desk& desk) {
  const KeptDigests read = digests_from(to_text({{"one", kept(desk.digest())}}));
  const KeptDigest& one = read.at("one");
  desk.restart(one.entries, one.last_told);
}

core::AlertUrl url(const std::string& text) {
  const auto parsed = core::parse_alert_url(text);
  REQUIRE(parsed.ok());
  return parsed.value();
}

}  // namespace

TEST_CASE("digest: a restart repeats nothing of what still stands") {
  Desk desk;
  desk.begins(kUnreachable);
  desk.finding(2, 7);
  CHECK(desk.wait(20s) == 1);
  desk.wait(10min);
  restart(desk);
  desk.wait(3min);  // until it is found out again
  desk.begins(kUnreachable);
  CHECK(desk.wait(24h) == 0);
  desk.finding(3, 8);
  CHECK(desk.wait(24h) == 1);
}

TEST_CASE("digest: what ended with a restart is told to be over, once that is sure") {
  Desk desk;
  desk.begins(kUnreachable);
  desk.finding(1, 1);
  desk.wait(1h);
  restart(desk);
  desk.finding(0, 0);
  CHECK(desk.wait(1min) == 1);  // a finding's end is on record
  REQUIRE(desk.told().size() == 1);
  CHECK(desk.told().front().topic == kAmounts);
  CHECK(desk.wait(8min) == 0);
  CHECK(desk.wait(2min) == 1);
  CHECK(desk.told().front().topic == kUnreachable);
  CHECK(desk.told().front().change == Change::kEnds);
}

TEST_CASE("digest: a restart forgets nothing that could not be told") {
  Desk desk;
  desk.cut_off(true);
  desk.begins(kUnreachable);
  desk.wait(1min);
  restart(desk);
  desk.cut_off(false);
  CHECK(desk.wait(1min) == 1);
  CHECK(desk.told().front().change == Change::kIsPast);
}

TEST_CASE("digest: a clock that was set back makes nobody wait") {
  Desk desk;
  desk.begins(kUnreachable);
  desk.wait(1min);
  auto kept_then = kept(desk.digest());
  kept_then.last_told = desk.now() + 1000h;
  for (auto& [topic, entry] : kept_then.entries)
    entry.last_begin = entry.more_at = desk.now() + 1000h;
  desk.restart(kept_then.entries, kept_then.last_told);
  desk.begins(kUnreachable);
  desk.begins(kDisk);
  CHECK(desk.wait(6min) == 1);
  CHECK(desk.told().front().topic == kDisk);
}

TEST_CASE("digest: text that is none of ours is as good as none") {
  for (const char* text : {"", "[]", "{\"a\":1}", "{\"a\":{\"topics\":[1,{}]}}", "\xff"}) {
    CAPTURE(text);
    for (const auto& [key, digest] : digests_from(text)) CHECK(digest.entries.empty());
  }
}

TEST_CASE("digest: a recipient's key tells URLs apart and nothing of their secrets") {
  const auto key = key_of(url("slack+https://hooks.slack.com/services/T0/B0/secret"));
  CHECK(key.size() == 16);
  CHECK(key != key_of(url("slack+https://hooks.slack.com/services/T0/B0/secreu")));
  // A new password is no new recipient, and a short one could be guessed.
  CHECK(key_of(url("smtps://u:p1@mail.example/?from=a@b.kr&to=c@d.kr")) ==
        key_of(url("smtps://u:p2@mail.example/?from=a@b.kr&to=c@d.kr")));
}
