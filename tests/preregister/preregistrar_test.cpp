// The rounds of what has PortOne told of orders, with a PortOne that answers when the test says so.
#include "daemon/preregister/preregistrar.h"

#include "tests/reconcile/portone_by_hand.h"
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using reconciled::Clock;
using reconciled::Preregistrar;

namespace {

using Telling = reconciled::storage::PreregistrationReport::Outcome;
using Report = reconciled::storage::PreregistrationReport;

constexpr storage::Askable kV1Alone{.v1 = true};

struct ClockByHand final : Clock {
  [[nodiscard]] Time now() const override { return at(second); }
  int second = 0;
};

class Rounds {
 public:
  explicit Rounds(Store& store, int limit = 8, storage::Askable askable = kV1Alone)
      : store_(store),
        file_(store.path()),
        portone_(limit),
        reader_(file_),
        preregistrar_(file_, askable, clock_, store.writer(), portone_) {}
  // As the app does.
  ~Rounds() { store_.writer().stop(); }
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;

  Time once(int second) {
    clock_.second = second;
    return preregistrar_.run_once(reader_, clock_.now());
  }
  [[nodiscard]] std::optional<PortoneByHand::Telling> told() { return portone_.next_telling(); }
  // Answers, and waits until that is written.
  void answer(const PortoneByHand::Telling& telling, Telling outcome) {
    telling.told(Report{.told = telling.order,
                        .outcome = outcome,
                        .detail = "as told",
                        .answered_at = clock_.now()});
    store_.writer().call_behind(nullptr);
    CHECK(store_.wait<bool>([&](auto done) { store_.writer().call_behind(done); }).ok());
  }
  [[nodiscard]] Preregistrar& preregistrar() { return preregistrar_; }

 private:
  Store& store_;
  storage::Store file_;
  ClockByHand clock_;
  PortoneByHand portone_;
  Reader reader_;
  Preregistrar preregistrar_;
};

std::string state(Store& store) {
  return std::string(to_word(store.reader().preregistrations(kPayment).at(0).state));
}

}  // namespace

TEST_CASE("preregistrar: tells what is due, once, and writes how PortOne takes it") {
  Store store;
  Rounds rounds(store);
  rounds.once(0);
  CHECK_FALSE(rounds.told());
  (void)store.preregister(kAmount, 1);
  rounds.once(1);
  const auto telling = rounds.told();
  REQUIRE(telling);
  CHECK(telling->order.api == Api::kV1);
  CHECK(telling->order.money == Money{kAmount, kKrw});
  rounds.once(100);
  CHECK_FALSE(rounds.told());  // it is under way
  rounds.answer(*telling, Telling::kTaken);
  CHECK(state(store) == "done");
  rounds.once(200);
  CHECK_FALSE(rounds.told());
}

TEST_CASE("preregistrar: tells again after a back-off, and when that is over says when to look") {
  Store store;
  Rounds rounds(store);
  (void)store.preregister(kAmount, 1);
  rounds.once(1);
  rounds.answer(*rounds.told(), Telling::kUnanswered);
  CHECK(state(store) == "pending");
  CHECK(rounds.once(1) == at(2));
  CHECK_FALSE(rounds.told());
  rounds.once(2);
  REQUIRE(rounds.told());
}

TEST_CASE("preregistrar: another amount waits until PortOne has answered about the last one") {
  Store store;
  Rounds rounds(store);
  (void)store.preregister(kAmount, 1);
  rounds.once(1);
  const auto old = rounds.told();
  REQUIRE(old);
  (void)store.preregister(100, 2);
  rounds.once(2);
  CHECK_FALSE(rounds.told());
  rounds.answer(*old, Telling::kTaken);
  CHECK(state(store) == "pending");
  rounds.once(3);
  const auto now = rounds.told();
  REQUIRE(now);
  CHECK(now->order.money == Money{100, kKrw});
}

TEST_CASE("preregistrar: no more at once than PortOne takes, the others after these") {
  Store store;
  Rounds rounds(store, 2);
  for (int i = 0; i < 5; ++i) {
    (void)store.preregister(kAmount, 1, PaymentId::trusted("ord-" + std::to_string(i)));
  }
  for (const int more : {2, 2, 1}) {
    rounds.once(1);
    std::vector<PortoneByHand::Telling> under_way;
    while (auto one = rounds.told()) under_way.push_back(std::move(*one));
    CHECK(under_way.size() == static_cast<std::size_t>(more));
    rounds.once(1);
    CHECK_FALSE(rounds.told());
    for (const auto& one : under_way) rounds.answer(one, Telling::kTaken);
  }
  rounds.once(1);
  CHECK_FALSE(rounds.told());
}

TEST_CASE("preregistrar: what an API is to be told that is not configured waits for it") {
  Store store;
  (void)store.preregister(kAmount, 1);
  {
    Rounds rounds(store, 8, {.v2 = true});
    rounds.once(1);
    const auto telling = rounds.told();
    REQUIRE(telling);
    CHECK(telling->order.api == Api::kV2);
    CHECK_FALSE(rounds.told());
    rounds.answer(*telling, Telling::kTaken);
    CHECK(rounds.once(100) == at(101));
  }
  store.open(both_apis());
  store.writer().start();
  Rounds rounds(store);
  rounds.once(200);
  CHECK(rounds.told()->order.api == Api::kV1);
}

TEST_CASE(
    "preregistrar: where the database does not take the answer, PortOne is not told at once "
    "again") {
  Store store;
  Rounds rounds(store);
  (void)store.preregister(kAmount, 1);
  rounds.once(1);
  const auto telling = rounds.told();
  REQUIRE(telling);
  store.writer().stop();
  telling->told(Report{.told = telling->order, .outcome = Telling::kTaken, .answered_at = at(1)});
  rounds.once(1);
  CHECK_FALSE(rounds.told());
  std::this_thread::sleep_for(1'100ms);
  rounds.once(1);
  CHECK(rounds.told());
}

TEST_CASE(
    "preregistrar: what comes after a stop is not taken: it is told again at the next start") {
  Store store;
  Rounds rounds(store);
  (void)store.preregister(kAmount, 1);
  rounds.once(1);
  const auto telling = rounds.told();
  REQUIRE(telling);
  rounds.preregistrar().stop();
  rounds.answer(*telling, Telling::kTaken);
  CHECK(state(store) == "pending");
  Rounds next(store);
  next.once(2);
  CHECK(next.told());
}
