// Promise 9: what nobody vouches for leaves, and nothing else does.
#include "tests/storage/store_fixture.h"
#include "tests/support/invented_redirects.h"

using namespace reconciled::test;

namespace {

constexpr int kEightDays = 8 * 24 * 3600;

PaymentId named(const std::string& id) { return PaymentId::trusted(id); }

// What `now` finds to forget, all of it.
std::int64_t forget(Store& store, int now) {
  std::int64_t events = 0;
  for (bool has_more = true; has_more;) {
    const Forgotten forgotten =
        store.wait<Forgotten>([&](auto done) { store.writer().forget_unvouched(at(now), done); })
            .value();
    events += forgotten.events;
    has_more = forgotten.has_more;
  }
  return events;
}

bool is_refused(const std::string& error) { return error.find("never") != std::string::npos; }

// PortOne was asked about everything, and knew nothing of it.
void all_processed(Store& store) {
  Stranger(store.path()).value("UPDATE event_progress SET processed_at_ms = 1");
}

std::string count(Store& store, const std::string& what) {
  return Stranger(store.path()).value("SELECT count(*) FROM " + what);
}

}  // namespace

TEST_CASE("forget: an invented redirect and an invented webhook leave after 7 days") {
  Store store;
  const Accepted webhook = store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  store.begin({webhook.event}, 1);
  store.accept(redirect(UiState::kReturnedSuccess, 1, "imp_2", named("ord-2")));
  store.accept(redirect(UiState::kReturnedSuccess, 1, std::nullopt, std::nullopt));
  // The newest of all stays, so that its number is not given twice.
  store.accept(redirect(UiState::kReturnedSuccess, 1, "imp_3", named("ord-3")));
  all_processed(store);
  CHECK(count(store, "payment") == "1");
  CHECK(forget(store, kEightDays - 2 * 24 * 3600) == 0);
  CHECK(count(store, "event") == "4");
  CHECK(forget(store, kEightDays) == 3);
  for (const char* table : {"event", "event_progress", "event_by_subject"}) {
    CAPTURE(table);
    CHECK(count(store, table) == "1");
  }
  for (const char* table : {"payment", "transition", "lookup"}) {
    CAPTURE(table);
    CHECK(count(store, table) == "0");
  }
  // What comes again later is news.
  CHECK_FALSE(store.accept(v1_webhook("imp_1", Result::kPaid, kEightDays)).is_copy);
}

TEST_CASE("forget: what an order, an answer or a signature names stays for good") {
  Store store;
  store.accept(redirect(UiState::kReturnedSuccess, 1, "imp_1"));  // registered later
  store.order(10'000, 2);
  store.accept(redirect(UiState::kReturnedSuccess, 1, "imp_of_another", named("ord-answered")));
  store.accept(redirect(UiState::kReturnedSuccess, 1, "tx-1", named("ord-signed")));
  NewEvent by_signature = v2_webhook("tx-1", Result::kPaid, "msg_1", 1, named("ord-signed"));
  store.begin({store.accept(by_signature).event}, 1);
  NewEvent by_attempt = redirect(UiState::kReturnedFailure, 1, "tx-1", named("ord-other"));
  store.accept(by_attempt);
  Stranger(store.path())
      .value(
          "INSERT INTO snapshot (look_up, content, payment_id, attempt_id, api, version, status,"
          "  result, total_amount, cancelled_amount, currency, asked_at_ms) VALUES "
          "(1, 1, 'ord-answered', 'imp_9', 'v1', 'v1', 'paid', 'paid', 1, 0, 'KRW', 1)");
  all_processed(store);
  CHECK(forget(store, kEightDays) == 0);
  CHECK(count(store, "event") == "5");
}

TEST_CASE("forget: a webhook that PortOne was not asked about yet waits, a redirect does not") {
  Store store;
  store.accept(redirect(UiState::kReturnedSuccess, 1, "imp_2", named("ord-2")));
  store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  store.accept(redirect(UiState::kReturnedSuccess, kEightDays, "imp_3", named("ord-3")));
  CHECK(forget(store, kEightDays) == 1);
  CHECK(count(store, "event WHERE source = 'webhook'") == "1");
}

TEST_CASE(
    "forget: a redirect leaves alone the look-up that a webhook about its attempt waits for") {
  Store store;
  store.accept(redirect(UiState::kReturnedSuccess, 1, "imp_1", named("ord-invented")));
  NewEvent by_portone = v1_webhook("imp_1", Result::kPaid, 1, named("ord-1"));
  by_portone.known_source = true;
  const EventId waiting = store.accept(by_portone).event;
  LookupReport unanswered = Store::answered({QuestionKind::kV1Attempt, "imp_1", named("ord-1")}, 2,
                                            LookupReport::Outcome::kUnusable);
  unanswered.events = store.covers({waiting});
  store.settle(unanswered);
  store.accept(redirect(UiState::kReturnedSuccess, kEightDays, "imp_3", named("ord-3")));
  CHECK(forget(store, kEightDays) == 1);
  CHECK(count(store, "event") == "2");
  CHECK(count(store, "lookup WHERE id = 'imp_1' AND next_at_ms IS NOT NULL") == "1");
}

TEST_CASE("forget: beyond 100 000 the oldest leave before their time") {
  Store store;
  store.order(10'000);
  store.accept(redirect(UiState::kReturnedSuccess, 1, "imp_1"));  // the oldest, but registered
  NewEvent by_portone = v1_webhook("imp_2", Result::kPaid, 1, named("ord-2"));
  by_portone.known_source = true;
  store.accept(by_portone);
  store.accept(v1_webhook("imp_3", Result::kPaid, 1, named("ord-3")));  // anybody's
  store.writer().stop();
  CHECK(Stranger(store.path()).run(invented_redirects(4, 100'602, to_ms(at(1)))).empty());
  store.open(both_apis());
  store.writer().start();
  CHECK(forget(store, 2) == 600);
  CHECK(count(store, "event") == "100002");
  CHECK(count(store, "event WHERE event_id <= 3") == "2");
  CHECK(count(store, "event WHERE event_id = 3") == "0");
  CHECK(count(store, "event_by_subject") == "100002");
}

TEST_CASE("forget: nobody else deletes what is vouched for, nor its payment") {
  Store store;
  store.order(10'000);
  store.accept(redirect(UiState::kReturnedSuccess, 1, "imp_1"));
  store.begin({store.accept(v2_webhook("tx-1", Result::kPaid, "msg_1", 1, named("ord-s"))).event},
              1);
  Stranger shell(store.path());
  CHECK(is_refused(shell.run("DELETE FROM event WHERE source = 'redirect'")));
  CHECK(is_refused(shell.run("DELETE FROM event WHERE signed = 1")));
  CHECK(is_refused(shell.run("DELETE FROM payment WHERE payment_id = 'ord-s'")));
  CHECK(is_refused(shell.run("DELETE FROM transition WHERE payment_id = 'ord-s'")));
}
