// How PortOne answers where it is told of an amount before the payment (dossier §3).
#include <doctest/doctest.h>

#include <string>

#include "daemon/core/messages/portone_answer.h"

using namespace reconciled::core;

namespace {

const PaymentId kOrder = PaymentId::trusted("ord-1");
const Money kTenDollars{1'050, *Currency::make("USD")};

auto v1(int status, std::string_view body) {
  return read_v1_prepared(status, body, kOrder, kTenDollars);
}

// Whether it says "no", for good; what is no answer is none of that.
void check_refused(const Outcome<PreregistrationReply, AnswerError>& reply, const char* reason) {
  REQUIRE(reply.ok());
  CHECK_FALSE(reply.value().is_taken);
  CHECK(reply.value().reason == reason);
}

}  // namespace

TEST_CASE(
    "prepare: code 0 about this order and amount is a yes, whatever else it says or leaves out") {
  for (const char* response : {R"({"merchant_uid":"ord-1","amount":10.5,"currency":"USD"})",
                               R"({"merchant_uid":"ord-1","amount":"10.50"})",
                               R"({"amount":10.50,"tomorrow":[1]})", "{}"}) {
    CAPTURE(std::string(response));
    const auto reply =
        v1(200, std::string(R"({"code":0,"message":null,"response":)") + response + "}");
    REQUIRE(reply.ok());
    CHECK(reply.value().is_taken);
  }
}

TEST_CASE("prepare: an answer about another order or amount is no answer") {
  for (const char* response :
       {R"({"merchant_uid":"ord-2","amount":10.5})", R"({"merchant_uid":"ord-1","amount":1050})",
        R"({"merchant_uid":"ord-1","amount":"ten"})", R"({"merchant_uid":7,"amount":10.5})",
        "null"}) {
    CAPTURE(std::string(response));
    const auto reply =
        v1(200, std::string(R"({"code":0,"message":null,"response":)") + response + "}");
    REQUIRE_FALSE(reply.ok());
    CHECK(reply.error().fault == AnswerFault::kMalformed);
  }
}

TEST_CASE("prepare: another code is a no with PortOne's words, under HTTP 200 too") {
  check_refused(
      v1(200, R"({"code":1,"message":"이미 등록된 merchant_uid입니다.","response":null})"),
      "code 1: 이미 등록된 merchant_uid입니다.");
  check_refused(v1(404, R"({"code":-1,"message":"없음","response":null})"), "status 404: 없음");
  check_refused(v1(400, R"({"code":-1,"message":null,"response":null})"), "status 400");
}

TEST_CASE("pre-register: an object is a yes, PortOne's own errors are a no") {
  CHECK(read_v2_preregistered(200, "{}").value().is_taken);
  check_refused(read_v2_preregistered(409, R"({"type":"ALREADY_PAID","message":"paid"})"),
                "status 409 ALREADY_PAID: paid");
  check_refused(read_v2_preregistered(400, R"({"type":"INVALID_REQUEST"})"),
                "status 400 INVALID_REQUEST");
}

TEST_CASE("pre-registration: what may pass, and what is not PortOne's, is neither yes nor no") {
  for (const auto& [status, body] : std::initializer_list<std::pair<int, const char*>>{
           {200, "<html>maintenance</html>"},
           {200, "[]"},
           {401, R"({"code":-1,"message":"Unauthorized","response":null})"},
           {403, R"({"type":"FORBIDDEN"})"},
           {404, "<html>not found</html>"},
           {400, "<html>a proxy's</html>"},
           {408, ""},
           {429, R"({"type":"TOO_MANY"})"},
           {500, R"({"type":"INTERNAL"})"},
           {503, ""}}) {
    CAPTURE(status);
    CAPTURE(std::string(body));
    CHECK_FALSE(v1(status, body).ok());
    CHECK_FALSE(read_v2_preregistered(status, body).ok());
  }
}
