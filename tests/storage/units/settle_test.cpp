// From an event to a decided payment, in every order of arrival.
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;

namespace {

bool in_inbox(Store& store, EventId id) { return store.reader().inbox_event(id).has_value(); }

}  // namespace

TEST_CASE("flow: webhook first, then the order, then PortOne's answer") {
  Store store;
  const Accepted webhook = store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  const SettledReport begun = store.begin({webhook.event}, 2);
  REQUIRE(begun.changed.size() == 1);
  CHECK(begun.changed[0].to == Result::kNone);
  PaymentView payment = store.payment();
  CHECK(payment.result == Result::kNone);
  // An unsigned pair is a claim until PortOne confirms it.
  CHECK(payment.webhook_status == Result::kNone);

  CHECK(store.order(kAmount, 3) == OrderOutcome::kCreated);
  LookupReport report = Store::answered(about_attempt("imp_1"), 4);
  report.snapshots = {v1("imp_1", Result::kPaid, 4)};
  report.events = store.covers({webhook.event});
  const SettledReport settled = store.settle(report);
  REQUIRE(settled.changed.size() == 1);
  CHECK(settled.changed[0].from == Result::kNone);
  CHECK(settled.changed[0].to == Result::kPaid);
  CHECK(settled.changed[0].deliverable);
  CHECK(settled.changed[0].authority == Authority::kWebhook);
  CHECK(settled.reconciled_events == std::vector<Time>{at(1)});
  CHECK_FALSE(in_inbox(store, webhook.event));

  payment = store.payment();
  CHECK(payment.result == Result::kPaid);
  CHECK(payment.deliverable);
  CHECK(payment.authority == Authority::kWebhook);
  CHECK(payment.webhook_status == Result::kPaid);
  CHECK(payment.expected_amount == kAmount);
  CHECK(payment.total_amount == kAmount);
  CHECK(payment.decided_at == at(4));
  CHECK(payment.version == 3);
}

TEST_CASE("flow: redirect first makes no payment, and moves only ui_state later") {
  Store store;
  const Accepted back = store.accept(redirect(UiState::kReturnedSuccess, 1, "imp_1"));
  CHECK(store.begin({back.event}, 2).changed.empty());
  CHECK(Stranger(store.path()).value("SELECT count(*) FROM payment") == "0");
  // Known by the redirect only: `none`, from its events.
  const auto detail = store.reader().payment(kPayment, true);
  REQUIRE(detail.has_value());
  CHECK(detail->payment.result == Result::kNone);
  CHECK(detail->payment.ui_state == UiState::kReturnedSuccess);
  CHECK(detail->payment.number == 0);

  (void)store.order(kAmount, 3);
  CHECK(store.payment().ui_state == UiState::kReturnedSuccess);
  CHECK(store.payment().result == Result::kNone);
  (void)store.portone_says({v1("imp_1", Result::kFailed)}, 4, {back.event});
  CHECK(store.payment().result == Result::kFailed);
  CHECK(store.payment().ui_state == UiState::kReturnedSuccess);
  CHECK(store.payment().authority == Authority::kLookup);
  CHECK_FALSE(in_inbox(store, back.event));
}

TEST_CASE("flow: a redirect that repeats itself changes nothing the second time") {
  Store store;
  (void)store.order(kAmount);
  const Accepted back = store.accept(redirect(UiState::kReturnedSuccess, 1, "imp_1"));
  CHECK(store.begin({back.event}, 2).changed.size() == 1);
  const std::int64_t version = store.payment().version;
  (void)store.accept(redirect(UiState::kReturnedSuccess, 3, "imp_1"));
  CHECK(store.begin({back.event}, 4).changed.empty());
  CHECK(store.payment().version == version);
}

TEST_CASE("flow: order first, decided by look-up, and a late webhook takes the authority over") {
  Store store;
  (void)store.order(kAmount);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 10);
  CHECK(store.payment().authority == Authority::kLookup);
  CHECK(store.payment().deliverable);
  const std::int64_t version = store.payment().version;
  const Accepted webhook = store.accept(v1_webhook("imp_1", Result::kPaid, 20));
  (void)store.begin({webhook.event}, 21);
  CHECK(store.payment().authority == Authority::kWebhook);
  CHECK(store.payment().webhook_status == Result::kPaid);
  CHECK(store.payment().version == version + 1);
  CHECK(store.payment().decided_at == at(10));
}

TEST_CASE("flow: an unchanged answer is kept as evidence and is no new version") {
  Store store;
  (void)store.order(kAmount);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 10);
  const PaymentView before = store.payment();
  CHECK(store.portone_says({v1("imp_1", Result::kPaid)}, 20).changed.empty());
  CHECK(store.payment().version == before.version);
  CHECK(store.payment().updated_at == before.updated_at);
  // Counted on the answer that it repeats, whatever comes between of other attempts.
  CHECK(Stranger(store.path()).value("SELECT count(*) FROM snapshot") == "1");
  CHECK(Stranger(store.path()).value("SELECT look_up FROM snapshot_repeat") == "20");
  (void)store.portone_says({v1("imp_1", Result::kCancelled)}, 30);
  (void)store.portone_says({v1("imp_1", Result::kCancelled)}, 40);
  CHECK(Stranger(store.path()).value("SELECT count(*) FROM snapshot") == "2");
  // What an earlier look-up brought, written later, keeps its place.
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 35);
  CHECK(Stranger(store.path()).value("SELECT count(*) FROM snapshot") == "3");
  CHECK(store.payment().result == Result::kCancelled);
}

TEST_CASE("flow: an unknown attempt stays open while PortOne gives no usable answer") {
  Store store;
  const Accepted webhook = store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  (void)store.begin({webhook.event}, 2);
  LookupReport report =
      Store::answered(about_attempt("imp_1"), 3, LookupReport::Outcome::kUnusable);
  report.events = store.covers({webhook.event});
  CHECK(store.settle(report).reconciled_events.empty());
  CHECK(in_inbox(store, webhook.event));
  report = Store::answered(about_attempt("imp_1"), 5, LookupReport::Outcome::kNotFound);
  report.events = store.covers({webhook.event});
  CHECK(store.settle(report).reconciled_events.size() == 1);
  CHECK_FALSE(in_inbox(store, webhook.event));
  CHECK(store.payment().result == Result::kNone);
  CHECK(store.payment().webhook_status == Result::kNone);
  CHECK(store.reader().payment(kPayment, false)->findings.empty());
}

TEST_CASE("flow: an attempt that belongs to another payment than was claimed pays that one") {
  Store store;
  (void)store.order(kAmount);
  const Accepted webhook = store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  (void)store.begin({webhook.event}, 2);
  LookupReport report = Store::answered(about_attempt("imp_1"), 3);
  report.snapshots = {v1("imp_1", Result::kPaid, 3)};
  report.snapshots[0].payment_id = PaymentId::trusted("ord-2");
  report.events = store.covers({webhook.event});
  (void)store.settle(report);
  CHECK(store.payment().result == Result::kNone);
  CHECK(store.payment().webhook_status == Result::kNone);
  CHECK(store.reader().payment(kPayment, false)->attempts.empty());
  const PaymentView owner = store.payment(PaymentId::trusted("ord-2"));
  CHECK(owner.result == Result::kPaid);
  CHECK_FALSE(owner.deliverable);  // nobody registered it
  // Unsigned: no finding on the claimed payment.
  CHECK(store.reader().payment(kPayment, false)->findings.empty());
  CHECK_FALSE(in_inbox(store, webhook.event));
}

TEST_CASE("flow: a signed webhook that PortOne contradicts opens identity_mismatch") {
  Store store;
  (void)store.order(kAmount);
  const Accepted webhook = store.accept(v2_webhook("tx-1", Result::kPaid, "msg_1", 1));
  (void)store.begin({webhook.event}, 2);
  CHECK(store.reader().payment(kPayment, false)->attempts.size() == 1);
  Snapshot elsewhere = v2("tx-1", Result::kPaid, 3, 3);
  elsewhere.payment_id = PaymentId::trusted("ord-2");
  (void)store.portone_says({elsewhere}, 3, {webhook.event});
  CHECK(store.payment().result == Result::kNone);
  CHECK_FALSE(store.payment().deliverable);
  const auto detail = store.reader().payment(kPayment, false);
  REQUIRE(detail->findings.size() == 1);
  CHECK(detail->findings[0].kind == FindingKind::kIdentityMismatch);
  CHECK(detail->attempts.empty());
  CHECK(store.payment(PaymentId::trusted("ord-2")).result == Result::kPaid);
}

TEST_CASE("flow: two payments that signed webhooks claim one attempt for both keep it until PortOne "
          "says whose it is") {
  Store store;
  const PaymentId other = PaymentId::trusted("ord-2");
  for (const PaymentId& payment : {kPayment, other}) {
    const Accepted webhook =
        store.accept(v2_webhook("tx-1", Result::kPaid, "msg_" + payment.str(), 1, payment));
    (void)store.begin({webhook.event}, 2);
  }
  CHECK(store.reader().payment(kPayment, false)->attempts.size() == 1);
  CHECK(store.reader().payment(other, false)->attempts.size() == 1);
  Snapshot elsewhere = v2("tx-1", Result::kPaid, 3, 3);
  elsewhere.payment_id = other;
  LookupReport report = Store::answered({QuestionKind::kV2Payment, other.str(), other}, 3);
  report.snapshots = {elsewhere};
  (void)store.settle(report);
  CHECK(store.payment(other).result == Result::kPaid);
  const auto detail = store.reader().payment(kPayment, false);
  CHECK(detail->attempts.empty());
  REQUIRE(detail->findings.size() == 1);
  CHECK(detail->findings[0].kind == FindingKind::kIdentityMismatch);
}

TEST_CASE("flow: a redirect that names only the attempt is found once PortOne says whose it is") {
  Store store;
  (void)store.order(kAmount);
  const Accepted back = store.accept(redirect(UiState::kReturnedFailure, 1, "imp_1", std::nullopt));
  CHECK(store.begin({back.event}, 2).changed.empty());
  CHECK(store.payment().ui_state == UiState::kNone);
  LookupReport report = Store::answered(about_attempt("imp_1", std::nullopt), 3);
  report.snapshots = {v1("imp_1", Result::kReady, 3)};
  report.events = store.covers({back.event});
  (void)store.settle(report);
  CHECK(store.payment().ui_state == UiState::kReturnedFailure);
  CHECK(store.payment().result == Result::kReady);
  CHECK_FALSE(in_inbox(store, back.event));
  EventFilter filter;
  filter.payment_id = kPayment;
  CHECK(store.reader().events(filter).items.size() == 1);
  // One that comes later is found at once.
  const Accepted later =
      store.accept(redirect(UiState::kReturnedSuccess, 9, "imp_1", std::nullopt));
  (void)store.begin({later.event}, 10);
  CHECK(store.payment().ui_state == UiState::kReturnedSuccess);
}

TEST_CASE("flow: a finding opens, closes by evidence, and opens again as the same row") {
  Store store;
  (void)store.order(100);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 1);
  auto findings = store.reader().findings(true, 10, std::nullopt).items;
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].kind == FindingKind::kAmountMismatch);
  CHECK(findings[0].payment_id == kPayment);
  const std::int64_t id = findings[0].id;
  (void)store.portone_says({v1("imp_1", Result::kCancelled)}, 2);
  CHECK(store.reader().findings(true, 10, std::nullopt).items.empty());
  findings = store.reader().findings(false, 10, std::nullopt).items;
  REQUIRE(findings.size() == 1);
  CHECK_FALSE(findings[0].open);
  CHECK(findings[0].closed_at == at(2));
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 3);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 4);
  findings = store.reader().findings(true, 10, std::nullopt).items;
  const bool same_row = std::any_of(findings.begin(), findings.end(),
                                    [&](const FindingView& view) { return view.id == id; });
  CHECK(same_row);
}

TEST_CASE("flow: a finding tells of the amount that is paid, not of one that was paid before") {
  Store store;
  Snapshot small = v1("imp_1", Result::kPaid);
  small.total_amount = 6'490;
  (void)store.portone_says({small}, 1);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 2);
  const auto findings = store.reader().findings(true, 10, std::nullopt).items;
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].kind == FindingKind::kUnregisteredOrder);
  CHECK(findings[0].detail.starts_with("Paid 64,900 KRW"));
  CHECK(findings[0].opened_at == at(1));
}

TEST_CASE("flow: disputes, charge-backs and the virtual account survive the store") {
  Store store;
  (void)store.order(kAmount);
  Snapshot waiting = v2("tx-1", Result::kAwaitingDeposit, 1, 1);
  waiting.virtual_account = VirtualAccount{"KB", "123-456", "가게", portone_at(500)};
  waiting.disputes = std::vector<Dispute>{{"d\"1", false}, {"d-2", true}};
  waiting.chargebacks = {"c-1"};
  waiting.failure_reason = "why";
  (void)store.portone_says({waiting}, 1);
  const auto detail = store.reader().payment(kPayment, true);
  REQUIRE(detail->attempts.size() == 1);
  CHECK(detail->attempts[0].virtual_account == waiting.virtual_account);
  CHECK(detail->attempts[0].failure_reason == "why");
  std::vector<std::string> found;
  for (const FindingView& finding : detail->findings) found.emplace_back(to_word(finding.kind));
  std::sort(found.begin(), found.end());
  CHECK(found == Kinds{"chargeback", "dispute"});
  // Deciding anew from the file alone says the same.
  (void)store.order(kAmount, 5, "a name");
  CHECK(store.reader().findings(true, 10, std::nullopt).items.size() == 2);
}

TEST_CASE("flow: any order of the same evidence ends in the same payment") {
  std::vector<std::string> ends;
  std::vector<int> steps{0, 1, 2, 3};
  do {
    Store store;
    std::vector<EventId> events;
    for (const int step : steps) {
      if (step == 0) (void)store.order(kAmount, 0);
      if (step == 1) events.push_back(store.accept(v1_webhook("imp_1", Result::kPaid, 1)).event);
      if (step == 2) {
        events.push_back(store.accept(redirect(UiState::kReturnedSuccess, 1, "imp_1")).event);
      }
      if (step == 3) (void)store.portone_says({v1("imp_1", Result::kPaid)}, 5, events);
      (void)store.begin(events, 6);
    }
    ends.push_back(
        Stranger(store.path())
            .value("SELECT result, authority, deliverable, unverified, unobstructed, ui_state, "
                   "webhook_status, currency, expected_amount, total_amount, cancelled_amount, "
                   "winning_attempt_id FROM payment"));
  } while (std::next_permutation(steps.begin(), steps.end()));
  REQUIRE(ends.size() == 24);
  CHECK(ends[0] == "paid|webhook|1|0|1|returned_success|paid|KRW|64900|64900|0|imp_1");
  for (const std::string& end : ends) CHECK(end == ends[0]);
}
