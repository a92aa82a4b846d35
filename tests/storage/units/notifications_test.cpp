// The outbox: what is told, in which order, and what is taken back before it leaves.
#include <nlohmann/json.hpp>

#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using reconciled::core::NotificationState;
using reconciled::core::NotificationType;
using reconciled::storage::FindingView;
using reconciled::storage::NotificationTry;
using reconciled::storage::ResendOutcome;
using reconciled::storage::ResendRequest;
using reconciled::storage::ResendSlice;

namespace {

class Shop : public Store {
 public:
  explicit Shop(const DecisionPolicy& policy = both_apis()) : Store(policy, false) {
    tell_with([](NotificationType type, reconciled::core::Time, const PaymentDetail& payment,
                 const FindingView* finding) {
      return std::string(to_word(type)) + " " + std::to_string(payment.payment.version) +
             (finding == nullptr ? "" : " " + std::string(to_word(finding->kind)));
    });
    open(policy);
    writer().start();
  }

  // `type state` of each message but findings', the oldest first.
  std::vector<std::string> messages() {
    return Stranger(path()).rows(
        "SELECT substr(type, 9) || ' ' || state FROM notification WHERE type <> 'payment.finding' "
        "ORDER BY notification_id");
  }
  // Those that are due; findings', where they are asked for.
  std::vector<std::int64_t> due(int now, bool findings = false) {
    Reader read = reader();
    std::vector<std::int64_t> ids = read.due_notifications(at(now), 100);
    std::erase_if(ids, [&](std::int64_t id) {
      const auto message = read.due_notification(id, at(now));
      return !findings && message && message->type == NotificationType::kFinding;
    });
    return ids;
  }
  std::optional<NotificationState> tried(std::int64_t id, int now, bool is_taken) {
    return wait<std::optional<NotificationState>>([&](auto done) {
             writer().note_try({.id = id,
                                .at = at(now),
                                .is_taken = is_taken,
                                .outcome = is_taken ? "200" : "500"},
                               done);
           })
        .value();
  }
  ResendOutcome resend(std::int64_t id, int now) {
    return wait<ResendOutcome>([&](auto done) { writer().resend(id, at(now), done); }).value();
  }
  ResendSlice resend_all(int since, int until, bool failed_only, int now) {
    return wait<ResendSlice>([&](auto done) {
             writer().resend_some({at(since), at(until), failed_only}, {}, at(now), done);
           })
        .value();
  }
  void says(Result result, int now, std::int64_t cancelled = 0) {
    Snapshot snapshot = v1("imp_1", result);
    if (cancelled > 0) snapshot.cancelled_amount = cancelled;
    (void)portone_says({snapshot}, now);
  }
};

using Lines = std::vector<std::string>;

}  // namespace

TEST_CASE("notifications: written in the commit of the change, and only the first time") {
  Shop shop;
  (void)shop.order(kAmount, 0);
  CHECK(shop.messages().empty());
  shop.says(Result::kPaid, 10);
  CHECK(shop.messages() == Lines{"paid waiting"});
  shop.says(Result::kPaid, 20);
  CHECK(shop.messages() == Lines{"paid waiting"});
  const auto message = shop.reader().due_notification(1, at(10));
  REQUIRE(message.has_value());
  CHECK(message->type == NotificationType::kPaid);
  CHECK(message->body == "payment.paid " + std::to_string(shop.payment().version));
  CHECK(shop.due(9).empty());
  CHECK(shop.due(10) == std::vector<std::int64_t>{1});
}

TEST_CASE("notifications: without anybody to tell none is written") {
  Store store;
  (void)store.order(kAmount, 0);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 10);
  CHECK(Stranger(store.path()).value("SELECT count(*) FROM notification") == "0");
}

TEST_CASE("notifications: a payment's messages go one after the other") {
  Shop shop;
  (void)shop.order(kAmount, 0);
  shop.says(Result::kPaid, 10);
  shop.says(Result::kPartiallyCancelled, 20, 100);
  shop.says(Result::kCancelled, 30, kAmount);
  CHECK(shop.messages() ==
        Lines{"paid superseded", "partially_cancelled waiting", "cancelled waiting"});
  CHECK(shop.due(40) == std::vector<std::int64_t>{2});
  CHECK(shop.tried(2, 40, true) == NotificationState::kSent);
  CHECK(shop.due(40) == std::vector<std::int64_t>{3});
  CHECK(shop.tried(3, 41, true) == NotificationState::kSent);
  CHECK(shop.due(1'000'000).empty());
}

TEST_CASE("notifications: one that has failed for a minute lets the next one by") {
  Shop shop;
  (void)shop.order(kAmount, 0);
  shop.says(Result::kPaid, 10);
  REQUIRE(shop.tried(1, 10, false) == NotificationState::kWaiting);
  shop.says(Result::kCancelled, 20, kAmount);
  CHECK(shop.messages() == Lines{"paid superseded", "cancelled waiting"});
  CHECK(shop.due(20) == std::vector<std::int64_t>{2});  // what it waited for never leaves
  REQUIRE(shop.tried(2, 20, false) == NotificationState::kWaiting);
  shop.says(Result::kPaid, 30);
  shop.says(Result::kPaid, 31);  // it was paid after all: held, for a person
  CHECK(shop.messages() == Lines{"paid superseded", "cancelled waiting", "held waiting"});
  CHECK(shop.due(26) == std::vector<std::int64_t>{2});
  CHECK(shop.due(79) == std::vector<std::int64_t>{2});
  CHECK(shop.due(80) == std::vector<std::int64_t>{2, 3});
  // Taken before: the next one need not wait any more.
  CHECK(shop.tried(2, 40, true) == NotificationState::kSent);
  CHECK(shop.due(40) == std::vector<std::int64_t>{3});
}

TEST_CASE("notifications: findings neither block nor wait") {
  Shop shop;
  shop.says(Result::kPaid, 10);  // nobody registered it
  const Lines all = Stranger(shop.path()).rows("SELECT body FROM notification");
  CHECK(all == Lines{"payment.held 1", "payment.finding 1 unregistered_order"});
  CHECK(shop.due(10, true).size() == 2);
  REQUIRE(shop.tried(2, 10, false) == NotificationState::kWaiting);
  (void)shop.order(kAmount, 11);
  CHECK(shop.due(11) == std::vector<std::int64_t>{1});
  CHECK(shop.tried(1, 12, true) == NotificationState::kSent);
  CHECK(shop.due(12) == std::vector<std::int64_t>{3});
}

TEST_CASE("notifications: that goods may go out is taken back with what it says, and told anew") {
  Shop shop;
  (void)shop.order(kAmount, 0);
  shop.says(Result::kPaid, 10);
  // A step backwards takes `deliverable` away at once; other messages wait for the next answer.
  shop.says(Result::kReady, 20);
  CHECK(shop.messages() == Lines{"paid superseded"});
  CHECK(shop.resend(1, 20) == ResendOutcome::kSuperseded);
  shop.says(Result::kPaid, 30);
  CHECK(shop.messages() == Lines{"paid superseded", "paid waiting"});
}

TEST_CASE("notifications: a step backwards that is not confirmed tells nothing") {
  Shop shop;
  (void)shop.order(kAmount, 0);
  shop.says(Result::kPaid, 10);
  REQUIRE(shop.tried(1, 10, true) == NotificationState::kSent);
  shop.says(Result::kReady, 20);
  CHECK(shop.messages() == Lines{"paid sent"});
  shop.says(Result::kPaid, 30);
  CHECK(shop.messages() == Lines{"paid sent"});
  // Confirmed, it does.
  shop.says(Result::kReady, 40);
  shop.says(Result::kReady, 50);
  CHECK(shop.messages() == Lines{"paid sent", "held waiting"});
  shop.says(Result::kPaid, 60);
  CHECK(shop.messages() == Lines{"paid sent", "held waiting", "restored waiting"});
  CHECK(Stranger(shop.path()).value("SELECT count(*) FROM untold") == "0");
}

TEST_CASE("notifications: one that left while it was taken back counts as sent") {
  Shop shop;
  (void)shop.order(kAmount, 0);
  shop.says(Result::kPaid, 10);
  shop.says(Result::kCancelled, 20, kAmount);
  CHECK(shop.tried(1, 21, false) == NotificationState::kSuperseded);
  CHECK(shop.tried(1, 22, true) == NotificationState::kSent);
  CHECK(shop.due(22) == std::vector<std::int64_t>{2});
}

TEST_CASE("notifications: given up after ten days, and sent again in order by hand") {
  Shop shop;
  (void)shop.order(kAmount, 0);
  shop.says(Result::kPaid, 10);
  REQUIRE(shop.tried(1, 10, true) == NotificationState::kSent);
  shop.says(Result::kPartiallyCancelled, 20, 100);
  shop.says(Result::kPartiallyCancelled, 30, 200);
  constexpr int kTenDays = 10 * 86'400;
  // Eleven times at least: days alone may be a clock that was set.
  for (int i = 0; i < 10; ++i) REQUIRE(shop.tried(2, 40, false) == NotificationState::kWaiting);
  CHECK(shop.tried(2, 40 + kTenDays, false) == NotificationState::kParked);
  for (int i = 0; i < 10; ++i) REQUIRE(shop.tried(3, 50, false) == NotificationState::kWaiting);
  CHECK(shop.tried(3, 50 + kTenDays, false) == NotificationState::kParked);
  CHECK(shop.reader().notification_outlook().parked == 2);
  CHECK(shop.due(100 + kTenDays).empty());
  const ResendSlice slice = shop.resend_all(0, 100, true, 100 + kTenDays);
  CHECK(slice.resent == 2);
  CHECK_FALSE(slice.has_more);
  CHECK(shop.due(100 + kTenDays) == std::vector<std::int64_t>{2});
  CHECK(shop.tried(2, 101 + kTenDays, true) == NotificationState::kSent);
  CHECK(shop.due(101 + kTenDays) == std::vector<std::int64_t>{3});
  // Also what was taken, where that is asked for.
  CHECK(shop.tried(3, 102 + kTenDays, true) == NotificationState::kSent);
  CHECK(shop.resend_all(15, 100, true, 103 + kTenDays).resent == 0);
  CHECK(shop.resend_all(15, 100, false, 103 + kTenDays).resent == 2);
  CHECK(shop.resend(99, 0) == ResendOutcome::kAbsent);
}

TEST_CASE("notifications: many are sent again in slices, none twice and none left out") {
  Shop shop;
  constexpr int kMany = 600;
  for (int i = 0; i < kMany; ++i) {
    const PaymentId id = PaymentId::trusted("ord-" + std::to_string(1'000 + i));
    (void)shop.order(kAmount, 0, "", id);
    Snapshot paid = v1("imp_" + std::to_string(i), Result::kPaid);
    paid.payment_id = id;
    LookupReport report = Store::answered({QuestionKind::kV1Order, id.str(), id}, 10 + i / 400);
    report.snapshots = {paid};
    (void)shop.settle(report);
  }
  for (int i = 1; i <= kMany; ++i) REQUIRE(shop.tried(i, 20, true) == NotificationState::kSent);
  ResendSlice slice;
  std::int64_t resent = 0;
  do {
    slice = shop.wait<ResendSlice>([&](auto done) {
                  shop.writer().resend_some({at(0), at(100), false}, slice, at(200), done);
                }).value();
    resent += slice.resent;
  } while (slice.has_more);
  CHECK(resent == kMany);
  CHECK(shop.reader().due_notifications(at(200), 10'000).size() == kMany);
}

TEST_CASE("notifications: an old one's body leaves, one that waits loses it with its last try") {
  Shop shop;
  (void)shop.order(kAmount, 0);
  shop.says(Result::kPaid, 10);
  REQUIRE(shop.tried(1, 10, true) == NotificationState::kSent);
  shop.says(Result::kCancelled, 20);
  const auto empty = [&](int before) {
    return shop.wait<storage::Emptied>([&](auto done) {
                 shop.writer().empty_raw({at(before), at(1'000)}, done);
               }).value();
  };
  const auto bodies = [&] {
    return Stranger(shop.path())
        .value("SELECT group_concat(CASE body WHEN '' THEN 'left' ELSE 'stands' END) "
               "FROM notification");
  };
  CHECK(empty(15).messages == 1);
  CHECK(bodies() == "left,stands");
  CHECK(empty(30).messages == 1);
  CHECK(bodies() == "left,stands");
  CHECK(shop.due(30) == std::vector<std::int64_t>{2});
  REQUIRE(shop.tried(2, 30, true) == NotificationState::kSent);
  CHECK(bodies() == "left,left");
  CHECK(shop.resend(2, 40) == ResendOutcome::kExpired);
  const ResendSlice slice = shop.resend_all(15, 100, false, 40);
  CHECK(slice.resent == 0);
  CHECK(slice.expired == 1);
}

TEST_CASE("notifications: what is older than the daemon is taken in silently") {
  Shop shop;
  (void)shop.wait<bool>([&](auto done) { shop.writer().call_behind(done); });
  shop.close();
  {
    Stranger file(shop.path());
    (void)file.rows("INSERT INTO meta (key, value) VALUES ('first_started_at_ms', '" +
                    std::to_string(to_ms(at(1'000))) + "')");
  }
  shop.open(both_apis());
  shop.writer().start();
  Snapshot old = v1("imp_1", Result::kPaid);
  old.status_at = portone_at(10);
  (void)shop.portone_says({old}, 1'010);
  CHECK(Stranger(shop.path()).value("SELECT count(*) FROM notification") == "0");
}

TEST_CASE("notifications: a set clock moves what is planned along") {
  Shop shop;
  (void)shop.order(kAmount, 10'000);
  shop.says(Result::kPaid, 10'000);
  REQUIRE(shop.tried(1, 10'000, false) == NotificationState::kWaiting);
  REQUIRE(shop.wait<bool>([&](auto done) {
    shop.writer().shift_plans(-1h, at(10'001), done);
  }).ok());
  CHECK(shop.due(10'000 - 3'600).empty());
  CHECK(shop.due(10'010 - 3'600) == std::vector<std::int64_t>{1});
}
