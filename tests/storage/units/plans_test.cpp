// What stands between a plan and its asking: clocks that are set, sweeps, APIs that go and come,
// answers that cannot be read.
#include "tests/storage/units/planned.h"

using namespace reconciled::test;

TEST_CASE("look-ups: where our clock is set, what is planned keeps its distance from now") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  const std::string before = next(store, "v1_order");
  CHECK(store.wait<bool>([&](auto done) { store.writer().shift_plans(-1h, at(0), done); }).ok());
  CHECK(next(store, "v1_order") == std::to_string(std::stoll(before) - 3'600'000));
  // Whatever was planned ahead of a clock that now is behind: an order begins no schedule later
  // than now.
  (void)store.settle(by_order(-3'600 + 10, Answer::kNotFound));
  CHECK(next(store, "v1_order") == turn(-3'600 + 30, -3'600 + 10));
}

TEST_CASE("look-ups: a start whose clock is behind the last one's moves the plans back") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  const std::string before = next(store, "v1_order");
  store.writer().put(kClockSeenKey, std::to_string(to_ms(at(0))));
  store.writer().stop();
  {
    Writer earlier(storage::Store(store.path()), {}, {});
    earlier.adopt(only_v1(), {10s, 30s, 60s}, at(-86'400));
  }
  CHECK(next(store, "v1_order") == std::to_string(std::stoll(before) - 86'400'000));
  // Once: the file knows the time from now on.
  Writer again(storage::Store(store.path()), {}, {});
  again.adopt(only_v1(), {10s, 30s, 60s}, at(-86'400));
  CHECK(next(store, "v1_order") == std::to_string(std::stoll(before) - 86'400'000));
}

TEST_CASE("look-ups: what a sweep found and how far it came are there together, due at once") {
  Store store;
  const PaymentId found = PaymentId::trusted("ord-7");
  Swept swept{.api = Api::kV2, .up_to = at(50)};
  swept.found = {{QuestionKind::kV2Payment, "ord-7", found, {attempt("tx-7")}},
                 {QuestionKind::kV1Order, "ord-8", PaymentId::trusted("ord-8")}};
  CHECK(store.wait<bool>([&](auto done) { store.writer().note_swept(swept, done); }).ok());
  CHECK(store.reader().last_sweep(Api::kV2) == at(50));
  const auto due = store.reader().due_lookups(at(50), 10, {true, true});
  REQUIRE(due.size() == 2);
  for (const Question& question : due) {
    if (question.kind == QuestionKind::kV2Payment) {
      CHECK(question.named_attempts == std::vector<AttemptId>{attempt("tx-7")});
    }
  }
  // It waits as long as its API is not configured.
  CHECK(store.reader().due_lookups(at(50), 10, {true, false}).size() == 1);
  CHECK(store.reader().due_lookups(at(50), 10, {false, true}).size() == 1);
  // Answered, the attempt that the list showed is asked for no more.
  LookupReport report = Store::answered({QuestionKind::kV2Payment, "ord-7", found}, 51);
  report.snapshots = {v2("tx-7", Result::kPending, 51, 51)};
  report.snapshots[0].payment_id = found;
  (void)store.settle(report);
  for (const Question& question : store.reader().planned_questions(found)) {
    CHECK(question.named_attempts.empty());
  }
}

TEST_CASE("look-ups: what holds the goods is news to a sweep, and what a list leaves out is not") {
  Store store;
  const Snapshot known = v2("tx-1", Result::kPaid, 5, 5);
  (void)store.portone_says({known}, 5);
  const auto is_news = [&](auto change) {
    Snapshot listed = known;
    change(listed);
    return store.reader().is_news(listed);
  };
  CHECK_FALSE(is_news([](Snapshot&) {}));
  CHECK(is_news([](Snapshot& s) { s.channel = Channel::kTest; }));
  CHECK(is_news([](Snapshot& s) { s.store_id = "store-other"; }));
  CHECK(is_news([](Snapshot& s) { s.currency = *Currency::make("USD"); }));
  CHECK(is_news([](Snapshot& s) { s.total_amount += 1; }));
  CHECK(is_news([](Snapshot& s) { s.cancelled_amount += 1; }));
  CHECK(is_news([](Snapshot& s) { s.disputes = {{"d", false}}; }));
  CHECK_FALSE(is_news([](Snapshot& s) { s.channel.reset(); }));
  CHECK_FALSE(is_news([](Snapshot& s) { s.disputes.reset(); }));
}

TEST_CASE("look-ups: an API that went keeps its plan, and is asked when it is back") {
  Store store;
  (void)store.order(kAmount, 0);
  CHECK(next(store, "v1_order") == turn(10, 0));
  DecisionPolicy only_v2 = both_apis();
  only_v2.v1_configured = false;
  store.open(only_v2);
  store.writer().start();
  (void)store.order(kAmount, 5, "renamed");
  (void)store.settle(Store::answered({QuestionKind::kV2Payment, "ord-1", kPayment}, 20,
                                     Answer::kNotFound));
  CHECK(next(store, "v1_order") == turn(10, 0));
  // Nothing is left to ask for once it is decided by the other one.
  (void)store.portone_says({v2("tx-1", Result::kPaid, 30, 30)}, 30);
  CHECK(next(store, "v1_order").empty());
}

TEST_CASE("look-ups: a webhook of an API that went waits for it in the inbox") {
  Store store;
  const EventId webhook = store.accept(v1_webhook("imp_1", Result::kPaid, 1)).event;
  DecisionPolicy only_v2 = both_apis();
  only_v2.v1_configured = false;
  store.open(only_v2);
  store.writer().start();
  (void)store.begin({webhook}, 2);
  CHECK(store.reader().inbox_event(webhook).has_value());
}

TEST_CASE("look-ups: answers that cannot be read for ten minutes are a finding until one can be") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  const auto unread = [&](int asked) {
    LookupReport report = by_order(asked, Answer::kUnusable);
    report.is_unreadable = true;
    (void)store.settle(report);
  };
  const auto found = [&] { return store.reader().findings(true, 10, std::nullopt).items.size(); };
  unread(10);
  unread(20);
  unread(300);
  CHECK(found() == 0);  // three times, but not for ten minutes
  unread(610);
  REQUIRE(found() == 1);
  unread(640);
  CHECK(store.reader().findings(true, 10, std::nullopt).items[0].kind ==
        FindingKind::kUnreadableAnswer);
  CHECK(Stranger(store.path()).value("SELECT count(*) FROM timer_mark") == "1");
  (void)store.settle(by_order(700, Answer::kNotFound));  // which can be read
  CHECK(found() == 0);
  // An outage is no unreadable answer, and does not end the stretch of them either.
  unread(800);
  unread(900);
  (void)store.settle(by_order(1'000, Answer::kUnusable));
  unread(1'401);
  CHECK(found() == 1);
}

TEST_CASE("look-ups: an answer that is settled before the first decision about a webhook begins anew") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  (void)store.portone_says({v1("imp_1", Result::kFailed, 5)}, 5);
  CHECK(next(store, "v1_order") == turn(15, 5));
  // It comes while the plan is between two steps; the answer that covers it is the first to be
  // written.
  const EventId late = store.accept(v1_webhook("imp_1", Result::kPaid, 40)).event;
  (void)store.portone_says({v1("imp_1", Result::kFailed, 5)}, 41, {late});
  CHECK(next(store, "v1_order") == turn(50, 41));
  (void)store.begin({late}, 42);
  CHECK(next(store, "v1_order") == turn(50, 41));
}

TEST_CASE("look-ups: a side question that failed is asked again, and the main answer counts") {
  Store store;
  (void)store.order(kAmount, 0);
  const Accepted webhook = store.accept(v2_webhook("tx-2", Result::kPaid, "msg-1", 5));
  (void)store.begin({webhook.event}, 5);
  LookupReport report = Store::answered({QuestionKind::kV2Payment, "ord-1", kPayment}, 6);
  report.snapshots = {v2("tx-1", Result::kFailed, 6, 6)};
  report.side_failed = true;
  report.events = store.covers({webhook.event});
  (void)store.settle(report);
  CHECK(store.payment().result == Result::kFailed);
  CHECK(store.reader().inbox_event(webhook.event).has_value());
  CHECK(next(store, "v2_payment") == exactly(7));
}

TEST_CASE("inbox: the oldest webhook that waits is PortOne's own and can be asked about") {
  Store store;
  const auto oldest = [&](Askable askable) { return store.reader().oldest_waiting(askable); };
  (void)store.accept(redirect(UiState::kReturnedSuccess, 1, "imp_9"));
  (void)store.accept(v1_webhook("imp_9", Result::kPaid, 2));  // anybody's
  CHECK_FALSE(oldest({true, true}).has_value());
  (void)store.accept(v2_webhook("tx-1", Result::kPaid, "msg-1", 5));
  NewEvent by_address = v1_webhook("imp_1", Result::kPaid, 7);
  by_address.known_source = true;
  (void)store.accept(by_address);
  CHECK(oldest({true, true}) == at(5));
  CHECK(oldest({true, false}) == at(7));
  CHECK_FALSE(oldest({false, false}).has_value());
}

TEST_CASE("look-ups: an attempt that holds our money and is not shown any more is asked for by name") {
  Store store;
  (void)store.portone_says({v2("tx-1", Result::kPaid, 1, 10)}, 10);
  CHECK(store.reader().planned_questions(kPayment).empty());
  (void)store.portone_says({v2("tx-2", Result::kPending, 2, 20)}, 20);
  const std::vector<Question> due = store.reader().due_lookups(at(20), 10, {true, true});
  REQUIRE(due.size() == 1);
  CHECK(due.front().named_attempts == std::vector{attempt("tx-1")});
  // Once asked by name it is not asked so again, whatever the answer shows.
  LookupReport again = Store::answered(due.front(), 21);
  again.snapshots = {v2("tx-2", Result::kPending, 2, 21)};
  (void)store.settle(again);
  CHECK(store.reader().planned_questions(kPayment).empty());
}

namespace {

// A daemon's clock: shows a step from when it is written on.
struct SetClock {
  std::atomic<int> seconds{10'001};

  void open(Store& store) {
    store.tell_time_by([this] { return at(seconds); });
    store.open(both_apis());
    store.writer().start();
  }
  void shift(Store& store, int by) {
    store.writer().shift_plans(std::chrono::seconds(by), at(seconds),
                               [this, by](const auto&) { seconds += by; });
  }
  // The writer stands still for as long as this lives, as where the database is away: what is
  // queued meanwhile is one commit.
  class Pause {
   public:
    explicit Pause(Store& store) {
      const auto is_held = std::make_shared<std::promise<void>>();
      store.writer().call_behind([is_held, goes_on = goes_on_.get_future().share()](const auto&) {
        is_held->set_value();
        goes_on.wait();
      });
      is_held->get_future().wait();
    }
    ~Pause() { goes_on_.set_value(); }
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;

   private:
    std::promise<void> goes_on_;
  };
};

}  // namespace

TEST_CASE("plans: a watch that is looked after by the clock before it was set back does not fire") {
  SetClock clock;
  Store store(both_apis(), false);
  clock.open(store);
  (void)store.order(kAmount, 10'000);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 10'000);  // its webhook has ten minutes
  clock.shift(store, -3'600);
  // A round that began before, and saw the watch as it stands then.
  store.writer().fire_watches(at(10'601));
  (void)store.wait<bool>([&](auto done) { store.writer().call_behind(done); });
  CHECK(store.reader().findings(true, 10, std::nullopt).items.empty());
}

TEST_CASE("plans: what waits behind a step back plans by the clock as it is now") {
  SetClock clock;
  Store store(both_apis(), false);
  clock.open(store);
  (void)store.order(kAmount, 10'000);
  (void)store.order(kAmount, 10'000, "", PaymentId::trusted("ord-2"));
  const Question failing{QuestionKind::kV2Payment, kPayment.str(), kPayment};
  const Question silent{QuestionKind::kV1Order, kPayment.str(), kPayment};
  const Question swept{QuestionKind::kV2Payment, "ord-2", PaymentId::trusted("ord-2")};
  {
    const SetClock::Pause pause(store);
    clock.shift(store, -3'600);
    store.writer().note_failure(Store::answered(failing, 10'001, LookupReport::Outcome::kUnusable));
    store.writer().settle(Store::answered(silent, 10'001, LookupReport::Outcome::kNotFound), {});
    store.writer().note_swept({.api = Api::kV2, .up_to = at(10'001), .found = {swept}}, {});
  }
  (void)store.wait<bool>([&](auto done) { store.writer().call_behind(done); });
  CHECK(clock.seconds == 10'001 - 3'600);
  const std::string latest = std::to_string(to_ms(at(10'001 - 3'600 + 120)));
  Stranger file(store.path());
  CHECK(file.rows("SELECT question, id FROM lookup WHERE next_at_ms > " + latest).empty());
  CHECK(file.value("SELECT count(*) FROM lookup WHERE next_at_ms IS NOT NULL") == "4");
}

TEST_CASE("plans: what waits behind a step forward plans by the clock as it is now") {
  SetClock clock;
  Store store(both_apis(), false);
  clock.open(store);
  (void)store.order(kAmount, 10'000);
  LookupReport paid = Store::answered({QuestionKind::kV1Order, kPayment.str(), kPayment}, 10'001);
  paid.snapshots = {v1("imp_1", Result::kPaid)};
  {
    const SetClock::Pause pause(store);
    clock.shift(store, 86'400);
    store.writer().settle(paid, {});
  }
  (void)store.wait<bool>([&](auto done) { store.writer().call_behind(done); });
  // Its webhook has ten minutes from now on.
  store.writer().fire_watches(at(10'001 + 86'400 + 599));
  (void)store.wait<bool>([&](auto done) { store.writer().call_behind(done); });
  CHECK(store.reader().findings(true, 10, std::nullopt).items.empty());
  clock.seconds += 600;
  store.writer().fire_watches(at(clock.seconds));
  (void)store.wait<bool>([&](auto done) { store.writer().call_behind(done); });
  CHECK(store.reader().findings(true, 10, std::nullopt).items.size() == 1);
}
