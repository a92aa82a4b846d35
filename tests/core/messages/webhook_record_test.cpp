#include "daemon/core/messages/webhook_record.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace reconciled::core;
using nlohmann::json;

namespace {

json v1_row(json changes = json::object()) {
  json row{{"imp_uid", "imp_1"},
           {"merchant_uid", "o1"},
           {"status", "paid"},
           {"sandbox", true},
           {"pay_method", "card"},
           {"vbank_num", nullptr},
           {"started_at", 1000},
           {"paid_at", 1010},
           {"cancelled_at", 0},
           {"vbank_issued_at", 0},
           {"cancel_history", json::array()}};
  row.update(changes);
  return row;
}

WebhookPage read_v1(const std::vector<json>& rows, const json& next = 0) {
  const json body{{"code", 0},
                  {"message", nullptr},
                  {"response", {{"total", rows.size()}, {"next", next}, {"list", rows}}}};
  const auto page = read_v1_webhooks(200, body.dump());
  REQUIRE(page.ok());
  return page.value();
}

json record(const std::string& id, const std::string& type, const std::string& at) {
  const json body{{"type", type},
                  {"timestamp", at},
                  {"data", {{"paymentId", "p1"}, {"transactionId", "tx"}, {"storeId", "s"}}}};
  return {{"id", id},
          {"url", "https://shop.test/"},
          {"request", {{"body", body.dump()}}},
          {"triggeredAt", at}};
}

json v2_row(json changes = json::object()) {
  json row{{"id", "p1"},
           {"transactionId", "tx"},
           {"status", "PAID"},
           {"storeId", "store-1"},
           {"version", "V2"},
           {"channel", {{"type", "TEST"}}},
           {"statusChangedAt", "2026-01-02T03:04:05.678Z"}};
  row.update(changes);
  return row;
}

WebhookPage read_v2(const std::vector<json>& rows) {
  const auto page = read_v2_webhooks(200, json{{"items", rows}}.dump());
  REQUIRE(page.ok());
  return page.value();
}

std::vector<std::string> words(const WebhookPage& page) {
  std::vector<std::string> result;
  for (const RecordedWebhook& webhook : page.webhooks) result.push_back(webhook.said);
  return result;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("webhook record: V1's are made of what happened to the payment, in its order") {
  const WebhookPage page =
      read_v1({v1_row({{"status", "cancelled"},
                                   {"pay_method", "vbank"},
                                   {"vbank_num", "56211"},
                                   {"vbank_issued_at", 1001},
                                   {"cancel_history",
                                    {{{"cancellation_id", "c1"}, {"cancelled_at", 1020}},
                                     {{"cancellation_id", "c2"}, {"cancelled_at", 1030}}}}})});
  CHECK(words(page) == Words{"ready", "paid", "cancelled", "cancelled"});
  CHECK(json::parse(page.webhooks[1].body) ==
        json{{"imp_uid", "imp_1"}, {"merchant_uid", "o1"}, {"status", "paid"}});
  CHECK(json::parse(page.webhooks[3].body).at("cancellation_id") == "c2");
  CHECK(to_ms(to_time(page.webhooks[0].at)) == 1'001'000);
  CHECK(to_ms(to_time(page.webhooks[3].at)) == 1'030'000);
  CHECK(page.webhooks[2].id != page.webhooks[3].id);
  CHECK(page.has_next == false);
}

TEST_CASE("webhook record: V1 tells nobody of a window, a decline or the live channel") {
  CHECK(words(read_v1({v1_row({{"status", "ready"}, {"paid_at", 0}})})).empty());
  CHECK(words(read_v1({v1_row({{"status", "failed"}, {"paid_at", 0}, {"failed_at", 1011}})}))
            .empty());
  CHECK(words(read_v1({v1_row({{"sandbox", false}})})).empty());
  CHECK(words(read_v1({v1_row({{"sandbox", nullptr}})})).empty());
  // A cancel without its history is one all the same.
  CHECK(words(read_v1({v1_row({{"status", "cancelled"}, {"cancelled_at", 1020}})})) ==
        Words{"paid", "cancelled"});
}

TEST_CASE("webhook record: V2's are the bytes of PortOne's record") {
  const json first = record("wh_1", "Transaction.Ready", "2026-01-02T03:04:00Z");
  const json second = record("wh_2", "Transaction.Paid", "2026-01-02T03:04:05Z");
  const WebhookPage page = read_v2({v2_row({{"webhooks", {first, second}}})});
  CHECK(words(page) == Words{"Transaction.Ready", "Transaction.Paid"});
  CHECK(page.webhooks[1].body == second.at("request").at("body").get<std::string>());
  CHECK(page.webhooks[1].id == "wh_2");
  CHECK(page.webhooks[1].content_type == "application/json");
  CHECK_FALSE(page.webhooks[1].is_made);
  // Of the version 2024-01-01, as JSON and as a form.
  json old = second;
  old["request"]["body"] = R"({"payment_id":"p1","tx_id":"tx","status":"Paid"})";
  json form = old;
  form["request"]["body"] = "payment_id=p1&tx_id=tx&status=Paid";
  const WebhookPage olds = read_v2({v2_row({{"webhooks", {old, form}}})});
  CHECK(words(olds) == Words{"Paid", "Paid"});
  CHECK(olds.webhooks[1].content_type == "application/x-www-form-urlencoded");
  CHECK(olds.webhooks[0].about == page.webhooks[1].about);
  CHECK(olds.webhooks[1].about == page.webhooks[1].about);
}

TEST_CASE("webhook record: V2's is made where PortOne keeps none, and is about the same") {
  const WebhookPage made = read_v2({v2_row()});
  REQUIRE(words(made) == Words{"Transaction.Paid"});
  CHECK(made.webhooks[0].is_made);
  CHECK(json::parse(made.webhooks[0].body) ==
        json{{"type", "Transaction.Paid"},
             {"timestamp", "2026-01-02T03:04:05.678Z"},
             {"data", {{"paymentId", "p1"}, {"transactionId", "tx"}, {"storeId", "store-1"}}}});
  const json recorded = record("wh_2", "Transaction.Paid", "2026-01-02T03:04:05Z");
  CHECK(read_v2({v2_row({{"webhooks", {recorded}}})}).webhooks[0].about == made.webhooks[0].about);
  CHECK(read_v2({v2_row()}).webhooks[0].id == made.webhooks[0].id);
  json bodiless = recorded;
  bodiless.erase("request");
  CHECK(read_v2({v2_row({{"webhooks", {bodiless}}})}).webhooks[0].is_made);
  const WebhookPage cancelled = read_v2({v2_row(
      {{"status", "PARTIAL_CANCELLED"},
       {"cancellations",
        {{{"id", "c1"}, {"status", "SUCCEEDED"}}, {{"id", "c2"}, {"status", "FAILED"}}}}})});
  CHECK(json::parse(cancelled.webhooks[0].body).at("data").at("cancellationId") == "c1");
  CHECK(words(read_v2({v2_row({{"status", "TOMORROW"}})})).empty());
}

TEST_CASE("webhook record: live payments are passed over, V1's in V2 are told as V1's") {
  CHECK(words(read_v2({v2_row({{"channel", {{"type", "LIVE"}}}})})).empty());
  const json body{{"imp_uid", "tx"}, {"merchant_uid", "p1"}, {"status", "paid"}};
  json recorded = record("wh_1", "x", "2026-01-02T03:04:05Z");
  recorded["request"]["body"] = body.dump();
  const WebhookPage page = read_v2({v2_row({{"version", "V1"}, {"webhooks", {recorded}}})});
  REQUIRE(words(page) == Words{"paid"});
  CHECK(page.webhooks[0].api == Api::kV1);
  CHECK(words(read_v2({v2_row({{"version", "V1"}})})).empty());
}

TEST_CASE("webhook record: one odd row is named, and the others are taken") {
  json huge = record("wh_1", "Transaction.Paid", "2026-01-02T03:04:05Z");
  huge["request"]["body"] = std::string(kMaxRecordedBytes + 1, 'x');
  const WebhookPage v2 = read_v2(
      {v2_row({{"id", 7}}), 5, v2_row({{"webhooks", "none"}}), v2_row({{"webhooks", {huge, 3}}})});
  CHECK(words(v2) == Words{"Transaction.Paid"});
  CHECK(v2.unreadable.size() == 3);
  CHECK(v2.rows == 4);
  const WebhookPage v1 = read_v1({v1_row({{"imp_uid", ""}}), nullptr, v1_row()}, 2);
  CHECK(words(v1) == Words{"paid"});
  CHECK(v1.unreadable.size() == 2);
  CHECK(v1.has_next == true);
  CHECK(read_v2_webhooks(200, "{}").error().fault == AnswerFault::kMalformed);
  CHECK(read_v1_webhooks(200, "[]").error().fault == AnswerFault::kMalformed);
  CHECK(read_v2_webhooks(401, "").error().fault == AnswerFault::kUnauthorized);
}
