// Telling PortOne of an order before its payment window opens, over both APIs.
#include <doctest/doctest.h>

#include <algorithm>

#include "tests/portone/portone_fixture.h"

using namespace reconciled;
using namespace reconciled::test;

namespace {

using Telling = storage::PreregistrationReport::Outcome;
using core::Api;

json prepared(const std::string& id, const json& amount) {
  return {{"merchant_uid", id}, {"amount", amount}, {"currency", "KRW"}};
}
Reply code_1() { return {200, R"({"code":1,"message":"이미 등록됨","response":null})", {}}; }

std::vector<std::string> told(const ScriptedPortone& portone) {
  std::vector<std::string> all = portone.told();
  std::erase_if(all, [](const std::string& one) { return one.find("getToken") != one.npos; });
  return all;
}

}  // namespace

TEST_CASE("V1 prepare: told as a form, with the exact decimal in major units") {
  const ScriptedPortone portone([](const std::string&, const std::string& target) {
    if (is_login(target)) return v1_token();
    return Reply{200, v1_answer({{"merchant_uid", "주문 1&a=b"}, {"amount", 10.5}}), {}};
  });
  Asking asking(portone);
  const auto report = asking.asker.preregister(Api::kV1, "주문 1&a=b", 1'050, "USD");
  CHECK(report.outcome == Telling::kTaken);
  CHECK(report.detail.empty());
  CHECK(report.told.order_id == 1);
  CHECK(told(portone) == std::vector<std::string>{
                             "POST /payments/prepare merchant_uid=%EC%A3%BC%EB%AC%B8%201%26a%3Db"
                             "&amount=10.50&currency=USD"});
}

TEST_CASE("V1 prepare: what was prepared before is changed by PUT, and only then") {
  const ScriptedPortone portone([](const std::string& method, const std::string& target) {
    if (is_login(target)) return v1_token();
    if (method == "POST") return code_1();
    return Reply{200, v1_answer(prepared("ord-1", 64'900)), {}};
  });
  Asking asking(portone);
  CHECK(asking.asker.preregister(Api::kV1, "ord-1", 64'900, "KRW").outcome == Telling::kTaken);
  CHECK(told(portone) == std::vector<std::string>{
                             "POST /payments/prepare merchant_uid=ord-1&amount=64900&currency=KRW",
                             "PUT /payments/prepare merchant_uid=ord-1&amount=64900&currency=KRW"});
}

TEST_CASE("V1 prepare: where neither is taken, the reason is why it could not be prepared") {
  const ScriptedPortone portone([](const std::string& method, const std::string& target) {
    if (is_login(target)) return v1_token();
    return method == "POST" ? code_1() : v1_unknown();
  });
  Asking asking(portone);
  const auto report = asking.asker.preregister(Api::kV1, "ord-1", 1, "KRW");
  CHECK(report.outcome == Telling::kRefused);
  CHECK(report.detail == "code 1: 이미 등록됨");
}

TEST_CASE("V1 prepare: a token that PortOne refuses is replaced once, as for questions") {
  std::atomic<int> logins{0};
  const ScriptedPortone portone([&](const std::string&, const std::string& target) {
    if (is_login(target)) return v1_token("t" + std::to_string(++logins));
    if (logins < 2)
      return Reply{401, R"({"code":-1,"message":"Unauthorized","response":null})", {}};
    return Reply{200, v1_answer(prepared("ord-1", 1)), {}};
  });
  Asking asking(portone);
  CHECK(asking.asker.preregister(Api::kV1, "ord-1", 1, "KRW").outcome == Telling::kTaken);
  CHECK(logins == 2);
  CHECK(told(portone).size() == 2);
}

TEST_CASE("V2 pre-register: the store, minor units and currency, to the escaped payment") {
  const ScriptedPortone portone([](const std::string&, const std::string&) {
    return Reply{200, "{}", {}};
  });
  Asking asking(portone);
  CHECK(asking.asker.preregister(Api::kV2, "a/b?c", 1'050, "USD").outcome == Telling::kTaken);
  CHECK(told(portone) ==
        std::vector<std::string>{R"(POST /payments/a/b?c/pre-register )"
                                 R"({"currency":"USD","storeId":"store-1","totalAmount":1050})"});
}

TEST_CASE("V2 pre-register: a paid payment is refused, and Retry-After is heeded") {
  std::atomic<bool> is_busy{false};
  const ScriptedPortone portone([&](const std::string&, const std::string&) {
    return is_busy ? Reply{503, "", "Retry-After: 7\r\n"}
                   : Reply{409, R"({"type":"ALREADY_PAID","message":"paid"})", {}};
  });
  Asking asking(portone);
  const auto refused = asking.asker.preregister(Api::kV2, "p", 1, "KRW");
  CHECK(refused.outcome == Telling::kRefused);
  CHECK(refused.detail == "status 409 ALREADY_PAID: paid");
  is_busy = true;
  const auto unanswered = asking.asker.preregister(Api::kV2, "p", 1, "KRW");
  CHECK(unanswered.outcome == Telling::kUnanswered);
  CHECK(unanswered.retry_after == 7s);
}

TEST_CASE("telling: a wrong key is no refusal of the order, and is warned of") {
  const ScriptedPortone portone([](const std::string&, const std::string& target) {
    return is_login(target) ? Reply{401, R"({"code":-1,"message":"no","response":null})", {}}
                            : Reply{401, R"({"type":"UNAUTHORIZED"})", {}};
  });
  Asking asking(portone);
  for (const Api api : {Api::kV1, Api::kV2}) {
    CHECK(asking.asker.preregister(api, "p", 1, "KRW").outcome == Telling::kUnanswered);
    CHECK(asking.warns(WarningKind::kPortoneUnauthorized, std::string(core::to_word(api))));
  }
}

TEST_CASE("telling: an API that is not configured is not told, and says so") {
  const ScriptedPortone portone([](const std::string&, const std::string&) {
    return Reply{200, "{}", {}};
  });
  Asking both(portone);
  core::Config config = both.config;
  config.v2.reset();
  portone::Asker v1_alone(config, both.world);
  const auto report = both.until_done(v1_alone.preregister(
      {1, Api::kV2, core::PaymentId::trusted("p"), {1, *core::Currency::make("KRW")}}));
  CHECK(report.outcome == Telling::kUnanswered);
  CHECK(report.detail == "this API is not configured");
  CHECK(portone.told().empty());
}
