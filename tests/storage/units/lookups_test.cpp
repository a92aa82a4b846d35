// The plan of look-ups: what is asked next, and when (interface §3).
#include "tests/storage/units/planned.h"

using namespace reconciled::test;

namespace {

LookupReport by_attempt(int asked, Answer outcome, std::vector<Cover> events = {}) {
  LookupReport report = Store::answered(about_attempt("imp_1"), asked, outcome);
  report.events = std::move(events);
  return report;
}

}  // namespace

TEST_CASE("look-ups: a registered order is asked about wherever it may be paid") {
  Store store;
  (void)store.order(kAmount, 0);
  CHECK(next(store, "v1_order") == turn(10, 0));
  CHECK(next(store, "v2_payment") == turn(10, 0));
  const Time due = at(10) + jitter("ord-1", 10s);
  CHECK(store.reader().next_lookup({true, true}) == due);
  CHECK(store.reader().due_lookups(due - 1ms, 10, {true, true}).empty());
  CHECK(store.reader().due_lookups(due, 10, {true, true}).size() == 2);
  CHECK(store.reader().due_lookups(due, 1, {true, true}).size() == 1);
  CHECK(store.reader().planned_questions(kPayment).size() == 2);
  CHECK(store.payment().next_lookup_at == due);
}

TEST_CASE("look-ups: only what is configured is asked") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  CHECK(next(store, "v1_order") == turn(10, 0));
  CHECK(next(store, "v2_payment").empty());
}

TEST_CASE("look-ups: the attempt's own API is asked once it is known") {
  Store store;
  (void)store.order(kAmount, 0);
  (void)store.portone_says({v1("imp_1", Result::kPending)}, 5);
  CHECK(next(store, "v2_payment").empty());
  Store other;
  (void)other.order(kAmount, 0);
  (void)other.portone_says({v2("tx-1", Result::kPending, 5, 5)}, 5);
  CHECK(next(other, "v1_order").empty());
  CHECK(next(other, "v2_payment") == turn(15, 5));
}

TEST_CASE("look-ups: answers that change nothing move along the schedule, the last step repeats") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  int asked = 10;
  for (const int expected : {30, 60, 120, 180}) {
    (void)store.settle(by_order(asked, Answer::kNotFound));
    CHECK(next(store, "v1_order") == turn(expected, asked));
    asked = expected;
  }
}

TEST_CASE("look-ups: an open order is given up after 30 days") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  (void)store.settle(by_order(30 * 86'400, Answer::kNotFound));
  CHECK(next(store, "v1_order") == "-");
  CHECK_FALSE(store.reader().next_lookup({true, true}).has_value());
}

TEST_CASE("look-ups: unusable answers back off and use up no step") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  (void)store.settle(by_order(10, Answer::kUnusable));
  CHECK(next(store, "v1_order") == exactly(11));
  (void)store.settle(by_order(11, Answer::kUnusable));
  CHECK(next(store, "v1_order") == exactly(13));
  (void)store.settle(by_order(13, Answer::kUnusable));
  CHECK(next(store, "v1_order") == exactly(17));
  CHECK(store.reader().stats().lookups_failing == 1);
  (void)store.settle(by_order(17, Answer::kNotFound));
  CHECK(next(store, "v1_order") == turn(30, 17));
  CHECK(store.reader().stats().lookups_failing == 0);
}

TEST_CASE("look-ups: the back-off ends at 30 s") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  for (int i = 0; i < 20; ++i) (void)store.settle(by_order(1'000, Answer::kUnusable));
  CHECK(next(store, "v1_order") == exactly(1'030));
}

TEST_CASE("look-ups: Retry-After goes before the back-off") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  LookupReport report = by_order(10, Answer::kUnusable);
  report.retry_after = 45s;
  (void)store.settle(report);
  CHECK(next(store, "v1_order") == exactly(55));
  // News about the payment does not cut it short.
  const Accepted webhook = store.accept(v1_webhook("imp_1", Result::kPaid, 12));
  (void)store.begin({webhook.event}, 12);
  CHECK(next(store, "v1_order") == exactly(55));
}

TEST_CASE("look-ups: paid and cancelled payments are forgotten, failed ones asked for 7 days") {
  for (const Result result :
       {Result::kPaid, Result::kPartiallyCancelled, Result::kCancelled, Result::kFailed}) {
    CAPTURE(std::string(to_word(result)));
    Store store(only_v1());
    (void)store.order(kAmount, 0);
    (void)store.portone_says({v1("imp_1", result)}, 10);
    CHECK(next(store, "v1_order") == (result == Result::kFailed ? turn(20, 10) : ""));
    if (result != Result::kFailed) continue;
    (void)store.portone_says({v1("imp_1", result)}, 7 * 86'400 + 10);
    CHECK(next(store, "v1_order") == "-");
  }
}

TEST_CASE("look-ups: a virtual account is asked about until 7 days after it was due") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  Snapshot waiting = v1("imp_1", Result::kAwaitingDeposit);
  waiting.virtual_account = VirtualAccount{"KB", "1", "Shop", portone_at(60 * 86'400)};
  (void)store.portone_says({waiting}, 10);
  (void)store.portone_says({waiting}, 66 * 86'400);
  CHECK_FALSE(next(store, "v1_order") == "-");
  (void)store.portone_says({waiting}, 67 * 86'400);
  CHECK(next(store, "v1_order") == "-");
}

TEST_CASE("look-ups: a change in PortOne's answer starts the schedule anew, an unchanged one not") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  (void)store.portone_says({v1("imp_1", Result::kReady)}, 100);
  CHECK(next(store, "v1_order") == turn(110, 100));
  (void)store.portone_says({v1("imp_1", Result::kReady)}, 110);
  CHECK(next(store, "v1_order") == turn(130, 110));
  (void)store.portone_says({v1("imp_1", Result::kPending)}, 130);
  CHECK(next(store, "v1_order") == turn(140, 130));
}

TEST_CASE("look-ups: the first copy of a webhook starts the schedule anew, a later one does not") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  (void)store.settle(by_order(60, Answer::kNotFound));
  CHECK(next(store, "v1_order") == turn(120, 60));
  const Accepted webhook = store.accept(v1_webhook("imp_1", Result::kPaid, 100));
  (void)store.begin({webhook.event}, 101);
  CHECK(next(store, "v1_order") == turn(110, 100));
  (void)store.accept(v1_webhook("imp_1", Result::kPaid, 105));
  (void)store.begin({webhook.event}, 106);
  CHECK(next(store, "v1_order") == turn(110, 100));
}

TEST_CASE("look-ups: a webhook that was doubled before it was begun still starts the schedule") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  (void)store.settle(by_order(60, Answer::kNotFound));
  const Accepted webhook = store.accept(v1_webhook("imp_1", Result::kPaid, 100));
  (void)store.accept(v1_webhook("imp_1", Result::kPaid, 101));
  (void)store.begin({webhook.event}, 102);
  CHECK(next(store, "v1_order") == turn(110, 100));
}

TEST_CASE("look-ups: a redirect starts the schedule only for an attempt that PortOne binds") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  (void)store.portone_says({v1("imp_1", Result::kReady)}, 10);
  (void)store.portone_says({v1("imp_1", Result::kReady)}, 70);
  CHECK(next(store, "v1_order") == turn(130, 70));
  const Accepted invented = store.accept(redirect(UiState::kReturnedSuccess, 100, "imp_9"));
  (void)store.begin({invented.event}, 101);
  CHECK(next(store, "v1_order") == turn(130, 70));
  const Accepted bound = store.accept(redirect(UiState::kReturnedSuccess, 102, "imp_1"));
  (void)store.begin({bound.event}, 103);
  CHECK(next(store, "v1_order") == turn(112, 102));
}

TEST_CASE("look-ups: an answer that went backwards is asked again, even of a paid payment") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 10);
  CHECK(next(store, "v1_order").empty());
  (void)store.portone_says({v1("imp_1", Result::kReady)}, 20);
  CHECK(next(store, "v1_order") == exactly(20));  // at once
  CHECK_FALSE(store.payment().deliverable);

  SUBCASE("Retry-After goes first") {
    LookupReport report = by_order(21, Answer::kUnusable);
    report.retry_after = 45s;
    (void)store.settle(report);
    CHECK(next(store, "v1_order") == exactly(66));
  }
  SUBCASE("unusable answers back off") {
    (void)store.settle(by_order(21, Answer::kUnusable));
    (void)store.settle(by_order(22, Answer::kUnusable));
    (void)store.settle(by_order(24, Answer::kUnusable));
    CHECK(next(store, "v1_order") == exactly(28));
  }
  SUBCASE("an answer that settles nothing is asked about by the schedule, not at once again") {
    (void)store.portone_says({v1("imp_1", Result::kFailed)}, 21);
    CHECK(next(store, "v1_order") == turn(30, 21));
    CHECK_FALSE(store.payment().deliverable);
  }
  SUBCASE("settled, nothing is asked any more") {
    (void)store.portone_says({v1("imp_1", Result::kPaid)}, 21);
    CHECK(next(store, "v1_order").empty());
    CHECK(store.payment().deliverable);
  }
}

TEST_CASE("look-ups: an unknown attempt is asked on where a webhook named it, once the schedule") {
  Store store(only_v1());
  const Accepted webhook = store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  (void)store.begin({webhook.event}, 2);
  (void)store.settle(by_attempt(2, Answer::kNotFound, store.covers({webhook.event})));
  CHECK(next(store, "v1_attempt", "imp_1") == exactly(12));
  // The event is reconciled by now; the schedule goes on without it.
  (void)store.settle(by_attempt(12, Answer::kNotFound));
  CHECK(next(store, "v1_attempt", "imp_1") == exactly(32));
  (void)store.settle(by_attempt(32, Answer::kNotFound));
  CHECK(next(store, "v1_attempt", "imp_1") == exactly(62));
  (void)store.settle(by_attempt(62, Answer::kNotFound));
  CHECK(next(store, "v1_attempt", "imp_1") == "-");
}

TEST_CASE("look-ups: an unknown attempt that only a redirect named is asked once") {
  Store store(only_v1());
  const Accepted back = store.accept(redirect(UiState::kReturnedSuccess, 1, "imp_1"));
  (void)store.begin({back.event}, 2);
  (void)store.settle(by_attempt(2, Answer::kNotFound, store.covers({back.event})));
  CHECK(next(store, "v1_attempt", "imp_1") == "-");
}

TEST_CASE("look-ups: an attempt that was found is asked about by its order from then on") {
  Store store(only_v1());
  const Accepted webhook = store.accept(v1_webhook("imp_1", Result::kAwaitingDeposit, 1));
  (void)store.begin({webhook.event}, 2);
  LookupReport report = by_attempt(2, Answer::kUnusable, store.covers({webhook.event}));
  (void)store.settle(report);
  CHECK(next(store, "v1_attempt", "imp_1") == exactly(3));
  report = by_attempt(3, Answer::kAnswered, store.covers({webhook.event}));
  report.snapshots = {v1("imp_1", Result::kAwaitingDeposit, 3)};
  (void)store.settle(report);
  CHECK(next(store, "v1_attempt", "imp_1").empty());
  CHECK(next(store, "v1_order") == turn(13, 3));
}

TEST_CASE("look-ups: a signed webhook's payment is asked about though PortOne knows it not yet") {
  Store store;
  const Accepted webhook = store.accept(v2_webhook("tx-1", Result::kPaid, "msg_1", 1));
  (void)store.begin({webhook.event}, 1);
  LookupReport report = Store::answered({QuestionKind::kV2Payment, "ord-1", kPayment}, 2,
                                        LookupReport::Outcome::kNotFound);
  report.events = store.covers({webhook.event});
  (void)store.settle(report);
  CHECK(next(store, "v2_payment") == turn(11, 2));
  CHECK(store.payment().webhook_status == Result::kPaid);
  CHECK(store.payment().result == Result::kNone);
}

TEST_CASE("look-ups: a webhook about a paid payment is asked about again after an outage") {
  Store store;
  (void)store.order(kAmount, 0);
  (void)store.portone_says({v2("tx-1", Result::kPaid, 5, 5)}, 5);
  CHECK(next(store, "v2_payment").empty());
  const Accepted webhook = store.accept(v2_webhook("tx-1", Result::kCancelled, "msg_1", 10));
  (void)store.begin({webhook.event}, 10);
  LookupReport report = Store::answered({QuestionKind::kV2Payment, "ord-1", kPayment}, 11,
                                        LookupReport::Outcome::kUnusable);
  report.events = store.covers({webhook.event});
  (void)store.settle(report);
  CHECK(next(store, "v2_payment") == exactly(12));
  // News about the payment meanwhile does not forget it.
  (void)store.begin({store.accept(v2_webhook("tx-1", Result::kPaid, "msg_2", 11)).event}, 11);
  CHECK(next(store, "v2_payment") == exactly(12));
  report.asked_at = report.answered_at = at(12);
  report.outcome = LookupReport::Outcome::kAnswered;
  report.snapshots = {v2("tx-1", Result::kCancelled, 10, 12)};
  (void)store.settle(report);
  CHECK(store.payment().result == Result::kCancelled);
  CHECK(next(store, "v2_payment").empty());
}

TEST_CASE("look-ups: what PortOne answered is told to people") {
  Store store(only_v1());
  (void)store.order(kAmount, 0);
  (void)store.settle(by_order(10, Answer::kUnusable));
  CHECK(Stranger(store.path()).value("SELECT outcome, failures FROM lookup") == "as told|1");
}
