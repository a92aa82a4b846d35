#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "daemon/core/messages/portone_answer.h"

using namespace reconciled::core;
using nlohmann::json;

namespace {

const Time kAsked = from_ms(1788231700000);

json payment(const char* status = "PAID") {
  return json{
      {"status", status},
      {"id", "pay_1"},
      {"transactionId", "tx_1"},
      {"merchantId", "merchant-1"},
      {"storeId", "store-1"},
      {"version", "V2"},
      {"channel", {{"type", "LIVE"}, {"pgProvider", "TOSSPAYMENTS"}, {"pgMerchantId", "mid"}}},
      {"method", {{"type", "PaymentMethodCard"}, {"card", {{"number", "510737******1234"}}}}},
      {"requestedAt", "2026-09-01T02:58:10.120456Z"},
      {"updatedAt", "2026-09-01T03:00:04.812345Z"},
      {"statusChangedAt", "2026-09-01T03:00:04.800Z"},
      {"orderName", "노르웨이 회전 의자"},
      {"amount", {{"total", 64900}, {"paid", 64900}, {"cancelled", 0}, {"discount", 0}}},
      {"currency", "KRW"},
      {"customer", {{"name", "홍길동"}, {"email", "buyer@example.com"}}},
      {"customData", "{\"item\":\"chair\"}"},
      {"pgResponse", "raw-pg"},
      {"paidAt", "2026-09-01T03:00:04Z"},
      {"disputes", json::array()}};
}
Snapshot read(const json& answer) {
  const auto snapshot = read_v2_payment(200, answer.dump(), kAsked);
  REQUIRE_MESSAGE(snapshot.ok(), answer.dump());
  return snapshot.value();
}
AnswerFault fault(int status, const std::string& body) {
  const auto snapshot = read_v2_payment(status, body, kAsked);
  REQUIRE_FALSE(snapshot.ok());
  return snapshot.error().fault;
}
json with(json object, const char* key, json value) {
  object[key] = std::move(value);
  return object;
}

}  // namespace

TEST_CASE("V2 answer: a paid payment is read whole") {
  const Snapshot snapshot = read(payment());
  CHECK(snapshot.api == Api::kV2);
  CHECK(snapshot.version == Api::kV2);
  CHECK(snapshot.payment_id.str() == "pay_1");
  CHECK(snapshot.attempt_id.str() == "tx_1");
  CHECK(snapshot.result == Result::kPaid);
  CHECK(snapshot.status == "PAID");
  CHECK(snapshot.total_amount == 64900);
  CHECK(snapshot.cancelled_amount == 0);
  CHECK(snapshot.currency.code() == "KRW");
  CHECK(snapshot.store_id == "store-1");
  CHECK(snapshot.channel == Channel::kLive);
  CHECK(snapshot.pg_provider == "TOSSPAYMENTS");
  CHECK(snapshot.method == "card");
  CHECK(snapshot.started_at == parse_rfc3339("2026-09-01T02:58:10.120456Z"));
  CHECK(snapshot.updated_at == parse_rfc3339("2026-09-01T03:00:04.812345Z"));
  CHECK(snapshot.paid_at == parse_rfc3339("2026-09-01T03:00:04Z"));
  CHECK(snapshot.status_at == snapshot.paid_at);
  CHECK(snapshot.disputes == std::vector<Dispute>{});
  CHECK(snapshot.chargebacks.empty());
  CHECK(snapshot.asked_at == kAsked);
}

TEST_CASE("V2 answer: each status has its result, an unknown one is pending") {
  const std::pair<const char*, Result> table[] = {
      {"READY", Result::kReady},
      {"PAY_PENDING", Result::kPending},
      {"VIRTUAL_ACCOUNT_ISSUED", Result::kAwaitingDeposit},
      {"PAID", Result::kPaid},
      {"FAILED", Result::kFailed},
      {"PARTIAL_CANCELLED", Result::kPartiallyCancelled},
      {"CANCELLED", Result::kCancelled},
      {"PENDING", Result::kPending},
      {"Paid", Result::kPending},
      {"BRAND_NEW", Result::kPending}};
  for (const auto& [status, result] : table) {
    CAPTURE(status);
    CHECK(read(payment(status)).result == result);
  }
}

TEST_CASE("V2 answer: channel and version say test, V1, or nothing") {
  CHECK(read(with(payment(), "channel", {{"type", "TEST"}})).channel == Channel::kTest);
  CHECK(read(with(payment(), "channel", {{"type", "NEW"}})).channel == std::nullopt);
  json ready = payment("READY");
  ready.erase("channel");
  ready.erase("method");
  CHECK(read(ready).channel == std::nullopt);
  CHECK(read(ready).method.empty());
  CHECK(read(with(payment(), "version", "V1")).version == Api::kV1);
  CHECK(read(with(payment(), "version", "V1")).api == Api::kV2);
}

TEST_CASE("V2 answer: a virtual account comes with its due time") {
  json answer = payment("VIRTUAL_ACCOUNT_ISSUED");
  answer["method"] = {{"type", "PaymentMethodVirtualAccount"},
                      {"bank", "SHINHAN"},
                      {"accountNumber", "562-111"},
                      {"remitteeName", "데모상점"},
                      {"expiredAt", "2026-09-03T14:59:59Z"}};
  const Snapshot snapshot = read(answer);
  CHECK(snapshot.method == "virtual_account");
  CHECK(snapshot.virtual_account ==
        VirtualAccount{"SHINHAN", "562-111", "데모상점", parse_rfc3339("2026-09-03T14:59:59Z")});
  answer["method"].erase("expiredAt");
  CHECK(read(answer).virtual_account->due_at == std::nullopt);
  CHECK(read(payment()).virtual_account == std::nullopt);
}

TEST_CASE("V2 answer: the buyer's reason is PortOne's, else the PG's") {
  json answer = payment("FAILED");
  answer["failure"] = {{"reason", "결제포기"}, {"pgMessage", "취소"}};
  answer["failedAt"] = "2026-09-01T03:01:00Z";
  CHECK(read(answer).failure_reason == "결제포기");
  CHECK(read(answer).status_at == parse_rfc3339("2026-09-01T03:01:00Z"));
  answer["failure"] = {{"pgMessage", "취소"}};
  CHECK(read(answer).failure_reason == "취소");
  answer.erase("failure");
  CHECK(read(answer).failure_reason.empty());
}

TEST_CASE("V2 answer: disputes are open unless PortOne says resolved") {
  json answer = payment();
  answer["disputes"] = json::array(
      {{{"status", "UNRESOLVED"}, {"reason", "x"}, {"createdAt", "2026-09-02T00:00:00Z"}},
       {{"status", "RESOLVED"}, {"pgDisputeId", "d2"}, {"createdAt", "2026-09-03T00:00:00Z"}},
       {{"status", "NEW_WORD"}, {"createdAt", "2026-09-04T00:00:00Z"}}});
  const std::vector<Dispute> expected{
      {"2026-09-02T00:00:00Z", false},
                                      {"2026-09-03T00:00:00Z", true},
                                      {"2026-09-04T00:00:00Z", false}};
  CHECK(read(answer).disputes == expected);
  answer.erase("disputes");
  CHECK(read(answer).disputes == std::vector<Dispute>{});
}

TEST_CASE("V2 answer: a dispute that cannot be read is an open one, with a name that lasts") {
  for (const json& disputes :
       {json("none"), json::object(), json(5), json(true), json::array({nullptr}),
        json::array({"x"}), json::array({json::array()}), json::array({{{"status", "RESOLVED"}}}),
        json::array({{{"createdAt", 5}, {"status", "RESOLVED"}}})}) {
    CAPTURE(disputes.dump());
    const auto read_once = read(with(payment(), "disputes", disputes)).disputes;
    REQUIRE(read_once.has_value());
    REQUIRE(read_once->size() == 1);
    CHECK_FALSE(read_once->front().resolved);
    CHECK_FALSE(read_once->front().id.empty());
    CHECK(read(with(payment(), "disputes", disputes)).disputes == read_once);
  }
  // Its status may change, its name does not; those beside it are what they are.
  const auto of = [](const char* status) {
    return *read(with(payment(), "disputes",
                      json::array(
                          {{{"pgDisputeId", "d1"}, {"status", status}},
                           {{"createdAt", "2026-09-03T00:00:00Z"}, {"status", "RESOLVED"}}})))
                .disputes;
  };
  CHECK(of("UNRESOLVED") == of("OTHER"));
  REQUIRE(of("UNRESOLVED").size() == 2);
  CHECK(of("UNRESOLVED")[1].resolved);
  // Two of one name: open as long as one of them is.
  const json twice = {{"createdAt", "2026-09-03T00:00:00Z"}, {"status", "RESOLVED"}};
  CHECK(read(with(payment(), "disputes", json::array({with(twice, "status", "X"), twice})))
            .disputes == std::vector<Dispute>{{"2026-09-03T00:00:00Z", false}});
}

TEST_CASE("V2 answer: only a charge-back that succeeded is one") {
  const auto cancellation = [](const char* id, const char* status, const char* trigger) {
    return json{{"id", id}, {"status", status}, {"trigger", trigger}, {"totalAmount", 100}};
  };
  json answer = payment("CANCELLED");
  answer["cancellations"] = json::array(
      {cancellation("a", "SUCCEEDED", "CONSOLE"), cancellation("b", "REQUESTED", "CHARGEBACK"),
       cancellation("c", "SUCCEEDED", "CHARGEBACK"), cancellation("d", "FAILED", "CHARGEBACK"),
       json{{"id", "e"}, {"status", "SUCCEEDED"}}});
  CHECK(read(answer).chargebacks == std::vector<std::string>{"c"});
}

TEST_CASE("V2 answer: what may be a charge-back counts as one, other odd cancellations do not") {
  const auto chargebacks = [](const json& cancellations) {
    return read(with(payment(), "cancellations", cancellations)).chargebacks;
  };
  for (const json& odd :
       {json{{"status", "SUCCEEDED"}, {"trigger", "CHARGEBACK"}}, json{{"trigger", "CHARGEBACK"}},
        json{{"id", 5}, {"status", "NEW"}, {"trigger", "CHARGEBACK"}}}) {
    CAPTURE(odd.dump());
    const auto ids = chargebacks(json::array({odd, odd}));
    REQUIRE(ids.size() == 1);
    CHECK_FALSE(ids[0].empty());
    CHECK(ids == chargebacks(json::array({odd})));
  }
  // A charge-back stays known for good: what cannot be read, once, is none.
  for (const json& unreadable : {json(nullptr), json("x"), json(5), json::object(),
                                 json{{"status", "SUCCEEDED"}, {"trigger", 5}}}) {
    CHECK(chargebacks(json::array({unreadable})).empty());
    if (!unreadable.is_array()) CHECK(chargebacks(unreadable).empty());
  }
  CHECK(chargebacks(json::array()).empty());
  CHECK(chargebacks(nullptr).empty());
  CHECK(chargebacks(json::array({json::object(), json{{"trigger", "NEW_WORD"}},
                                 json{{"trigger", "API"}, {"id", nullptr}}}))
            .empty());
}

TEST_CASE("V2 answer: nobody is given back more than was paid") {
  json answer = payment();
  answer["amount"]["cancelled"] = answer["amount"]["total"].get<int>() + 1;
  CHECK(fault(200, answer.dump()) == AnswerFault::kMalformed);
}

TEST_CASE("V2 answer: texts in a broken encoding decide nothing") {
  for (const std::string broken : {"gift \\ud83d", "\xB0\xE1\xC1\xA6", "a\tb", "\\q"}) {
    std::string body = payment().dump();
    body.replace(body.find("노르웨이"), std::string("노르웨이").size(), broken);
    body.replace(body.find("TOSSPAYMENTS"), 4, broken);
    const auto answer = read_v2_payment(200, body, kAsked);
    REQUIRE(answer.ok());
    CHECK(answer.value().result == Result::kPaid);
    CHECK(answer.value().channel == Channel::kLive);
  }
  for (const std::string value : {"\"pay_1\"", "\"tx_1\"", "\"store-1\"", "\"PAID\"", "\"KRW\""}) {
    std::string body = payment().dump();
    body.insert(body.find(value) + 1, "\\ud83d");
    CHECK(fault(200, body) == AnswerFault::kMalformed);
  }
}

TEST_CASE("V2 answer: odd optional members leave the payment readable") {
  for (const char* key :
       {"channel", "method", "customer", "orderName", "version", "requestedAt", "updatedAt",
        "statusChangedAt", "paidAt", "pgResponse", "webhooks", "failure", "customData"}) {
    for (const json& value :
         {json(nullptr), json(5), json("?"), json::array({1}), json::object()}) {
      CAPTURE(key);
      const Snapshot snapshot = read(with(payment(), key, value));
      CHECK(snapshot.result == Result::kPaid);
      CHECK(snapshot.total_amount == 64900);
      if (std::string(key) == "channel") CHECK(snapshot.channel == std::nullopt);
    }
  }
}

TEST_CASE("V2 lists: a row that cannot be read is named, and the others are taken") {
  json krw = with(payment(), "currency", "KR");
  krw["id"] = "pay_2";
  json no_amount = with(payment(), "amount", nullptr);
  no_amount["id"] = "pay_3";
  json nameless = payment();
  nameless.erase("id");
  const json rows = json::array({krw, payment(), no_amount, nameless, nullptr, payment("FAILED")});
  const json body{{"items", rows}, {"page", {{"totalCount", 6}}}};
  const auto page = read_v2_page(200, body.dump(), kAsked);
  REQUIRE(page.ok());
  CHECK(page.value().snapshots.size() == 2);
  REQUIRE(page.value().unreadable.size() == 4);
  CHECK(page.value().unreadable[0].id == "pay_2");
  CHECK(page.value().unreadable[1].id == "pay_3");
  CHECK(page.value().unreadable[2].id == "tx_1");
  CHECK(page.value().unreadable[3].id.empty());
  CHECK(page.value().total == 6);

  json items = json::array();
  for (const json& row : rows) items.push_back({{"payment", row}, {"cursor", "c"}});
  items.push_back({{"payment", payment()}, {"cursor", 5}});
  items.push_back(7);
  const auto cursor_page = read_v2_cursor_page(200, json{{"items", items}}.dump(), kAsked);
  REQUIRE(cursor_page.ok());
  CHECK(cursor_page.value().snapshots.size() == 3);
  CHECK(cursor_page.value().unreadable.size() == 5);
  CHECK(cursor_page.value().last_cursor == "c");

  json attempt = payment();
  attempt["paymentId"] = "pay_1";
  attempt["id"] = "tx_2";
  const auto attempts = read_v2_transactions(
      200, json{{"items", json::array({attempt, with(attempt, "currency", 5)})}}.dump(), kAsked);
  REQUIRE(attempts.ok());
  CHECK(attempts.value().snapshots.size() == 1);
  REQUIRE(attempts.value().unreadable.size() == 1);
  CHECK(attempts.value().unreadable[0].id == "pay_1");
}

TEST_CASE("V2 lists: a count that is none is said to be missing, a list that is none is a fault") {
  for (const json& count : {json(nullptr), json("6"), json(-1), json(1.5)}) {
    const auto page = read_v2_page(
        200, json{{"items", json::array()}, {"page", {{"totalCount", count}}}}.dump(), kAsked);
    REQUIRE(page.ok());
    CHECK(page.value().total == std::nullopt);
  }
  CHECK(read_v2_page(200, R"({"items":[]})", kAsked).value().total == std::nullopt);
  for (const char* body : {"{}", R"({"items":5})", R"({"items":[],"items":[]})", "[]", "x"}) {
    CHECK_FALSE(read_v2_page(200, body, kAsked).ok());
    CHECK_FALSE(read_v2_cursor_page(200, body, kAsked).ok());
    CHECK_FALSE(read_v2_transactions(200, body, kAsked).ok());
  }
}

TEST_CASE("V2 answer: a missing or mistyped required field makes it unusable") {
  for (const char* key : {"id", "transactionId", "storeId", "currency", "amount", "status"}) {
    CAPTURE(key);
    json answer = payment();
    answer.erase(key);
    CHECK(fault(200, answer.dump()) == AnswerFault::kMalformed);
    CHECK(fault(200, with(payment(), key, 5).dump()) == AnswerFault::kMalformed);
  }
  for (const char* key : {"total", "cancelled"}) {
    for (const json& value :
         {json(-1), json(10.5), json("64900"), json(nullptr), json(9223372036854775808ULL)}) {
      json answer = payment();
      answer["amount"][key] = value;
      CHECK(fault(200, answer.dump()) == AnswerFault::kMalformed);
    }
  }
  CHECK(fault(200, "[]") == AnswerFault::kMalformed);
  CHECK(fault(200, "") == AnswerFault::kMalformed);
  CHECK(fault(200, std::string(100000, '[')) == AnswerFault::kMalformed);
}

TEST_CASE("V2 answer: statuses become faults, with PortOne's own word") {
  const auto answer = read_v2_payment(404, R"({"type":"PAYMENT_NOT_FOUND"})", kAsked);
  CHECK(answer.error().fault == AnswerFault::kNotFound);
  CHECK(answer.error().detail == "status 404 PAYMENT_NOT_FOUND");
  CHECK(read_v2_payment(400, R"({"type":"a b"})", kAsked).error().detail == "status 400");
  CHECK(fault(404, "<html>") == AnswerFault::kMalformed);
  CHECK(fault(404, R"({"message":"Not Found"})") == AnswerFault::kMalformed);
  CHECK(fault(401, "") == AnswerFault::kUnauthorized);
  CHECK(fault(403, "") == AnswerFault::kForbidden);
  CHECK(fault(429, "") == AnswerFault::kRateLimited);
  CHECK(fault(502, R"({"type":"PG_PROVIDER"})") == AnswerFault::kUnavailable);
  CHECK(fault(207, payment().dump()) == AnswerFault::kMalformed);
  CHECK(to_word(AnswerFault::kRateLimited) == "rate_limited");
}

TEST_CASE("V2 answer: what is stored names no buyer and no card") {
  const std::string stored = read(payment()).stored_body;
  for (const char* secret : {"홍길동", "buyer", "510737", "chair", "raw-pg", "회전"}) {
    CHECK_MESSAGE(stored.find(secret) == std::string::npos, secret);
  }
  const json kept = json::parse(stored);
  CHECK(kept["id"] == "pay_1");
  CHECK(kept["amount"]["total"] == 64900);
  CHECK(kept["channel"]["type"] == "LIVE");
  CHECK_FALSE(kept.contains("disputes"));
}
