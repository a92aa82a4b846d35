#include "daemon/reconcile/inbox.h"

#include <doctest/doctest.h>

#include <map>

using namespace reconciled;
using namespace std::chrono_literals;

namespace {

constexpr core::Time kNow = core::from_ms(1'000'000);
constexpr storage::Askable kBoth{true, true};

// The inbox on disk.
struct Disk {
  std::map<core::EventId, storage::InboxEvent> events;

  core::EventId add(std::int64_t number, bool is_trusted, bool is_proven) {
    storage::InboxEvent event;
    event.id = core::EventId{number};
    event.source = core::EventSource::kWebhook;
    event.api = core::Api::kV2;
    event.payment_id = core::PaymentId::trusted("ord-" + std::to_string(number));
    event.remote_ip = "198.51.100.7";
    event.is_trusted = is_trusted;
    event.is_proven = is_proven;
    events.emplace(event.id, event);
    return event.id;
  }
  [[nodiscard]] Inbox::Read read() const {
    return [this](core::EventId id) {
      const auto found = events.find(id);
      return found == events.end() ? std::nullopt : std::optional(found->second);
    };
  }
};

std::vector<std::int64_t> numbers(const std::vector<Inbox::Claimed>& claimed) {
  std::vector<std::int64_t> all;
  for (const Inbox::Claimed& one : claimed) all.push_back(one.event.id.value);
  return all;
}

}  // namespace

TEST_CASE("inbox: an event is claimed once, with its questions, however often it was heard of") {
  Disk disk;
  Inbox inbox;
  const core::EventId id = disk.add(1, true, true);
  inbox.line_up(id);
  inbox.line_up(id);
  const auto claimed = inbox.claim(disk.read(), {}, kBoth, kNow);
  REQUIRE(claimed.size() == 1);
  CHECK(claimed[0].questions.at(0).id == "ord-1");
  CHECK(inbox.claim(disk.read(), {}, kBoth, kNow).empty());
  inbox.line_up(id);
  CHECK(inbox.claim(disk.read(), {}, kBoth, kNow).size() == 1);
}

TEST_CASE("inbox: one that was reconciled meanwhile is passed over") {
  const Disk empty;
  Inbox inbox;
  inbox.line_up(core::EventId{7});
  CHECK(inbox.claim(empty.read(), {}, kBoth, kNow).empty());
}

TEST_CASE("inbox: strangers wait for their rate limit, and what is proven does not wait for them") {
  Disk disk;
  Inbox inbox;
  for (std::int64_t i = 1; i <= 100; ++i) inbox.line_up(disk.add(i, false, false));
  inbox.line_up(disk.add(101, true, true));
  const auto claimed = inbox.claim(disk.read(), {}, kBoth, kNow);
  CHECK(claimed.size() == static_cast<std::size_t>(kStrangerRates.burst) + 1);
  CHECK(claimed.back().event.id.value == 101);
  // They come again when the limit lets them, and not before.
  CHECK(inbox.claim(disk.read(), {}, kBoth, kNow + 500ms).empty());
  CHECK(numbers(inbox.claim(disk.read(), {}, kBoth, kNow + 1s)).size() == 10);
}

TEST_CASE("inbox: what comes from PortOne's address alone is put off under load, and claimed after") {
  Disk disk;
  Inbox inbox;
  inbox.scanned({});
  inbox.line_up(disk.add(1, true, false));
  inbox.line_up(disk.add(2, true, true));
  const Inbox::Load much{.questions = Inbox::kMaxWithLater, .beginning = 0};
  CHECK(numbers(inbox.claim(disk.read(), much, kBoth, kNow)) == std::vector<std::int64_t>{2});
  CHECK_FALSE(inbox.has_more(much));
  CHECK(inbox.has_more({}));
  CHECK(numbers(inbox.claim(disk.read(), {}, kBoth, kNow)) == std::vector<std::int64_t>{1});
  CHECK_FALSE(inbox.has_more({}));
}

TEST_CASE("inbox: never more is begun at once than a crash may make suspects of") {
  Disk disk;
  Inbox inbox;
  for (std::int64_t i = 1; i <= 300; ++i) inbox.line_up(disk.add(i, true, true));
  CHECK(inbox.claim(disk.read(), {0, Inbox::kMaxBeginning - 3}, kBoth, kNow).size() == 3);
  CHECK(inbox.claim(disk.read(), {0, Inbox::kMaxBeginning}, kBoth, kNow).empty());
  CHECK(inbox.claim(disk.read(), {Inbox::kMaxQuestions, 0}, kBoth, kNow).empty());
  CHECK(inbox.claim(disk.read(), {}, kBoth, kNow).size() == Inbox::kEventsPerRound);
}

TEST_CASE("inbox: what the writer has begun needs only to be asked about, unless a copy is news") {
  Disk disk;
  Inbox inbox;
  const core::EventId begun = disk.add(1, true, true);
  const core::EventId copied = disk.add(2, true, true);
  inbox.line_up(begun, true);
  inbox.line_up(copied, true);
  inbox.line_up(copied, false);
  const auto claimed = inbox.claim(disk.read(), {}, kBoth, kNow);
  REQUIRE(claimed.size() == 2);
  CHECK(claimed[0].is_begun);
  CHECK_FALSE(claimed[1].is_begun);
}

TEST_CASE("inbox: it is scanned at the start, to its end, and again where something was left") {
  Disk disk;
  Inbox inbox;
  REQUIRE(inbox.may_scan());
  std::vector<core::EventId> page;
  for (std::int64_t i = 1; i <= std::int64_t{Inbox::kEventsPerRound}; ++i) {
    page.push_back(disk.add(i, true, true));
  }
  inbox.scanned(page);
  CHECK(inbox.scanned_to() == page.back());
  CHECK(inbox.may_scan());
  CHECK_FALSE(inbox.has_room_for_scanned());
  CHECK(inbox.claim(disk.read(), {}, kBoth, kNow).size() == page.size());
  inbox.scanned({});
  CHECK_FALSE(inbox.may_scan());
  CHECK_FALSE(inbox.has_room_for_those_left());
  inbox.scan_anew();
  CHECK(inbox.may_scan());
  CHECK(inbox.scanned_to() == core::EventId{});
}

TEST_CASE("inbox: a redirect about what PortOne just did not know waits, and a clock step moves it") {
  Disk disk;
  Inbox inbox;
  const core::EventId id = disk.add(1, false, false);
  disk.events.at(id).source = core::EventSource::kRedirect;
  storage::Question unknown{storage::QuestionKind::kV2Payment, "ord-1",
                            core::PaymentId::trusted("ord-1")};
  unknown.for_redirect = true;
  inbox.remember_unknown({unknown}, kNow);
  CHECK(inbox.is_known_unknown(unknown, kNow));
  inbox.line_up(id);
  CHECK(inbox.claim(disk.read(), {}, kBoth, kNow).empty());
  inbox.move_times(-1h);
  CHECK(inbox.claim(disk.read(), {}, kBoth, kNow - 1h + 29s).empty());
  CHECK(inbox.claim(disk.read(), {}, kBoth, kNow - 1h + 30s).size() == 1);
}
