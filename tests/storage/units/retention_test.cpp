// Raw bodies leave once they are old, and nothing that anybody decides on (promises 7 and 9).
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using storage::Emptied;

namespace {

// The clock stands at `now`.
Emptied empty(Store& store, int before, int now = 1'000'000) {
  return store
      .wait<Emptied>([&](auto done) { store.writer().empty_raw({at(before), at(now)}, done); })
      .value();
}

std::string with_body(Store& store, const std::string& table) {
  return Stranger(store.path()).value("SELECT count(*) FROM " + table + " WHERE body IS NOT NULL");
}

NewEvent raw(int number) {
  const std::string text = std::to_string(number);
  NewEvent event = v2_webhook("tx-" + text, Result::kPaid, "msg_" + text, number,
                              PaymentId::trusted("ord-" + text));
  event.event.stored_body = "{\"raw\":" + text + "}";
  event.headers_json = "{}";
  return event;
}

}  // namespace

TEST_CASE("retention: what is older loses body and headers, the rest keeps them") {
  Store store;
  for (int i = 1; i <= 5; ++i) (void)store.accept(raw(i));
  Snapshot paid = v1("imp_1", Result::kPaid, 2);
  paid.stored_body = "{}";
  (void)store.order(kAmount);
  (void)store.portone_says({paid}, 2);
  CHECK(with_body(store, "snapshot_body") == "1");
  const Emptied emptied = empty(store, 4);
  CHECK(emptied.events == 3);
  CHECK(emptied.snapshots == 1);
  CHECK_FALSE(emptied.has_more);
  Stranger stranger(store.path());
  CHECK(stranger.value("SELECT group_concat(event_id) FROM event WHERE body IS NULL") == "1,2,3");
  CHECK(stranger.value("SELECT group_concat(event_id) FROM event WHERE headers IS NULL") == "1,2,3");
  CHECK(with_body(store, "snapshot_body") == "0");
  CHECK(store.payment().deliverable);
  CHECK(check_rebuild(storage::Store(store.path()), [](const std::string& what) { MESSAGE(what); })
            .different == 0);
  // It goes on where it was.
  CHECK(empty(store, 4).events == 0);
  CHECK(empty(store, 6).events == 2);
}

TEST_CASE("retention: an answer of before loses the body that stands beside what was read of it") {
  Store store;
  (void)store.order(kAmount);
  (void)store.portone_says({v1("imp_1", Result::kPaid, 2)}, 2);
  Stranger stranger(store.path());
  const std::string guard =
      stranger.value("SELECT sql FROM sqlite_schema WHERE name = 'snapshot_is_evidence'");
  REQUIRE(stranger.run("DROP TRIGGER snapshot_is_evidence; UPDATE snapshot SET body = '{}'; " + guard)
              .empty());
  CHECK(empty(store, 4).snapshots == 1);
  CHECK(with_body(store, "snapshot") == "0");
}

TEST_CASE("retention: what left makes room for what comes") {
  Store store;
  const auto accept_and_empty = [&](int first) {
    for (int i = first; i < first + 1'000; ++i) {
      NewEvent event = raw(i);
      event.event.stored_body = std::string(static_cast<std::size_t>(800 + i % 7 * 900), 'b');
      (void)store.accept(std::move(event));
      Snapshot paid = v1("imp_" + std::to_string(i), Result::kPaid, i);
      paid.payment_id = PaymentId::trusted("ord-" + std::to_string(i));
      paid.stored_body = std::string(static_cast<std::size_t>(1'500 + i % 5 * 500), 'a');
      (void)store.portone_says({paid}, i);
    }
    const std::int64_t pages = std::stoll(Stranger(store.path()).value("PRAGMA page_count"));
    while (empty(store, first + 1'000).has_more) continue;
    return pages;
  };
  const std::int64_t once = accept_and_empty(1);
  const std::int64_t twice = accept_and_empty(1'001);
  const std::int64_t thrice = accept_and_empty(2'001);
  MESSAGE(once << ", " << twice << ", " << thrice << " pages");
  CHECK(once > 1'500);
  // What is left of each event and payment is a fifth of it.
  CHECK(twice < once * 13 / 10);
  CHECK(thrice < once * 16 / 10);
  CHECK(Stranger(store.path()).value("PRAGMA integrity_check") == "ok");
  CHECK(Stranger(store.path()).rows("PRAGMA foreign_key_check").empty());
}

TEST_CASE("retention: many leave in steps, and one that is not old stops at itself") {
  Store store;
  for (int i = 1; i <= 300; ++i) (void)store.accept(raw(i));
  int steps = 0;
  std::int64_t events = 0;
  for (bool has_more = true; has_more; ++steps) {
    const Emptied emptied = empty(store, 1'000);
    events += emptied.events;
    has_more = emptied.has_more;
  }
  CHECK(events == 300);
  CHECK(steps == 3);
  (void)store.accept(raw(5'000));
  (void)store.accept(raw(301));
  CHECK(empty(store, 1'000).events == 0);
  CHECK(with_body(store, "event") == "2");
}

TEST_CASE("retention: what a clock that ran ahead left goes with what came after it") {
  Store store;
  (void)store.accept(raw(1));
  // More than one step looks at, and all of them from a far future.
  for (int i = 0; i < 150; ++i) (void)store.accept(raw(900'000 + i));
  CHECK(empty(store, 100, 200).events == 1);
  // Nothing came after them: nobody knows how old they are.
  CHECK(empty(store, 100, 200).events == 0);
  (void)store.accept(raw(150));
  CHECK(empty(store, 100, 200).events == 0);
  CHECK(with_body(store, "event") == "151");
  // The one behind them is old now, and so are they.
  Emptied emptied = empty(store, 160, 260);
  CHECK(emptied.events == 128);
  CHECK(emptied.has_more);
  CHECK(empty(store, 160, 260).events == 23);
  CHECK(with_body(store, "event") == "0");
}
