#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "daemon/core/messages/portone_answer.h"

using namespace reconciled::core;
using nlohmann::json;

namespace {

const Time kAsked = from_ms(1788231700000);

json payment(const char* status = "paid") {
  return json{{"imp_uid", "imp_1"},
              {"merchant_uid", "ord-1"},
              {"amount", 64900},
              {"cancel_amount", 0},
              {"currency", "KRW"},
              {"status", status},
              {"sandbox", false},
              {"pay_method", "card"},
              {"pg_provider", "html5_inicis"},
              {"started_at", 1788231490},
              {"paid_at", 1788231604},
              {"cancelled_at", 0},
              {"failed_at", 0},
              {"vbank_date", 0},
              {"vbank_num", nullptr},
              {"buyer_name", "홍길동"},
              {"buyer_email", "buyer@example.com"},
              {"card_number", "510737******1234"},
              {"custom_data", "{\"a\":1}"}};
}
std::string envelope(const json& response) {
  return json{{"code", 0}, {"message", nullptr}, {"response", response}}.dump();
}
Snapshot read(const json& response) {
  const auto snapshot = read_v1_payment(200, envelope(response), kAsked);
  REQUIRE_MESSAGE(snapshot.ok(), response.dump());
  return snapshot.value();
}
AnswerFault fault(int status, const std::string& body) {
  const auto snapshot = read_v1_payment(status, body, kAsked);
  REQUIRE_FALSE(snapshot.ok());
  return snapshot.error().fault;
}
json with(json object, const char* key, json value) {
  object[key] = std::move(value);
  return object;
}
PortoneTime seconds(std::int64_t value) { return *from_v1_seconds(value); }

}  // namespace

TEST_CASE("V1 answer: a paid payment is read whole") {
  const Snapshot snapshot = read(payment());
  CHECK(snapshot.api == Api::kV1);
  CHECK(snapshot.version == Api::kV1);
  CHECK(snapshot.payment_id.str() == "ord-1");
  CHECK(snapshot.attempt_id.str() == "imp_1");
  CHECK(snapshot.result == Result::kPaid);
  CHECK(snapshot.status == "paid");
  CHECK(snapshot.total_amount == 64900);
  CHECK(snapshot.cancelled_amount == 0);
  CHECK(snapshot.currency.code() == "KRW");
  CHECK(snapshot.channel == Channel::kLive);
  CHECK(snapshot.pg_provider == "html5_inicis");
  CHECK(snapshot.method == "card");
  CHECK(snapshot.started_at == seconds(1788231490));
  CHECK(snapshot.paid_at == seconds(1788231604));
  CHECK(snapshot.status_at == seconds(1788231604));
  CHECK(snapshot.updated_at == std::nullopt);
  CHECK(snapshot.disputes == std::nullopt);
  CHECK(snapshot.virtual_account == std::nullopt);
  CHECK(snapshot.asked_at == kAsked);
  CHECK(read(with(payment(), "sandbox", true)).channel == Channel::kTest);
}

TEST_CASE("V1 answer: amounts decide between paid, partly and wholly cancelled") {
  struct Row {
    const char* status;
    int amount;
    int cancelled;
    Result result;
  };
  const Row table[] = {{"paid", 100, 0, Result::kPaid},
                       {"paid", 100, 1, Result::kPartiallyCancelled},
                       {"paid", 100, 99, Result::kPartiallyCancelled},
                       {"paid", 100, 100, Result::kCancelled},
                       {"paid", 0, 0, Result::kPaid},
                       {"cancelled", 100, 0, Result::kCancelled},
                       {"cancelled", 100, 1, Result::kPartiallyCancelled},
                       {"cancelled", 100, 100, Result::kCancelled},
                       {"cancelled", 0, 0, Result::kCancelled},
                       {"failed", 100, 0, Result::kFailed},
                       {"ready", 100, 0, Result::kReady},
                       {"pending", 100, 0, Result::kPending},
                       {"PAID", 100, 0, Result::kPending},
                       {"something_new", 100, 0, Result::kPending}};
  for (const Row& row : table) {
    json answer = payment(row.status);
    answer["amount"] = row.amount;
    answer["cancel_amount"] = row.cancelled;
    CAPTURE(row.status);
    CAPTURE(row.cancelled);
    CHECK(read(answer).result == row.result);
  }
  // Believed, it would be a cancellation for good.
  CHECK(fault(200, envelope(with(payment(), "cancel_amount", 64901))) == AnswerFault::kMalformed);
}

TEST_CASE("V1 answer: ready waits for a deposit only with a virtual account") {
  json answer = payment("ready");
  answer["pay_method"] = "vbank";
  CHECK(read(answer).result == Result::kReady);
  answer["vbank_num"] = "";
  CHECK(read(answer).result == Result::kReady);
  answer["vbank_num"] = "unknown";
  answer["vbank_name"] = "신한";
  answer["vbank_holder"] = nullptr;
  answer["vbank_date"] = 1788447599;
  const Snapshot waiting = read(answer);
  CHECK(waiting.result == Result::kAwaitingDeposit);
  REQUIRE(waiting.virtual_account.has_value());
  CHECK(waiting.virtual_account->number == "unknown");
  CHECK(waiting.virtual_account->bank == "신한");
  CHECK(waiting.virtual_account->holder.empty());
  answer["vbank_code"] = "088";
  CHECK(read(answer).virtual_account->bank == "신한");
  answer["vbank_name"] = nullptr;
  CHECK(read(answer).virtual_account->bank == "088");
  CHECK(waiting.virtual_account->due_at == seconds(1788447599));
  answer["pay_method"] = "card";
  CHECK(read(answer).result == Result::kReady);
}

TEST_CASE("V1 answer: decimals of a foreign currency are exact") {
  const auto total = [](const std::string& amount, const char* currency) {
    json answer = payment();
    answer["currency"] = currency;
    std::string body = envelope(answer);
    const std::string old = "\"amount\":64900";
    body.replace(body.find(old), old.size(), "\"amount\":" + amount);
    return read_v1_payment(200, body, kAsked);
  };
  CHECK(total("10.5", "USD").value().total_amount == 1050);
  CHECK(total("10.10", "USD").value().total_amount == 1010);
  CHECK(total("64900.00", "KRW").value().total_amount == 64900);
  CHECK(total("1.005", "KWD").value().total_amount == 1005);
  CHECK(total("\"64900\"", "KRW").value().total_amount == 64900);
  CHECK(total("\"10.50\"", "USD").value().total_amount == 1050);
  for (const char* amount :
       {"10.5", "1000.5", "-1", "1e30", "null", "true", "\"\"", "\"1000.5\"", "\"-1\"", "\"1e3\"",
        "\"1,000\"", "\" 1\"", "\"0x10\"", "\"1000 won\"", "[1000]", "{}", "NaN", "1e999", "007"}) {
    CAPTURE(amount);
    CHECK(total(amount, "KRW").error().fault == AnswerFault::kMalformed);
  }
}

TEST_CASE("V1 answer: the newest of paid, cancelled and failed dates the status") {
  json answer = payment("cancelled");
  answer["cancelled_at"] = 1788235200;
  CHECK(read(answer).status_at == seconds(1788235200));
  answer["paid_at"] = 0;
  answer["cancelled_at"] = nullptr;
  answer["started_at"] = 0;
  CHECK(read(answer).status_at == std::nullopt);
  CHECK(read(answer).paid_at == std::nullopt);
  CHECK(read(answer).started_at == std::nullopt);
}

TEST_CASE("V1 answer: a missing or mistyped required field makes it unusable") {
  for (const char* key :
       {"imp_uid", "merchant_uid", "amount", "cancel_amount", "currency", "status"}) {
    CAPTURE(key);
    json answer = payment();
    answer.erase(key);
    CHECK(fault(200, envelope(answer)) == AnswerFault::kMalformed);
    CHECK(fault(200, envelope(with(payment(), key, json::array()))) == AnswerFault::kMalformed);
    CHECK(fault(200, envelope(with(payment(), key, nullptr))) == AnswerFault::kMalformed);
  }
  CHECK(fault(200, envelope(with(payment(), "currency", "won"))) == AnswerFault::kMalformed);
  CHECK(fault(200, envelope(with(payment(), "imp_uid", "a\nb"))) == AnswerFault::kMalformed);
  CHECK(fault(200, envelope(nullptr)) == AnswerFault::kMalformed);
  CHECK(fault(200, envelope(json::array({payment()}))) == AnswerFault::kMalformed);
}

TEST_CASE("V1 answer: unknown fields are ignored, mistyped optional ones unset") {
  json answer = payment();
  answer["brand_new"] = json{{"a", json::array({1, 2})}};
  answer["paid_at"] = "soon";
  answer["pg_provider"] = 7;
  const Snapshot snapshot = read(answer);
  CHECK(snapshot.result == Result::kPaid);
  CHECK(snapshot.paid_at == std::nullopt);
  CHECK(snapshot.pg_provider.empty());
}

TEST_CASE("V1 answer: statuses and envelope codes become faults") {
  const std::string none = R"({"code":-1,"message":"x","response":null})";
  CHECK(fault(404, none) == AnswerFault::kNotFound);
  CHECK(fault(404, "") == AnswerFault::kNotFound);
  CHECK(fault(404, "<html>no such page</html>") == AnswerFault::kMalformed);
  CHECK(fault(401, none) == AnswerFault::kUnauthorized);
  CHECK(fault(403, "") == AnswerFault::kForbidden);
  CHECK(fault(429, "") == AnswerFault::kRateLimited);
  CHECK(fault(500, "<html>") == AnswerFault::kUnavailable);
  CHECK(fault(503, "") == AnswerFault::kUnavailable);
  CHECK(fault(404, R"({"message":"no route"})") == AnswerFault::kMalformed);
  CHECK(fault(404, "{\"code\":-1,\"message\":\"\xC1\xB8\xC0\xE7\"}") == AnswerFault::kNotFound);
  CHECK(fault(400, none) == AnswerFault::kRefused);
  CHECK(fault(302, "") == AnswerFault::kMalformed);
  CHECK(fault(200, none) == AnswerFault::kUnavailable);
  CHECK(fault(200, R"({"code":1,"message":"x","response":null})") == AnswerFault::kUnavailable);
  CHECK(fault(200, "") == AnswerFault::kMalformed);
  CHECK(fault(200, "[]") == AnswerFault::kMalformed);
  CHECK(fault(200, payment().dump()) == AnswerFault::kMalformed);
  CHECK(fault(200, R"({"code":"0","response":{}})") == AnswerFault::kMalformed);
  CHECK(fault(200, R"({"code":0,"code":0,"response":{}})") == AnswerFault::kMalformed);
}

TEST_CASE("V1 answer: what is stored names no buyer and no card") {
  json answer = payment();
  answer["fail_reason"] = "한도초과";
  answer["cancel_history"] = json::array({{{"amount", 10.5},
                                           {"cancellation_id", "c1"},
                                           {"cancelled_at", 1},
                                           {"reason", "홍길동"},
                                           {"receipt_url", "https://receipt.example"}}});
  const std::string stored = read(answer).stored_body;
  for (const char* secret : {"홍길동", "buyer", "510737", "custom_data", "receipt"}) {
    CHECK_MESSAGE(stored.find(secret) == std::string::npos, secret);
  }
  const json kept = json::parse(stored);
  CHECK(kept["imp_uid"] == "imp_1");
  CHECK(kept["amount"] == 64900);
  CHECK(kept["cancel_history"][0]["amount"] == 10.5);
  CHECK(kept["cancel_history"][0]["cancellation_id"] == "c1");
  CHECK(read(answer).failure_reason == "한도초과");
}

TEST_CASE("V1 answer: a name in EUC-KR, half a surrogate or a raw line break damages only itself") {
  const std::string good = envelope(payment());
  for (const std::string name :
       {"\xC8\xAB\xB1\xE6\xB5\xBF", "gift \\ud83d", "\\udc4b\\ud83d", "half \xEA\xB8", "two\nlines",
        "\\x", "nul \x01", "\xED\xA0\xBD", "\\u12"}) {
    CAPTURE(name);
    std::string body = good;
    body.replace(body.find("홍길동"), std::string("홍길동").size(), name);
    const auto answer = read_v1_payment(200, body, kAsked);
    REQUIRE(answer.ok());
    CHECK(answer.value().result == Result::kPaid);
    CHECK(answer.value().total_amount == 64900);
    CHECK(answer.value().payment_id.str() == "ord-1");
  }
}

TEST_CASE("V1 answer: an id, status or currency of a broken encoding is unreadable") {
  for (const std::string value : {"\"ord-1\"", "\"imp_1\"", "\"paid\"", "\"KRW\""}) {
    for (const char* broken : {"\xC1\xD6", "\\ud83d", "\n"}) {
      CAPTURE(value);
      std::string body = envelope(payment());
      body.insert(body.find(value) + 2, broken);
      CHECK(fault(200, body) == AnswerFault::kMalformed);
    }
  }
  // What PortOne itself spells so is its own id.
  CHECK(read(with(payment(), "merchant_uid", "\xEF\xBF\xBD")).payment_id.str() == "\xEF\xBF\xBD");
}

TEST_CASE("V1 answer: without a readable sandbox flag the channel is unknown") {
  json answer = payment();
  answer.erase("sandbox");
  CHECK(read(answer).channel == std::nullopt);
  CHECK(read(answer).result == Result::kPaid);
  for (const json& value : {json(nullptr), json("false"), json(0), json::array()}) {
    CHECK(read(with(payment(), "sandbox", value)).channel == std::nullopt);
  }
}

TEST_CASE("V1 answer: a member that stands twice is no member, the others are read") {
  const auto doubled = [](const std::string& member) {
    std::string body = envelope(payment());
    body.insert(body.rfind("}}") + 0, "," + member);
    return read_v1_payment(200, body, kAsked);
  };
  CHECK(doubled(R"("buyer_name":"x")").ok());
  CHECK(doubled(R"("custom_data":{"a":{"b":1,"b":2},"a":3})").ok());
  CHECK(doubled(R"("sandbox":false)").value().channel == std::nullopt);
  CHECK(doubled(R"("amount":1)").error().fault == AnswerFault::kMalformed);
  CHECK(doubled(R"("status":"paid")").error().fault == AnswerFault::kMalformed);
  CHECK(doubled("\"pg_tid\":" + std::string(100, '[') + std::string(100, ']')).ok());
}

TEST_CASE("V1 answer: times may come as text, and mean nothing in another form") {
  CHECK(read(with(payment(), "paid_at", "1788231604")).paid_at == seconds(1788231604));
  for (const json& value : {json("soon"), json(""), json(-1), json(1e300), json(INT64_MAX)}) {
    const Snapshot snapshot = read(with(payment(), "paid_at", value));
    CHECK(snapshot.paid_at == std::nullopt);
    CHECK(snapshot.result == Result::kPaid);
  }
}

TEST_CASE("V1 token: read from its envelope") {
  const json answer{{"access_token", "t"}, {"now", 100}, {"expired_at", 1900}};
  const auto token = read_v1_token(200, envelope(answer));
  REQUIRE(token.ok());
  CHECK(token.value().access_token == "t");
  CHECK(token.value().now == 100);
  CHECK(token.value().expired_at == 1900);
  CHECK(read_v1_token(401, "").error().fault == AnswerFault::kUnauthorized);
  CHECK(read_v1_token(200, envelope(with(answer, "access_token", nullptr))).error().fault ==
        AnswerFault::kMalformed);
  for (const char* key : {"now", "expired_at"}) {
    for (const json& value : {json(nullptr), json("soon"), json(1.5)}) {
      const auto of_unknown_life = read_v1_token(200, envelope(with(answer, key, value)));
      REQUIRE(of_unknown_life.ok());
      CHECK(of_unknown_life.value().life_seconds() == 0);
    }
  }
  CHECK(token.value().life_seconds() == 1800);
  CHECK(read_v1_token(200, envelope(with(with(answer, "now", INT64_MIN), "expired_at", INT64_MAX)))
            .value()
            .life_seconds() == 0);
}
