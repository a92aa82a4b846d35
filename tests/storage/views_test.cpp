// The views that people read with sqlite3 (interface §8).
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;

namespace {

const std::string kAt1 = to_rfc3339(at(1));

}  // namespace

TEST_CASE("views: overview has a row a payment, the newest change first") {
  Store store;
  (void)store.order(kAmount, 1, "", PaymentId::trusted("ord-0"));
  (void)store.order(100, 1);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 2);
  Stranger stranger(store.path());
  CHECK(stranger.rows("SELECT payment_id, result, authority, deliverable, ui_state, "
                      "webhook_status, currency, expected_amount, total_amount, open_findings "
                      "FROM overview") ==
        std::vector<std::string>{"ord-1|paid|lookup|no|none|none|KRW|100|64900|amount_mismatch",
                                 "ord-0|none|-|no|none|none|KRW|64900|-|-"});
  CHECK(stranger.value("SELECT created_at FROM overview WHERE payment_id = 'ord-0'") == kAt1);
  (void)store.order(kAmount, 1, "", PaymentId::trusted("ord-2"));
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 2);
}

TEST_CASE("views: timeline tells all that happened, in order") {
  Store store;
  const Accepted webhook = store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  (void)store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  (void)store.begin({webhook.event}, 2);
  const Accepted back = store.accept(redirect(UiState::kReturnedSuccess, 3, "imp_1"));
  (void)store.begin({back.event}, 3);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 4, {webhook.event});
  (void)store.order(kAmount, 5);
  Stranger stranger(store.path());
  const std::vector<std::string> story =
      stranger.rows("SELECT kind || ': ' || summary FROM timeline WHERE payment_id = 'ord-1'");
  const std::vector<std::string> expected = {
      "event: webhook paid x2",
      "transition: webhook_status none, authority nobody",
      "event: redirect redirect returned_success",
      "transition: ui_state returned_success",
      "snapshot: PortOne says paid 64900 KRW for imp_1",
      "transition: result paid, by webhook",
  };
  REQUIRE(story.size() >= expected.size() + 2);
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(story[i] == expected[i]);
  CHECK(story[6].rfind("finding: unregistered_order: ", 0) == 0);
  CHECK(story[7] == "transition: order registered, changed or withdrawn, deliverable");
  CHECK(stranger.value("SELECT at FROM timeline") == kAt1);
}

TEST_CASE("views: stuck shows open payments that nothing is planned for or that get no answer") {
  Store store;
  Stranger stranger(store.path());
  (void)store.order(kAmount, 0);
  CHECK(stranger.rows("SELECT * FROM stuck").empty());
  for (int i = 0; i < 3; ++i) {
    (void)store.settle(Store::answered({QuestionKind::kV1Order, "ord-1", kPayment}, 10,
                                       LookupReport::Outcome::kUnusable));
  }
  CHECK(stranger.rows("SELECT payment_id, question, failures, outcome FROM stuck") ==
        std::vector<std::string>{"ord-1|v1_order|3|as told"});
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 20);
  CHECK(stranger.rows("SELECT * FROM stuck").empty());
}

TEST_CASE("views: open_findings shows what a person should look at now") {
  Store store;
  Stranger stranger(store.path());
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 1);
  CHECK(stranger.rows("SELECT kind, payment_id, opened_at FROM open_findings") ==
        std::vector<std::string>{"unregistered_order|ord-1|" + kAt1});
  (void)store.order(kAmount, 2);
  CHECK(stranger.rows("SELECT * FROM open_findings").empty());
}

TEST_CASE("views: inbox shows events until they are reconciled, the oldest first") {
  Store store;
  Stranger stranger(store.path());
  const EventId first = store.accept(v1_webhook("imp_1", Result::kPaid, 1)).event;
  (void)store.accept(v1_webhook("imp_2", Result::kPaid, 1));
  (void)store.accept(v1_webhook("imp_1", Result::kPaid, 1));
  CHECK(stranger.rows("SELECT event_id, received_at, source, api, kind, type, payment_id, "
                      "attempt_id, copies FROM inbox") ==
        std::vector<std::string>{"1|" + kAt1 + "|webhook|v1|payment|paid|ord-1|imp_1|2",
                                 "2|" + kAt1 + "|webhook|v1|payment|paid|ord-1|imp_2|1"});
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 2, {first});
  CHECK(stranger.value("SELECT group_concat(event_id) FROM inbox") == "2");
}
