// What only time tells (interface §1.3): webhooks that should have come, schedules that end.
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;

TEST_CASE("watch: a webhook that should have come opens missing_webhook after ten minutes") {
  Store store;
  (void)store.order(kAmount);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 10);
  CHECK_FALSE(store.reader().has_due_watch(at(609)));
  CHECK(store.reader().has_due_watch(at(610)));
  store.writer().fire_watches(at(609));
  (void)store.accept(redirect(UiState::kReturnedSuccess, 5));  // waits for the line before it
  CHECK(store.reader().findings(true, 10, std::nullopt).items.empty());
  store.writer().fire_watches(at(610));
  const EventId back = store.accept(redirect(UiState::kReturnedSuccess, 6, "imp_1")).event;
  const auto findings = store.reader().findings(true, 10, std::nullopt).items;
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].kind == FindingKind::kMissingWebhook);
  CHECK(store.payment().deliverable);
  CHECK_FALSE(store.reader().has_due_watch(at(100'000)));
  // It comes after all.
  const EventId late = store.accept(v1_webhook("imp_1", Result::kPaid, 700)).event;
  (void)store.begin({back, late}, 701);
  CHECK(store.reader().findings(true, 10, std::nullopt).items.empty());
  CHECK(store.payment().authority == Authority::kWebhook);
}

TEST_CASE("watch: none where PortOne sends no webhook, or it has come") {
  for (const Result silent : {Result::kFailed, Result::kCancelled, Result::kReady}) {
    Store store;
    (void)store.order(kAmount);
    (void)store.portone_says({v1("imp_1", silent)}, 10);
    CHECK_FALSE(store.reader().has_due_watch(at(100'000)));
  }
  Store store;
  (void)store.order(kAmount);
  const EventId webhook = store.accept(v1_webhook("imp_1", Result::kPaid)).event;
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 10, {webhook});
  CHECK_FALSE(store.reader().has_due_watch(at(100'000)));
}

TEST_CASE("schedule: a signed webhook of an unknown payment is told once the schedule is done") {
  Store store;
  const EventId webhook = store.accept(v2_webhook("tx-1", Result::kPaid, "msg_1", 1)).event;
  (void)store.begin({webhook}, 1);
  for (const int asked : {2, 11, 31, 60}) {
    (void)store.settle(Store::answered({QuestionKind::kV2Payment, "ord-1", kPayment}, asked,
                                       LookupReport::Outcome::kNotFound));
    CHECK(store.reader().findings(true, 10, std::nullopt).items.empty());
  }
  (void)store.settle(Store::answered({QuestionKind::kV2Payment, "ord-1", kPayment}, 61,
                                     LookupReport::Outcome::kNotFound));
  auto findings = store.reader().findings(true, 10, std::nullopt).items;
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].kind == FindingKind::kUnknownPayment);
  // Found at last.
  (void)store.portone_says({v2("tx-1", Result::kPaid, 100, 100)}, 100);
  findings = store.reader().findings(true, 10, std::nullopt).items;
  CHECK(std::none_of(findings.begin(), findings.end(), [](const FindingView& view) {
    return view.kind == FindingKind::kUnknownPayment;
  }));
}

TEST_CASE("schedule: an order that nobody pays just ends") {
  Store store;
  (void)store.order(kAmount, 0);
  for (const int day : {29, 30, 31}) {
    for (const QuestionKind kind : {QuestionKind::kV1Order, QuestionKind::kV2Payment}) {
      (void)store.settle(Store::answered({kind, "ord-1", kPayment}, day * 86'400,
                                         LookupReport::Outcome::kNotFound));
    }
  }
  CHECK(store.reader().findings(true, 10, std::nullopt).items.empty());
  CHECK_FALSE(store.payment().next_lookup_at.has_value());
  CHECK(store.payment().asking_ended_at == at(30 * 86'400));
}

TEST_CASE("schedule: a payment that somebody called decided and stays open is stuck until decided") {
  Store store;
  (void)store.order(kAmount, 0);
  (void)store.begin({store.accept(v2_webhook("tx-1", Result::kPaid, "msg-1", 0)).event}, 0);
  const auto ask = [&](int day) {
    (void)store.portone_says({v2("tx-1", Result::kPending, 0, day * 86'400)}, day * 86'400);
  };
  const auto stuck = [&] {
    auto found = store.reader().findings(true, 10, std::nullopt).items;
    std::erase_if(found, [](const FindingView& view) { return view.kind != FindingKind::kStuck; });
    return found;
  };
  ask(0);
  ask(29);
  CHECK(stuck().empty());
  ask(30);
  CHECK(stuck().size() == 1);
  CHECK(store.payment().result == Result::kPending);  // nothing is given up
  (void)store.portone_says({v2("tx-1", Result::kPaid, 31 * 86'400, 31 * 86'400)}, 31 * 86'400);
  CHECK(stuck().empty());
  CHECK(store.payment().deliverable);
}
