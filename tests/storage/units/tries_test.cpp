// One bad event cannot stop the line (promise 8).
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;

namespace {

CountedTries count_alone(Store& store, const std::vector<EventId>& events, int now = 10) {
  return store
      .wait<CountedTries>(
          [&](auto done) { store.writer().count_tries_alone(events, at(now), done); })
      .value();
}
std::vector<EventId> suspects(const SettledReport& settled) {
  std::vector<EventId> events;
  for (const reconciled::storage::Suspect& suspect : settled.suspects) {
    events.push_back(suspect.event);
  }
  return events;
}
// The process ends where it stands; `deciding` is what its last commit noted, as ranges.
void crash(Store& store, const std::string& deciding = "") {
  store.close();
  if (!deciding.empty()) {
    Stranger(store.path())
        .value("INSERT INTO meta VALUES ('deciding', '" + deciding +
               "') ON CONFLICT (key) DO UPDATE SET value = excluded.value");
  }
  store.open(both_apis());
  store.writer().start();
}
std::string tries_of(Store& store) {
  return Stranger(store.path()).value("SELECT group_concat(tries) FROM event_progress");
}
bool replay(Store& store, EventId event) {
  return store.wait<bool>([&](auto done) { store.writer().replay(event, done); }).value();
}

}  // namespace

TEST_CASE("tries: an event that failed three times is parked with a finding, the others move on") {
  Store store;
  const EventId bad = store.accept(v1_webhook("imp_bad", Result::kPaid)).event;
  const EventId good =
      store.accept(v1_webhook("imp_good", Result::kPaid, 1, PaymentId::trusted("ord-2"))).event;
  crash(store, "1-2");
  for (int i = 0; i < 2; ++i) {
    CHECK(suspects(store.begin({bad, good}, 5)) == std::vector<EventId>{bad, good});
    CHECK(count_alone(store, {good}).counted == std::vector<EventId>{good});
    (void)store.begin({good}, 10 + i, TryMode::kAlone);
    CHECK(count_alone(store, {bad}).counted == std::vector<EventId>{bad});
    crash(store);
  }
  CHECK(tries_of(store) == "3,1");
  CHECK(count_alone(store, {bad}, 20).parked == std::vector<EventId>{bad});
  CHECK(count_alone(store, {good}).counted == std::vector<EventId>{good});
  CHECK_FALSE(store.reader().inbox_event(bad).has_value());
  CHECK(store.reader().inbox_event(good).has_value());
  const auto findings = store.reader().findings(true, 10, std::nullopt).items;
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].kind == FindingKind::kPoisoned);
  CHECK(findings[0].payment_id == kPayment);
  CHECK(Stranger(store.path()).value("SELECT group_concat(event_id) FROM inbox") == "2");
}

TEST_CASE("tries: exactly those that the last commit noted are suspects after an unclean end") {
  Store store;
  for (int i = 1; i <= 6; ++i) {
    const std::string number = std::to_string(i);
    (void)store.accept(v1_webhook("imp_" + number, Result::kPaid, 1,
                                  PaymentId::trusted("ord-" + number)));
  }
  crash(store, "2-3,5-5");
  CHECK(tries_of(store) == "0,1,1,0,1,0");
  CHECK(suspects(store.begin({EventId{1}, EventId{2}, EventId{3}, EventId{6}}, 2)) ==
        std::vector<EventId>{{2}, {3}});
  // A note is for one start.
  crash(store);
  CHECK(tries_of(store) == "0,1,1,0,1,0");
}

TEST_CASE("tries: what is decided together is noted in a commit before, and not for longer") {
  Store store;
  const auto noted = [&] {
    return Stranger(store.path()).value("SELECT value FROM meta WHERE key = 'deciding'");
  };
  std::vector<std::string> notes;
  store.decide_with([&](const PaymentEvidence& evidence, const DecisionPolicy& policy) {
    notes.push_back(noted());  // as another connection sees the file while it is decided
    return reconciled::core::decide(evidence, policy);
  });
  store.open(both_apis());
  store.writer().start();
  const EventId first = store.accept(v1_webhook("imp_1", Result::kPaid)).event;
  const EventId other =
      store.accept(v1_webhook("imp_2", Result::kPaid, 1, PaymentId::trusted("ord-2"))).event;
  (void)store.begin({first}, 2);
  (void)store.begin({other}, 2);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 3, {first});
  CHECK(notes == std::vector<std::string>{"1-1", "2-2", "1-1"});
  CHECK(noted().empty());
  CHECK(tries_of(store) == "0,0");
}

TEST_CASE("tries: what is signed is begun by the writer, right behind the commit that stores it") {
  Store store;
  const EventId event = store.accept(v2_webhook("tx-1", Result::kPaid, "msg_1")).event;
  // Behind what that commit announced.
  (void)store.begin({event}, 2);
  CHECK(store.payment().webhook_status == Result::kPaid);
  const std::vector<CommitNotice> first = store.notices();
  REQUIRE_FALSE(first.empty());
  REQUIRE(first[0].pending_events.size() == 1);
  CHECK(first[0].pending_events[0].is_begun);
  // A suspect is handed back to be tried alone.
  crash(store, "1-1");
  (void)store.accept(v2_webhook("tx-1", Result::kPaid, "msg_1", 5));
  (void)store.begin({event}, 6);
  const std::vector<CommitNotice> notices = store.notices();
  CHECK(std::any_of(notices.begin(), notices.end(),
                    [](const CommitNotice& notice) { return notice.suspects.size() == 1; }));
}

TEST_CASE("tries: what PortOne's addresses brought is begun likewise, a flood of it in small part") {
  Store store;
  NewEvent known = v1_webhook("imp_1", Result::kPaid);
  known.known_source = true;
  const EventId begun = store.accept(known).event;
  const EventId strange =
      store.accept(v1_webhook("imp_2", Result::kPaid, 1, PaymentId::trusted("ord-2"))).event;
  (void)store.begin({begun, strange}, 2);  // the notices of the commits before have come
  for (const CommitNotice& notice : store.notices()) {
    for (const auto& pending : notice.pending_events) {
      CHECK(pending.is_begun == (pending.event == begun));
    }
  }

  // While the writer is held many come, and are one batch.
  Stranger stranger(store.path());
  REQUIRE(stranger.run("BEGIN IMMEDIATE").empty());
  constexpr int kFlood = 200;
  std::vector<std::future<void>> taken;
  for (int i = 0; i < kFlood; ++i) {
    NewEvent invented = v1_webhook("imp_9" + std::to_string(i), Result::kPaid, 2,
                                   PaymentId::trusted("invented-" + std::to_string(i)));
    invented.known_source = true;
    auto done = std::make_shared<std::promise<void>>();
    taken.push_back(done->get_future());
    store.writer().accept_event(std::move(invented), [done](const auto&) { done->set_value(); });
  }
  REQUIRE(stranger.run("ROLLBACK").empty());
  for (std::future<void>& one : taken) one.get();
  (void)store.begin({strange}, 3);
  std::size_t most = 0;
  for (const CommitNotice& notice : store.notices()) {
    most = std::max(most, static_cast<std::size_t>(std::count_if(
                              notice.pending_events.begin(), notice.pending_events.end(),
                              [](const auto& pending) { return pending.is_begun; })));
  }
  CHECK(most > 16);
  CHECK(most <= 32);
}

TEST_CASE("tries: however many crashes an event met together with others, it is not parked") {
  Store store;
  (void)store.accept(v1_webhook("imp_1", Result::kPaid));
  for (int i = 0; i < 10; ++i) crash(store, "1-1");
  CHECK(tries_of(store) == "1");
}

TEST_CASE("tries: those alone are counted durably, before the work") {
  Store store;
  const EventId event = store.accept(v1_webhook("imp_1", Result::kPaid)).event;
  crash(store, "1-1");
  CHECK(tries_of(store) == "1");
  (void)count_alone(store, {event});
  crash(store);
  CHECK(tries_of(store) == "2");
}

TEST_CASE("tries: a step that ends well takes back its own try, not one that failed at another") {
  Store store;
  const EventId event = store.accept(v1_webhook("imp_1", Result::kPaid)).event;
  (void)store.begin({event}, 2);
  CHECK(tries_of(store) == "0");
  // The process ends each time that PortOne's answer is decided on.
  crash(store, "1-1");
  for (int crashes = 1; crashes < 3; ++crashes) {
    CHECK(count_alone(store, {event}).counted.size() == 1);
    (void)store.begin({event}, 3, TryMode::kAlone);
    CHECK(count_alone(store, {event}).counted.size() == 1);
    crash(store);
  }
  CHECK(count_alone(store, {event}).counted.empty());
  CHECK_FALSE(store.reader().inbox_event(event).has_value());
}

TEST_CASE("tries: an answer that could not be used takes its try back, one that could clears all") {
  Store store;
  const EventId event = store.accept(v1_webhook("imp_1", Result::kPaid)).event;
  crash(store, "1-1");
  LookupReport report =
      Store::answered(about_attempt("imp_1"), 5, LookupReport::Outcome::kUnusable);
  report.events = store.covers({event});
  CHECK(suspects(store.settle(report)) == std::vector<EventId>{event});
  (void)count_alone(store, {event});
  (void)store.settle(report, TryMode::kAlone);
  CHECK(tries_of(store) == "1");
  (void)count_alone(store, {event});
  report.outcome = LookupReport::Outcome::kNotFound;
  (void)store.settle(report, TryMode::kAlone);
  CHECK(tries_of(store) == "0");
}

TEST_CASE("tries: an answer leaves events that need none any more, and is left where all are parked") {
  Store store;
  const EventId done = store.accept(v1_webhook("imp_1", Result::kPaid)).event;
  const EventId waits = store.accept(v1_webhook("imp_1", Result::kCancelled, 2)).event;
  LookupReport report = Store::answered(about_attempt("imp_1"), 5);
  report.snapshots = {v1("imp_1", Result::kPaid)};
  report.events = store.covers({done});
  (void)store.settle(report);
  report.number = 6;
  report.events = store.covers({done, waits});
  const SettledReport settled = store.settle(report);
  CHECK(settled.finished == std::vector<EventId>{done});
  CHECK(settled.reconciled_events.size() == 1);

  Stranger(store.path()).value("UPDATE event_progress SET parked = 1");
  report.number = 7;
  report.snapshots = {v1("imp_1", Result::kCancelled)};
  const SettledReport aside = store.settle(report);
  CHECK(aside.is_put_aside);
  CHECK(aside.changed.empty());
  CHECK(Stranger(store.path()).value("SELECT count(*) FROM snapshot") == "1");
}

TEST_CASE("tries: copies that come at once are one try, not several failures") {
  Store store;
  const EventId event = store.accept(v2_webhook("tx-1", Result::kPaid, "msg_1")).event;
  for (int copy = 0; copy < 50; ++copy) {
    store.writer().begin_event(event, at(2), nullptr);
  }
  CHECK(store.begin({event}, 60).suspects.empty());
  Stranger shell(store.path());
  CHECK(shell.value("SELECT count(*) FROM finding") == "0");
  CHECK(shell.value("SELECT tries, parked FROM event_progress") == "0|0");
}

TEST_CASE("tries: those that were not the event's fault are taken back") {
  Store store;
  const EventId event = store.accept(v1_webhook("imp_1", Result::kPaid)).event;
  for (int i = 0; i < 5; ++i) {
    CHECK(count_alone(store, {event}).counted.size() == 1);
    store.writer().forgive_tries({event});
    (void)store.wait<bool>([&](auto done) { store.writer().call_behind(done); });
  }
  CHECK(store.reader().findings(true, 10, std::nullopt).items.empty());
}

TEST_CASE("tries: what is tried alone goes before what nobody waits for") {
  Store store(both_apis(), false);
  std::vector<std::string> order;
  store.writer().call_behind([&](const auto&) { order.emplace_back("behind"); });
  store.writer().count_tries_alone({}, at(1), [&](const auto&) { order.emplace_back("count"); });
  store.writer().begin_event(
      EventId{1}, at(1), [&](const auto&) { order.emplace_back("begin"); }, TryMode::kAlone);
  store.writer().start();
  store.writer().stop();
  CHECK(order == std::vector<std::string>{"count", "begin", "behind"});
}

TEST_CASE("tries: deciding that throws takes nothing else down, and a replay decides it at last") {
  Store store;
  store.decide_with([](const PaymentEvidence& evidence, const DecisionPolicy& policy) {
    if (evidence.payment_id == kPayment) throw std::runtime_error("a bug of ours");
    return reconciled::core::decide(evidence, policy);
  });
  store.open(both_apis());
  store.writer().start();
  const EventId bad = store.accept(v1_webhook("imp_1", Result::kPaid)).event;
  const auto begin = [&](TryMode mode) {
    return store.wait<SettledReport>(
        [&](auto done) { store.writer().begin_event(bad, at(1), done, mode); });
  };
  CHECK_FALSE(begin(TryMode::kTogether).ok());
  CHECK(tries_of(store) == "1");
  CHECK(suspects(begin(TryMode::kTogether).value()) == std::vector<EventId>{bad});
  for (int i = 0; i < 2; ++i) {
    CHECK(count_alone(store, {bad}).counted.size() == 1);
    CHECK_FALSE(begin(TryMode::kAlone).ok());
  }
  CHECK(count_alone(store, {bad}).parked.size() == 1);
  CHECK_FALSE(store.reader().inbox_event(bad).has_value());
  // Neither is its payment decided by an answer that another asked for.
  CHECK(store.portone_says({v1("imp_1", Result::kPaid)}, 4).changed.empty());
  CHECK(Stranger(store.path()).value("SELECT count(*) FROM snapshot") == "1");
  (void)store.order(kAmount, 5, "", PaymentId::trusted("ord-2"));
  CHECK(store.payment(PaymentId::trusted("ord-2")).expected_amount == kAmount);

  // The program is mended.
  store.decide_with(reconciled::core::decide);
  store.open(both_apis());
  store.writer().start();
  CHECK(replay(store, bad));
  CHECK(store.reader().inbox_event(bad).has_value());
  (void)store.begin({bad}, 10);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 11, {bad});
  CHECK(store.payment().result == Result::kPaid);
  CHECK(store.payment().authority == Authority::kWebhook);
}

TEST_CASE("replay: a known event goes back into the inbox, what moves nothing does not") {
  Store store;
  const EventId webhook = store.accept(v1_webhook("imp_1", Result::kPaid)).event;
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 2, {webhook});
  CHECK_FALSE(store.reader().inbox_event(webhook).has_value());
  CHECK(replay(store, webhook));
  CHECK(store.reader().inbox_event(webhook).has_value());
  (void)store.confirm(confirm_call("imp_1", "64900"));
  CHECK(replay(store, EventId{2}));
  CHECK_FALSE(store.reader().inbox_event(EventId{2}).has_value());
  CHECK_FALSE(replay(store, EventId{4711}));
  // Replays make no second finding, attempt or version.
  const std::int64_t version = store.payment().version;
  (void)store.begin({webhook}, 3);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 4, {webhook});
  CHECK(store.payment().version == version);
  CHECK(store.reader().findings(false, 10, std::nullopt).items.size() == 1);
}

TEST_CASE("tries: a payment on trial is not delivered on once PortOne says anything else") {
  Store store;
  (void)store.order(kAmount);
  const EventId event = store.accept(v1_webhook("imp_1", Result::kPaid)).event;
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 2, {event});
  REQUIRE(store.payment().deliverable);
  Stranger(store.path()).value("UPDATE event_progress SET parked = 1");
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 3);
  CHECK(store.payment().deliverable);
  const SettledReport report = store.portone_says({v1("imp_1", Result::kCancelled)}, 4);
  REQUIRE(report.changed.size() == 1);
  CHECK_FALSE(report.changed[0].deliverable);
  CHECK_FALSE(store.payment().deliverable);
  CHECK(store.payment().result == Result::kPaid);  // until its event is replayed
  CHECK(replay(store, event));
  (void)store.portone_says({v1("imp_1", Result::kCancelled)}, 5, {event});
  CHECK(store.payment().result == Result::kCancelled);
}

TEST_CASE("tries: an event that nobody can be asked about is done once it is begun") {
  DecisionPolicy policy = both_apis();
  policy.v2_store_id.reset();
  Store store(policy);
  NewEvent of_v2 = redirect(UiState::kReturnedSuccess, 1, "tx-1");
  of_v2.event.api = Api::kV2;
  const EventId event = store.accept(of_v2).event;
  Stranger(store.path()).value("UPDATE event_progress SET tries = 2");
  (void)store.begin({event}, 2, TryMode::kAlone);
  CHECK_FALSE(store.reader().inbox_event(event).has_value());
  CHECK(Stranger(store.path()).value("SELECT tries FROM event_progress") == "0");
}
