// The views that people read with sqlite3 (interface §8).
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;

namespace {

// In Korea, as the daemon's default has it.
const std::string kAt1 = "2026-11-18 20:06:41";

}  // namespace

TEST_CASE("views: overview has a row a payment, the newest change first") {
  Store store;
  (void)store.order(kAmount, 1, "", PaymentId::trusted("ord-0"));
  (void)store.order(100, 1);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 2);
  Stranger stranger(store.path());
  CHECK(stranger.rows("SELECT * FROM overview") ==
        std::vector<std::string>{
            "ord-1|paid|no|100|64900|KRW|lookup|amount_mismatch|11-18 20:06",
            "ord-0|none|no|64900|-|KRW|-|-|11-18 20:06"});
  // The daemon keeps the offset of its time zone.
  CHECK(stranger.run("UPDATE meta SET value = '0' WHERE key = 'utc_offset_s'").empty());
  CHECK(stranger.value("SELECT updated_at FROM overview") == "11-18 11:06");
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
  (void)store.order(kAmount, 6, "another name");
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 7);
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 8);
  Stranger stranger(store.path());
  const std::vector<std::string> story =
      stranger.rows("SELECT kind || ': ' || summary FROM timeline WHERE payment_id = 'ord-1'");
  const std::vector<std::string> expected = {
      "event: webhook paid for imp_1 (2 times)",
      "transition: first heard of",
      "event: the browser came back, says success for imp_1",
      "transition: the buyer's page: returned success",
      "snapshot: PortOne says paid 64900 KRW for imp_1 (3 times, last at 11-18 20:06:48)",
      "transition: result paid, by webhook",
      "finding: unregistered_order: Paid 64,900 KRW, but the shop never registered this order. "
      "Register it with its true amount, or refund the payment.",
      "transition: order registered, 64900 KRW, deliverable",
      "finding: unregistered_order is over",
  };
  CHECK(story.size() == expected.size());
  for (std::size_t i = 0; i < std::min(story.size(), expected.size()); ++i) {
    CHECK(story[i] == expected[i]);
  }
  CHECK(stranger.value("SELECT at FROM timeline") == kAt1);
}

TEST_CASE("views: timeline tells of a failure's reason, an account, a cancel and a withdrawal") {
  Store store;
  (void)store.order(kAmount, 1);
  (void)store.order(100, 2);
  Snapshot failed = v1("imp_1", Result::kFailed);
  failed.failure_reason = "한도 초과";
  Snapshot waiting = v1("imp_2", Result::kAwaitingDeposit);
  waiting.virtual_account = VirtualAccount{"신한은행", "110-1", "Shop", std::nullopt};
  Snapshot partly = v1("imp_3", Result::kPartiallyCancelled);
  (void)store.portone_says({failed, waiting, partly}, 3);
  const auto has = [&](const std::string& summary) {
    return !Stranger(store.path())
                .rows("SELECT 1 FROM timeline WHERE summary = '" + summary + "'")
                .empty();
  };
  CHECK(has("order registered, 64900 KRW"));
  CHECK(has("order changed, 100 KRW"));
  CHECK(has("PortOne says failed 64900 KRW for imp_1: 한도 초과"));
  CHECK(has("PortOne says awaiting_deposit 64900 KRW for imp_2, account 신한은행 110-1"));
  CHECK(has("PortOne says partially_cancelled 64900 KRW, 10000 given back for imp_3"));
  const PaymentId unknown = PaymentId::trusted("ord-3");
  (void)store.order(5, 4, "", unknown);
  for (const int asked : {5, 6}) {
    (void)store.settle(Store::answered({QuestionKind::kV2Payment, "ord-3", unknown}, asked,
                                       LookupReport::Outcome::kNotFound));
  }
  CHECK(has("PortOne does not know it (V2), asked 2 times"));
  const PaymentId other = PaymentId::trusted("ord-2");
  (void)store.order(5, 4, "", other);
  (void)store.withdraw(5, other);
  CHECK(Stranger(store.path())
            .value("SELECT group_concat(summary, '; ') FROM timeline WHERE payment_id = 'ord-2'") ==
        "order registered, 5 KRW; order withdrawn, 5 KRW");
}

TEST_CASE("views: stuck lists what is stuck, each payment once") {
  Store store;
  Stranger stranger(store.path());
  (void)store.order(kAmount, 0);
  for (int i = 0; i < 3; ++i) {
    (void)store.settle(Store::answered({QuestionKind::kV1Order, "ord-1", kPayment}, 10 + i,
                                       LookupReport::Outcome::kUnusable));
  }
  CHECK(stranger.rows("SELECT * FROM stuck").empty());  // asked again: nothing is stuck
  (void)store.portone_says({v1("imp_1", Result::kPending), v1("imp_2", Result::kPending)}, 20);
  (void)store.portone_says({v1("imp_1", Result::kPending), v1("imp_2", Result::kPending)},
                           31 * 86'400);
  CHECK(stranger.rows("SELECT payment_id, result, ui_state, webhook_status FROM stuck") ==
        std::vector<std::string>{"ord-1|pending|none|none"});
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 32 * 86'400);
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
