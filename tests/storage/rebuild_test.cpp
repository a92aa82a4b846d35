// State can be derived again from stored evidence alone (promise 7).
#include "storage/rebuild.h"

#include "tests/storage/store_fixture.h"

using namespace reconciled::test;

namespace {

struct Checked {
  RebuildCounts counts;
  std::vector<std::string> told;
};
Checked check(const Store& store) {
  Checked checked;
  checked.counts = check_rebuild(
      storage::Store(store.path()), [&](const std::string& sentence) { checked.told.push_back(sentence); });
  return checked;
}

// A shop's day in a few payments.
void live(Store& store) {
  (void)store.order(kAmount);
  const EventId webhook = store.accept(v1_webhook("imp_1", Result::kPaid, 1)).event;
  (void)store.begin({webhook}, 2);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 3, {webhook});
  const EventId back = store.accept(redirect(UiState::kReturnedSuccess, 4, "imp_1")).event;
  (void)store.begin({back}, 5);
  (void)store.order(100, 0, "", PaymentId::trusted("ord-2"));
  Snapshot second = v1("imp_2", Result::kPaid);
  second.payment_id = PaymentId::trusted("ord-2");
  (void)store.portone_says({second}, 6);
  const EventId odd =
      store.accept(v2_webhook("tx-3", Result::kPaid, "m", 7, PaymentId::trusted("ord-3"))).event;
  (void)store.begin({odd}, 8);
  store.writer().fire_watches(at(100'000));
  store.writer().stop();
}

}  // namespace

TEST_CASE("rebuild: what was decided follows from the evidence, also after retention") {
  Store store;
  live(store);
  CHECK(check(store).counts.payments == 3);
  CHECK(check(store).told.empty());
  Stranger stranger(store.path());
  REQUIRE(stranger.run("UPDATE event SET body = NULL, headers = NULL").empty());
  REQUIRE(stranger.run("UPDATE snapshot SET body = NULL").empty());
  CHECK(check(store).told.empty());
  CHECK(rebuild(storage::Store(store.path()), at(200'000)).different == 0);
}

TEST_CASE("rebuild: a payment whose row is gone comes back, and its history goes on") {
  Store store;
  live(store);
  Stranger stranger(store.path());
  const std::string version =
      stranger.value("SELECT version FROM payment WHERE payment_id = 'ord-1'");
  REQUIRE(stranger
              .run("DROP TRIGGER payment_stays; DELETE FROM attempt WHERE payment_id = 'ord-1';"
                   "DELETE FROM payment WHERE payment_id = 'ord-1'")
              .empty());
  CHECK(check(store).counts.different == 1);
  CHECK(rebuild(storage::Store(store.path()), at(200'000)).different == 1);
  CHECK(check(store).told.empty());
  CHECK(store.payment().deliverable);
  CHECK(stranger.value("SELECT version - " + version +
                       " FROM payment WHERE payment_id = 'ord-1'") == "1");
}

TEST_CASE("rebuild: a changed payment is told and mended, with history") {
  Store store;
  live(store);
  Stranger stranger(store.path());
  REQUIRE(stranger
              .run("UPDATE payment SET ui_state = 'returned_failure', deliverable = 0, "
                   "version = version + 1 WHERE payment_id = 'ord-1'")
              .empty());
  REQUIRE(stranger
              .run("UPDATE finding SET open = 0, closed_by = 'evidence' "
                   "WHERE payment_id = 'ord-2'")
              .empty());
  const Checked found = check(store);
  CHECK(found.counts.different == 2);
  REQUIRE(found.told.size() >= 3);
  CHECK(found.told[0].rfind("ord-1: deliverable is false, the evidence says true", 0) == 0);
  CHECK(rebuild(storage::Store(store.path()), at(200'000)).different == 2);
  CHECK(check(store).told.empty());
  CHECK(store.payment().deliverable);
  CHECK(stranger.value("SELECT cause FROM transition ORDER BY transition_id DESC") == "rebuild");
}

TEST_CASE("rebuild: findings that another configuration closed are no difference") {
  Store store([] {
    DecisionPolicy without_v1 = both_apis();
    without_v1.v1_configured = false;
    return without_v1;
  }());
  (void)store.order(kAmount);
  Snapshot by_v2 = v2("imp_1", Result::kFailed, 1, 10);
  by_v2.version = Api::kV1;
  (void)store.portone_says({by_v2}, 10);
  by_v2 = v2("imp_1", Result::kPaid, 2, 20);
  by_v2.version = Api::kV1;
  (void)store.portone_says({by_v2}, 20);
  store.open(both_apis());
  store.writer().start();
  // V1 judges it again, and never saw it fail: nothing of the payment's row changes.
  (void)store.portone_says({v1("imp_1", Result::kPaid, 30)}, 30);
  store.writer().stop();
  CHECK(check(store).told.empty());
}
