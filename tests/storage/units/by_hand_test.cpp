// What a person decides: findings that are closed, orders that are corrected.
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using storage::ResolveOutcome;

namespace {

Snapshot disputed(int look_up = 1) {
  Snapshot snapshot = v2("tx-1", Result::kPaid, 1, look_up);
  snapshot.disputes = std::vector<Dispute>{{"d-1", false}};
  return snapshot;
}

std::vector<FindingView> all_findings(Store& store) {
  return store.reader().findings(false, 10, std::nullopt).items;
}

std::string summaries(Store& store, const std::string& like) {
  return Stranger(store.path())
      .value("SELECT group_concat(summary, ' / ') FROM timeline WHERE summary LIKE '" + like + "'");
}

bool rebuild_agrees(Store& store) {
  std::vector<std::string> differences;
  (void)check_rebuild(storage::Store(store.path()),
                      [&](const std::string& what) { differences.push_back(what); });
  for (const std::string& what : differences) MESSAGE(what);
  return differences.empty();
}

}  // namespace

TEST_CASE("by hand: what a person closed lifts its hold, stays closed, and says who and why") {
  Store store;
  (void)store.order(kAmount);
  (void)store.portone_says({disputed()}, 1);
  REQUIRE_FALSE(store.payment().deliverable);
  const std::int64_t version = store.payment().version;
  const std::int64_t finding = all_findings(store).at(0).id;
  CHECK(store.resolve(finding, 3, "buyer's bank withdrew it") == ResolveOutcome::kResolved);
  CHECK(store.payment().deliverable);
  CHECK(store.payment().version == version + 1);
  const FindingView closed = all_findings(store).at(0);
  CHECK_FALSE(closed.open);
  CHECK(closed.closed_at == at(3));
  CHECK(closed.closed_by == "person");
  CHECK(closed.by == "kim");
  CHECK(closed.note == "buyer's bank withdrew it");
  CHECK(summaries(store, "dispute was closed%") ==
        "dispute was closed by kim: buyer's bank withdrew it");
  CHECK(rebuild_agrees(store));

  // PortOne says it again, and again after a restart.
  (void)store.portone_says({disputed(2)}, 4);
  CHECK(store.payment().deliverable);
  CHECK(store.reader().findings(true, 10, std::nullopt).items.empty());
}

TEST_CASE("by hand: the first note stays; what evidence closed and what nobody knows is said") {
  Store store;
  (void)store.order(kAmount);
  (void)store.portone_says({disputed()}, 1);
  const std::int64_t finding = all_findings(store).at(0).id;
  CHECK(store.resolve(finding + 1, 2) == ResolveOutcome::kAbsent);
  CHECK(store.resolve(finding, 2, "first") == ResolveOutcome::kResolved);
  CHECK(store.resolve(finding, 3, "second", "lee") == ResolveOutcome::kAlready);
  CHECK(all_findings(store).at(0).note == "first");
  CHECK(all_findings(store).at(0).by == "kim");

  Store other;
  (void)other.order(1);
  (void)other.portone_says({v1("imp_1", Result::kPaid)}, 1);
  const std::int64_t mismatch = all_findings(other).at(0).id;
  (void)other.correct(kAmount, 2);
  CHECK(other.resolve(mismatch, 3) == ResolveOutcome::kOver);
}

TEST_CASE("by hand: closing a mismatch lifts nothing") {
  Store store;
  (void)store.order(1);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 1);
  const std::int64_t finding = all_findings(store).at(0).id;
  CHECK(store.resolve(finding, 2) == ResolveOutcome::kResolved);
  CHECK_FALSE(store.payment().deliverable);
  CHECK(rebuild_agrees(store));
}

TEST_CASE("by hand: a finding that is derived anew is not opened again") {
  Store store;
  (void)store.order(kAmount);
  (void)store.portone_says({disputed()}, 1);
  (void)store.resolve(all_findings(store).at(0).id, 2);
  REQUIRE(Stranger(store.path()).run("DELETE FROM finding").empty());
  (void)store.portone_says({disputed(2)}, 3);
  CHECK(store.reader().findings(true, 10, std::nullopt).items.empty());
  CHECK(store.payment().deliverable);
  CHECK(rebuild_agrees(store));
}

TEST_CASE("by hand: a resolution is evidence, and cannot be changed, taken away or replaced") {
  Store store;
  (void)store.order(kAmount);
  (void)store.portone_says({disputed()}, 1);
  (void)store.resolve(all_findings(store).at(0).id, 2);
  Stranger stranger(store.path());
  for (const char* sql :
       {"UPDATE resolution SET note = 'x'", "DELETE FROM resolution",
        "REPLACE INTO resolution SELECT * FROM resolution",
        "INSERT OR REPLACE INTO resolution (payment_id, kind, cause, note, by_whom, at_ms) "
        "SELECT payment_id, kind, cause, 'x', 'y', 1 FROM resolution",
        "UPDATE expected_order SET note = 'x'"}) {
    CAPTURE(sql);
    CHECK(stranger.run(sql).find("evidence") != std::string::npos);
  }
}

TEST_CASE("by hand: an order that was registered wrongly is corrected once paid, as a new version") {
  Store store;
  (void)store.order(6'490, 1);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 2);
  REQUIRE(store.order(kAmount, 3) == OrderOutcome::kConflict);
  CHECK(store.correct(kAmount, 3, "a digit was missing") == OrderOutcome::kUpdated);
  CHECK(store.payment().deliverable);
  CHECK(store.payment().expected_amount == kAmount);
  CHECK_FALSE(all_findings(store).at(0).open);
  CHECK(all_findings(store).at(0).closed_by == "evidence");
  CHECK(summaries(store, "order corrected%") ==
        "order corrected by kim from 6490 KRW to 64900 KRW (a digit was missing), deliverable");
  CHECK(summaries(store, "amount_mismatch is over") == "amount_mismatch is over");
  CHECK(rebuild_agrees(store));
  // And back: what was deliverable is so no longer.
  CHECK(store.correct(1, 4) == OrderOutcome::kUpdated);
  CHECK_FALSE(store.payment().deliverable);
}
