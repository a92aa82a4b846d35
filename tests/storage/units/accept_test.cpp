// Taking in what arrives: copies, the inbox, confirm answers, refused deliveries.
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;

namespace {

std::string progress(Store& store, EventId id) {
  return Stranger(store.path())
      .value(
          "SELECT copies, last_arrival_ms, processed_at_ms IS NULL FROM event_progress "
          "WHERE event_id = " +
          std::to_string(id.value));
}
std::string expected(int copies, int last_arrival, bool in_inbox) {
  return std::to_string(copies) + "|" + std::to_string(to_ms(at(last_arrival))) +
         (in_inbox ? "|1" : "|0");
}

}  // namespace

TEST_CASE("accept: a repeated V1 tuple is stored once and counted") {
  Store store;
  const Accepted first = store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  const Accepted second = store.accept(v1_webhook("imp_1", Result::kPaid, 5));
  CHECK_FALSE(first.is_copy);
  CHECK(second.is_copy);
  CHECK(second.event == first.event);
  CHECK(progress(store, first.event) == expected(2, 5, true));
  CHECK_FALSE(store.accept(v1_webhook("imp_1", Result::kCancelled, 6)).is_copy);
  CHECK_FALSE(store.accept(v1_webhook("imp_2", Result::kPaid, 6)).is_copy);
  CHECK_FALSE(
      store.accept(v1_webhook("imp_1", Result::kPaid, 6, PaymentId::trusted("ord-2"))).is_copy);
}

TEST_CASE("accept: a repeated webhook-id is stored once, whoever else sends the same") {
  Store store;
  const Accepted first = store.accept(v2_webhook("tx-1", Result::kPaid, "msg_1", 1));
  CHECK(store.accept(v2_webhook("tx-1", Result::kPaid, "msg_1", 2)).event == first.event);
  CHECK_FALSE(store.accept(v2_webhook("tx-1", Result::kPaid, "msg_2", 3)).is_copy);
  // A redirect cannot pass itself off as a copy of a webhook.
  NewEvent forged = redirect(UiState::kReturnedSuccess, 4);
  forged.event.dedupe_text = "msg_1";
  CHECK_FALSE(store.accept(forged).is_copy);
}

TEST_CASE("accept: copies in one batch find each other") {
  Store store(both_apis(), false);
  for (int i = 0; i < 10; ++i) {
    store.writer().accept_event(v1_webhook("imp_1", Result::kPaid, i), nullptr);
  }
  store.writer().start();
  store.writer().stop();
  CHECK(Stranger(store.path()).value("SELECT count(*) FROM event") == "1");
  CHECK(progress(store, EventId{1}) == expected(10, 9, true));
}

TEST_CASE("accept: an older copy does not turn the arrival back") {
  Store store;
  const Accepted event = store.accept(v1_webhook("imp_1", Result::kPaid, 9));
  (void)store.accept(v1_webhook("imp_1", Result::kPaid, 4));
  CHECK(progress(store, event.event) == expected(2, 4, true));  // the clock was set back between
}

TEST_CASE("accept: a copy may be news, so it opens the event again") {
  Store store;
  const Accepted event = store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 2, {event.event});
  CHECK(progress(store, event.event) == expected(1, 1, false));
  (void)store.accept(v1_webhook("imp_1", Result::kPaid, 7));
  CHECK(progress(store, event.event) == expected(2, 7, true));
  // A look-up that began before the copy was known does not answer for it, whatever the clock said.
  LookupReport earlier = Store::answered({QuestionKind::kV1Order, "ord-1", kPayment}, 90);
  earlier.snapshots = {v1("imp_1", Result::kPaid, 90)};
  earlier.events = {{event.event, 1}};
  (void)store.settle(earlier);
  CHECK(progress(store, event.event) == expected(2, 7, true));
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 8, {event.event});
  CHECK(progress(store, event.event) == expected(2, 7, false));
}

TEST_CASE("accept: what moves nothing is stored and never waits in the inbox") {
  Store store;
  for (const EventKind kind : {EventKind::kTestCall, EventKind::kEscrow, EventKind::kBillingKey,
                               EventKind::kTaxInvoice, EventKind::kUnknown}) {
    NewEvent event = v1_webhook("imp_1", Result::kPaid);
    event.event.kind = kind;
    event.event.status.reset();
    event.event.dedupe_text = std::string(to_word(kind));
    const Accepted accepted = store.accept(event);
    CHECK(progress(store, accepted.event) == expected(1, 1, false));
    CHECK(store.accept(event).is_copy);
    CHECK(progress(store, accepted.event) == expected(2, 1, false));
  }
  CHECK(store.reader().inbox_after(EventId{0}, 10).empty());
}

TEST_CASE("accept: the stored event is what arrived") {
  Store store;
  NewEvent event = v2_webhook("tx-1", Result::kPaid, "msg_1", 3);
  event.known_source = true;
  event.event.reason_code = "E1";
  event.event.reason_message = "한도 초과";
  event.event.stored_body = "{\"a\":1}";
  const auto view = store.reader().event(store.accept(event).event);
  REQUIRE(view.has_value());
  CHECK(view->received_at == at(3));
  CHECK(view->source == EventSource::kWebhook);
  CHECK(view->api == Api::kV2);
  CHECK(view->kind == EventKind::kPayment);
  CHECK(view->payment_id == kPayment);
  CHECK(view->attempt_id == attempt("tx-1"));
  CHECK(view->status == Result::kPaid);
  CHECK(view->is_signed);
  CHECK(view->known_source);
  CHECK(view->remote_ip == "203.0.113.7");
  CHECK(view->reason_message == "한도 초과");
  CHECK(view->headers_json == R"({"user-agent":"test"})");
  CHECK(view->body == "{\"a\":1}");
}

TEST_CASE("accept: only pending events are announced, copies among them") {
  Store store;
  (void)store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  (void)store.accept(v1_webhook("imp_1", Result::kPaid, 2));
  NewEvent quiet = v1_webhook("imp_1", Result::kPaid, 3);
  quiet.event.kind = EventKind::kTestCall;
  quiet.event.dedupe_text = "test";
  (void)store.accept(quiet);
  store.writer().stop();
  std::size_t pending = 0;
  for (const CommitNotice& notice : store.heard().notices) pending += notice.pending_events.size();
  CHECK(pending == 2);
}

TEST_CASE("accept: of what anybody can say about one payment so much is taken, and no more") {
  Store store;
  const auto redirect_number = [](std::int64_t i) {
    return redirect(UiState::kReturnedSuccess, 1, "imp_" + std::to_string(i));
  };
  for (std::int64_t i = 0; i < kMaxAnybodys; ++i) {
    store.writer().accept_event(redirect_number(i), nullptr);
  }
  const Accepted refused = store.accept(redirect_number(kMaxAnybodys));
  CHECK(refused.is_one_too_many);
  CHECK(store.accept(v1_webhook("imp_x", Result::kPaid)).is_one_too_many);
  CHECK_FALSE(store.confirm(confirm_call("imp_x", "100")).approved);
  CHECK(Stranger(store.path()).value("SELECT count(*) FROM event") == std::to_string(kMaxAnybodys));

  CHECK(store.accept(redirect_number(7)).is_copy);
  CHECK_FALSE(store.accept(v2_webhook("tx-1", Result::kPaid, "msg_1")).is_one_too_many);
  NewEvent by_portone = v1_webhook("imp_y", Result::kPaid);
  by_portone.known_source = true;
  CHECK_FALSE(store.accept(by_portone).is_one_too_many);
  const auto other = PaymentId::trusted("ord-2");
  CHECK_FALSE(store.accept(v1_webhook("imp_x", Result::kPaid, 1, other)).is_one_too_many);
}

TEST_CASE("confirm: the same question gets the same answer, another question its own") {
  Store store;
  CHECK(store.confirm(confirm_call("imp_1", "64900")).reason == "unknown order");
  (void)store.order(kAmount);
  const ConfirmAnswer again = store.confirm(confirm_call("imp_1", "64900", 9));
  CHECK_FALSE(again.approved);
  CHECK(again.reason == "unknown order");
  CHECK(store.confirm(confirm_call("imp_2", "64900")).approved);
  CHECK(store.confirm(confirm_call("imp_3", "1")).reason == "amount differs from the order");
  // Approved stays approved after the order was changed.
  (void)store.order(1);
  CHECK(store.confirm(confirm_call("imp_2", "64900")).approved);
  CHECK(Stranger(store.path()).value("SELECT count(*) FROM confirm_answer") == "3");
}

TEST_CASE("confirm: what was answered too late keeps the refusal that PortOne got") {
  Store store;
  (void)store.order(kAmount);
  const storage::Confirmed late = store.confirm_told(confirm_call("imp_1", "64900"), true);
  CHECK(late.answer.reason == "cannot tell right now");
  CHECK(store.confirm(confirm_call("imp_1", "64900", 9)).reason == "cannot tell right now");
  // The commit itself took too long.
  const storage::Confirmed slow = store.confirm_told(confirm_call("imp_2", "64900"), false);
  REQUIRE(slow.answer.approved);
  store.writer().take_back_confirm(slow.event);
  CHECK(store.confirm(confirm_call("imp_2", "64900", 9)).reason == "cannot tell right now");
  // An approval that PortOne has stays, however late its copy is answered.
  CHECK(store.confirm(confirm_call("imp_3", "64900")).approved);
  const storage::Confirmed copy = store.confirm_told(confirm_call("imp_3", "64900", 9), true);
  CHECK(copy.is_copy);
  CHECK(copy.answer.approved);
}

TEST_CASE("confirm: a question stays answered over changes of its order in between") {
  Store store;
  (void)store.order(kAmount);
  CHECK(store.confirm(confirm_call("imp_1", "64900")).approved);
  CHECK(store.confirm(confirm_call("imp_2", "1")).reason == "amount differs from the order");
  (void)store.order(1, 2);
  CHECK(store.confirm(confirm_call("imp_1", "64900", 3)).approved);
  CHECK(store.confirm(confirm_call("imp_2", "1", 3)).reason == "amount differs from the order");
  (void)store.withdraw(4);
  CHECK(store.confirm(confirm_call("imp_1", "64900", 5)).approved);
  CHECK(store.confirm(confirm_call("imp_4", "1", 5)).reason == "unknown order");
}

TEST_CASE("confirm: what another attempt has paid is not approved again") {
  Store store;
  (void)store.order(kAmount);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 2);
  CHECK(store.confirm(confirm_call("imp_2", "64900")).reason == "already paid");
  CHECK(store.confirm(confirm_call("imp_1", "64900")).approved);
  // Given back wholly, it may be paid anew.
  (void)store.portone_says({v1("imp_1", Result::kCancelled)}, 3);
  CHECK(store.confirm(confirm_call("imp_3", "64900")).approved);
}

TEST_CASE("confirm: a question makes no payment and waits in no inbox") {
  Store store;
  (void)store.confirm(confirm_call("imp_1", "64900"));
  CHECK(Stranger(store.path()).value("SELECT count(*) FROM payment") == "0");
  CHECK(store.reader().inbox_after(EventId{0}, 10).empty());
  CHECK(store.reader().payment(kPayment, true)->payment.result == Result::kNone);
}

TEST_CASE("rejected: the newest thousand are kept") {
  Store store(both_apis(), false);
  for (int i = 0; i < 1'050; ++i) {
    store.writer().reject_delivery(
        {at(i), "203.0.113.7", "/webhooks/portone", 401, "bad " + std::to_string(i)});
  }
  store.writer().start();
  store.writer().stop();
  const std::vector<RejectedDelivery> all = store.reader().rejected(5'000);
  REQUIRE(all.size() == 1'000);
  CHECK(all.front().reason == "bad 1049");
  CHECK(all.back().reason == "bad 50");
  CHECK(all.front().at == at(1'049));
  CHECK(all.front().status == 401);
  CHECK(store.reader().rejected(3).size() == 3);
}
