// What the shop registers (interface §6, PUT and DELETE /orders).
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;

namespace {

std::string versions(Store& store) {
  return Stranger(store.path()).value("SELECT count(*) FROM expected_order");
}

}  // namespace

TEST_CASE("orders: the first registration creates the payment and puts it on the schedule") {
  Store store;
  CHECK(store.order(kAmount, 1, "two socks") == OrderOutcome::kCreated);
  const PaymentView payment = store.payment();
  CHECK(payment.result == Result::kNone);
  CHECK(payment.expected_amount == kAmount);
  CHECK(payment.currency == kKrw);
  CHECK_FALSE(payment.authority.has_value());
  CHECK(payment.next_lookup_at == at(11) + jitter("ord-1", 10s));
  const auto order = store.reader().order(kPayment);
  REQUIRE(order.has_value());
  CHECK(order->amount == kAmount);
  CHECK(order->currency == kKrw);
  CHECK(order->name == "two socks");
  CHECK(order->registered_at == at(1));
}

TEST_CASE("orders: the same again is unchanged, anything else a new version") {
  Store store;
  (void)store.order(kAmount, 1, "socks");
  CHECK(store.order(kAmount, 2, "socks") == OrderOutcome::kUnchanged);
  CHECK(versions(store) == "1");
  CHECK(store.order(kAmount, 3, "shoes") == OrderOutcome::kUpdated);
  CHECK(store.order(100, 4, "shoes") == OrderOutcome::kUpdated);
  CHECK(store.order(100, 5, "shoes", kPayment, kUsd) == OrderOutcome::kUpdated);
  CHECK(versions(store) == "4");
  CHECK(store.reader().order(kPayment)->currency == kUsd);
  CHECK(store.payment().expected_amount == 100);
}

TEST_CASE("orders: a registered amount or currency does not change once PortOne said paid") {
  Store store;
  (void)store.order(kAmount, 1, "socks");
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 2);
  CHECK(store.order(1, 3, "socks") == OrderOutcome::kConflict);
  CHECK(store.order(kAmount, 3, "socks", kPayment, kUsd) == OrderOutcome::kConflict);
  CHECK(store.withdraw(3) == OrderOutcome::kConflict);
  CHECK(store.reader().order(kPayment)->amount == kAmount);
  CHECK(store.payment().deliverable);
  // The name is no money.
  CHECK(store.order(kAmount, 4, "two socks") == OrderOutcome::kUpdated);
  CHECK(store.order(kAmount, 5, "two socks") == OrderOutcome::kUnchanged);
}

TEST_CASE("orders: nor once a signed webhook said paid; an unsigned one hinders nothing") {
  Store store;
  (void)store.order(kAmount);
  (void)store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  CHECK(store.order(100, 2) == OrderOutcome::kUpdated);
  (void)store.accept(v2_webhook("tx-1", Result::kPaid, "msg_1", 3));
  CHECK(store.order(200, 4) == OrderOutcome::kConflict);
  CHECK(store.withdraw(4) == OrderOutcome::kConflict);
}

TEST_CASE("orders: a first registration is never refused, and it can lift a hold") {
  Store store;
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 1);
  CHECK_FALSE(store.payment().deliverable);
  CHECK(store.reader().findings(true, 10, std::nullopt).items.at(0).kind ==
        FindingKind::kUnregisteredOrder);
  CHECK(store.order(kAmount, 2) == OrderOutcome::kCreated);
  CHECK(store.payment().deliverable);
  CHECK(store.reader().findings(true, 10, std::nullopt).items.empty());
}

TEST_CASE("orders: failed and open payments may still be changed") {
  for (const Result result :
       {Result::kReady, Result::kPending, Result::kAwaitingDeposit, Result::kFailed}) {
    Store store;
    (void)store.order(kAmount);
    (void)store.portone_says({v1("imp_1", result)}, 1);
    CHECK(store.order(100, 2) == OrderOutcome::kUpdated);
  }
}

TEST_CASE("orders: what was withdrawn is not there, and may be registered again") {
  Store store;
  CHECK(store.withdraw(1) == OrderOutcome::kAbsent);
  (void)store.order(kAmount, 1);
  CHECK(store.withdraw(2) == OrderOutcome::kUpdated);
  CHECK_FALSE(store.reader().order(kPayment).has_value());
  CHECK_FALSE(store.payment().expected_amount.has_value());
  CHECK(store.withdraw(3) == OrderOutcome::kAbsent);
  CHECK(store.order(100, 4) == OrderOutcome::kCreated);
  CHECK(store.payment().expected_amount == 100);
  CHECK(versions(store) == "3");
}

TEST_CASE("orders: a withdrawn order's payment is held") {
  Store store;
  (void)store.order(kAmount, 1);
  (void)store.withdraw(2);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 3);
  CHECK(store.payment().result == Result::kPaid);
  CHECK_FALSE(store.payment().deliverable);
}

TEST_CASE("orders: a withdrawn order that nothing else names is not asked about any more") {
  Store store;
  (void)store.order(kAmount, 1);
  (void)store.withdraw(2);
  CHECK_FALSE(store.reader().next_lookup({true, true}).has_value());
}
