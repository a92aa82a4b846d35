// The reconciler's rounds, with a clock of the test's own and nobody who asks PortOne.
#include "daemon/reconcile/reconciler.h"

#include <atomic>

#include "daemon/portone/rest_client.h"
#include "tests/reconcile/portone_by_hand.h"
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using reconciled::Clock;
using reconciled::Metrics;
using reconciled::Reconciler;

namespace {

constexpr std::size_t kWaiting = 10'000;  // in memory, for the budget
constexpr int kFlood = kWaiting + 300;
constexpr int kAddresses = 200;
// What the budget lets through at once, and the seconds after which it does so again.
constexpr std::size_t kBurst = 200;
constexpr int kRefill = 4;
constexpr std::size_t kRefills = kWaiting / kBurst + 10;

constexpr storage::Askable kV1Alone{.v1 = true};

struct ClockByHand final : Clock {
  [[nodiscard]] Time now() const override { return at(second); }
  std::atomic<int> second{0};
};

// A flood of unsigned webhooks in the inbox, from many addresses.
void flood(Store& store, int events = kFlood, bool from_portone = false) {
  for (int i = 0; i < events; ++i) {
    const std::string number = std::to_string(i);
    NewEvent event =
        v1_webhook("imp_" + number, Result::kPaid, 1, PaymentId::trusted("inv-" + number));
    event.remote_ip = "198.51.100." + std::to_string(i % kAddresses);
    event.known_source = from_portone;
    store.writer().accept_event(std::move(event), nullptr);
  }
  store.accept(v1_webhook("imp_last", Result::kPaid));  // all before it are stored
}

class Rounds {
 public:
  explicit Rounds(Store& store)
      : store_(store),
        file_(store.path()),
        reader_(file_),
        reconciler_(file_, kV1Alone, clock_, store.writer(), portone_, metrics_) {}
  // As the app does: what is queued tells the reconciler how it went.
  ~Rounds() { store_.writer().stop(); }
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;

  // So many seconds later, until nothing more can be claimed and what was is decided.
  void later(int seconds) {
    clock_.second += seconds;
    for (int idle = 0; idle < 2;) {
      const bool has_more = reconciler_.run_once(reader_, clock_.now()) <= clock_.now();
      idle = has_more || store_.writer().queued() > 0 ? 0 : idle + 1;
      if (!has_more) std::this_thread::sleep_for(1ms);
    }
  }
  void once() { reconciler_.run_once(reader_, clock_.now()); }
  // For as long as a busy machine may take.
  void until_asked(std::size_t questions) {
    for (int i = 0; i < 3'000 && asked() < questions; ++i) {
      later(0);
      std::this_thread::sleep_for(10ms);
    }
  }
  void hear_of(EventId event) {
    CommitNotice notice;
    notice.pending_events.push_back({event});
    reconciler_.committed(notice);
  }
  [[nodiscard]] std::size_t asked() const { return reconciler_.waiting_lookups(); }

 private:
  Store& store_;
  storage::Store file_;
  ClockByHand clock_;
  Metrics metrics_{"test"};
  PortoneByHand portone_;
  Reader reader_;
  Reconciler reconciler_;
};

}  // namespace

TEST_CASE(
    "reconciler: nothing is written for what nobody vouches for until it may be asked about") {
  Store store;
  flood(store);
  Rounds rounds(store);
  rounds.later(1);
  CHECK(rounds.asked() == kBurst);
  store.accept(v1_webhook("imp_later", Result::kPaid));  // what the rounds wrote is stored
  CHECK(std::stoul(Stranger(store.path()).value("SELECT count(*) FROM payment")) <= kBurst);
}

TEST_CASE("reconciler: after a flood everything in the inbox is asked about without a restart") {
  Store store;
  flood(store);
  Rounds rounds(store);
  for (std::size_t i = 0; i < kRefills; ++i) rounds.later(kRefill);
  CHECK(rounds.asked() == kBurst + kWaiting);
  // PortOne has answered.
  Stranger(store.path())
      .value("UPDATE event_progress SET processed_at_ms = 1 WHERE event_id <= " +
             std::to_string(rounds.asked()));
  for (std::size_t i = 0; i < kRefills; ++i) rounds.later(kRefill);
  CHECK(rounds.asked() == kFlood + 1);
}

TEST_CASE("reconciler: what is proven does not wait for a flood from PortOne's addresses") {
  constexpr int kMoreThanKnown = 20'500;  // questions
  constexpr std::size_t kMostLater = 10'000;
  Store store;
  flood(store, kMoreThanKnown, true);
  Rounds rounds(store);
  rounds.until_asked(kMostLater);
  rounds.later(0);
  const std::size_t asked = rounds.asked();
  CHECK(asked < kMoreThanKnown / 2 + kBurst);
  (void)store.order(kAmount);
  const EventId proven = store.accept(v1_webhook("imp_proven", Result::kPaid)).event;
  rounds.hear_of(proven);
  rounds.later(0);
  CHECK(rounds.asked() == asked + 1);
}

TEST_CASE("reconciler: what a flood from PortOne's addresses left in the inbox is asked about") {
  constexpr int kMoreThanWait = 6'000;  // in memory
  Store store;
  flood(store, kMoreThanWait, true);
  Rounds rounds(store);
  for (int i = 1; i <= kMoreThanWait; ++i) rounds.hear_of(EventId{i});
  rounds.until_asked(kMoreThanWait + 1);
  CHECK(rounds.asked() == kMoreThanWait + 1);
}

TEST_CASE("reconciler: however many look-ups an outage left unanswered, all are made again") {
  constexpr int kWebhooks = 10'300;
  constexpr unsigned long kMostLater = 10'000;
  Store store;
  flood(store, kWebhooks, true);
  reconciled::core::Config config;
  config.v1.emplace().base_url = "http://127.0.0.1:1";  // where nobody listens
  reconciled::SystemClock clock;
  Metrics metrics("test");
  reconciled::Warnings warnings(clock, metrics);
  reconciled::portone::RestClient portone(config, clock, metrics, warnings);
  const storage::Store file(store.path());
  Reconciler reconciler(file, kV1Alone, clock, store.writer(), portone, metrics);
  portone.start();
  reconciler.start();
  const auto asked_again = [&] {
    return std::stoul(
        Stranger(store.path()).value("SELECT count(*) FROM lookup WHERE failures > 1"));
  };
  CommitNotice written;
  written.lookups_changed = true;
  for (int i = 0; i < 1'200 && asked_again() < kMostLater; ++i) {
    reconciler.committed(written);
    std::this_thread::sleep_for(100ms);
  }
  CHECK(asked_again() >= kMostLater);
  reconciler.stop();
  portone.stop();
  store.writer().stop();
}

TEST_CASE("reconciler: a flood about one registered order makes no other wait") {
  Store store;
  (void)store.order(kAmount);
  for (int i = 0; i < 900; ++i) {
    store.writer().accept_event(redirect(UiState::kReturnedSuccess, 1, "imp_" + std::to_string(i)),
                                nullptr);
  }
  store.accept(v2_webhook("tx-1", Result::kPaid, "msg_1", 1, PaymentId::trusted("ord-honest")));
  Rounds rounds(store);
  rounds.later(0);
  CHECK(store.reader().payment(PaymentId::trusted("ord-honest"), false).has_value());
  CHECK(rounds.asked() <= 40);
  rounds.later(60);
  CHECK(rounds.asked() <= 50);
  CHECK(store.reader().stats().inbox_depth == 901);  // those that wait for their turn are kept
}

TEST_CASE("reconciler: a flood of copies of one event makes no other wait") {
  constexpr int kCopies = 5'000;
  Store store;
  (void)store.order(kAmount);
  const EventId copied = store.accept(v1_webhook("imp_1", Result::kPaid)).event;
  const EventId other = store.accept(v1_webhook("imp_2", Result::kPaid)).event;
  Rounds rounds(store);
  for (int i = 0; i < kCopies; ++i) rounds.hear_of(copied);
  rounds.hear_of(other);
  rounds.once();
  CHECK(rounds.asked() == 2);
}

TEST_CASE("reconciler: a bounded number of events is begun at once, and all of them in the end") {
  constexpr int kEvents = 1'500;
  Store store;
  const auto numbered = [](int i) {
    const std::string number = std::to_string(i);
    return v2_webhook("tx-" + number, Result::kPaid, "msg_" + number, 1,
                      PaymentId::trusted("ord-" + number));
  };
  for (int i = 1; i < kEvents; ++i) store.writer().accept_event(numbered(i), nullptr);
  (void)store.accept(numbered(kEvents));
  store.open(both_apis());
  const storage::Store file(store.path());
  reconciled::SystemClock clock;
  Metrics metrics("test");
  PortoneByHand portone;
  Reconciler reconciler(file, {}, clock, store.writer(), portone, metrics);
  Reader reader = store.reader();
  for (int round = 0; round < 20; ++round) reconciler.run_once(reader, at(10));
  // The other unit of work forgets what nobody vouches for.
  CHECK(store.writer().queued() == reconciled::Inbox::kMaxBeginning + 1);

  store.writer().start();
  Stranger shell(store.path());
  const auto begun = [&] { return shell.value("SELECT count(*) FROM payment"); };
  for (int i = 0; i < 3'000 && begun() != std::to_string(kEvents); ++i) {
    reconciler.run_once(reader, at(10));
    std::this_thread::sleep_for(10ms);
  }
  CHECK(begun() == std::to_string(kEvents));
  store.writer().stop();
  CHECK(shell.value("SELECT count(*) FROM event_progress WHERE tries > 0") == "0");
}
