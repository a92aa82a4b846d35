#include <doctest/doctest.h>

#include "tests/sandbox/support.h"
#include "tests/sandbox/tokens.h"

using namespace reconciled;
using namespace reconciled::sandbox_tests;
using namespace std::chrono_literals;

TEST_CASE("tokens: V1 gives the same token until it expires, then a new one") {
  sandbox::Tokens tokens;
  const sandbox::PortoneTime start = sandbox::now();
  const sandbox::V1Token first = tokens.v1_token(start);
  CHECK(first.expires_at - start == 30min);
  const sandbox::V1Token again = tokens.v1_token(start + 29min);
  CHECK(again.text == first.text);
  CHECK(again.expires_at == first.expires_at);
  const sandbox::V1Token later = tokens.v1_token(start + 30min);
  CHECK(later.text != first.text);
  CHECK_FALSE(tokens.v1_valid(first.text, start + 30min));
}

TEST_CASE("tokens: with less than a minute left, V1's token lives five minutes longer") {
  sandbox::Tokens tokens;
  const sandbox::PortoneTime start = sandbox::now();
  const sandbox::V1Token first = tokens.v1_token(start);
  const sandbox::V1Token longer = tokens.v1_token(start + 29min + 1s);
  CHECK(longer.text == first.text);
  CHECK(longer.expires_at == first.expires_at + 5min);
  CHECK(tokens.v1_valid(first.text, start + 34min));
}

TEST_CASE("tokens: a V2 login kills the refresh token before, not the access token") {
  sandbox::Tokens tokens;
  const sandbox::PortoneTime start = sandbox::now();
  const sandbox::V2Tokens first = tokens.v2_login(start);
  const sandbox::V2Tokens second = tokens.v2_login(start);
  CHECK_FALSE(tokens.v2_refresh(first.refresh, start));
  CHECK(tokens.v2_valid(first.access, start + 29min));
  CHECK_FALSE(tokens.v2_valid(first.access, start + 30min));
  const auto third = tokens.v2_refresh(second.refresh, start + 23h);
  REQUIRE(third);
  CHECK_FALSE(tokens.v2_refresh(second.refresh, start + 23h));
  CHECK(tokens.v2_valid(third->access, start + 23h));
  CHECK_FALSE(tokens.v2_refresh(third->refresh, start + 23h + 24h));
}

TEST_CASE("getToken: takes JSON and form, refuses a wrong key with 401 in the envelope") {
  Rig rig;
  const Answer json = rig.call("POST", "/users/getToken",
                               R"({"imp_key":"sandbox_key","imp_secret":"sandbox_secret"})");
  Headers form;
  form.content_type = "application/x-www-form-urlencoded";
  const Answer formed =
      rig.call("POST", "/users/getToken", "imp_key=sandbox_key&imp_secret=sandbox_secret", form);
  REQUIRE(json.status == 200);
  CHECK(json.body["code"] == 0);
  CHECK(json.body["message"].is_null());
  CHECK(json.body["response"]["access_token"] == formed.body["response"]["access_token"]);
  const std::int64_t life = json.body["response"]["expired_at"].get<std::int64_t>() -
                            json.body["response"]["now"].get<std::int64_t>();
  CHECK(life == 1800);
  const Answer wrong =
      rig.call("POST", "/users/getToken", R"({"imp_key":"sandbox_key","imp_secret":"x"})");
  CHECK(wrong.status == 401);
  CHECK(wrong.body["code"] == -1);
  CHECK(wrong.body["response"].is_null());
}

TEST_CASE("auth: a bare V1 token works, an expired one answers 401 in the envelope") {
  Rig rig;
  rig.make({{"payment_id", "o1"}, {"attempt_id", "imp_1"}, {"status", "paid"}});
  const Answer token = rig.call("POST", "/users/getToken",
                                R"({"imp_key":"sandbox_key","imp_secret":"sandbox_secret"})");
  Headers bare;
  bare.authorization = token.body["response"]["access_token"].get<std::string>();
  CHECK(rig.call("GET", "/payments/imp_1", "", bare).status == 200);
  rig.control("PUT", "/tokens", {{"expires_in_s", 0}});
  const Answer expired = rig.call("GET", "/payments/imp_1", "", bare);
  CHECK(expired.status == 401);
  CHECK(expired.body["code"] == -1);
  CHECK(rig.v1("GET", "/payments/imp_1").status == 200);
}

TEST_CASE("auth: the credential chooses the API, and its 401 has that API's shape") {
  Rig rig;
  rig.make({{"payment_id", "o1"}, {"version", "v2"}, {"status", "paid"}});
  const auto with = [&](const char* authorization, const char* target) {
    Headers headers;
    headers.authorization = authorization;
    return rig.call("GET", target, "", headers);
  };
  CHECK(with("PortOne sandbox_api_secret", "/payments/o1").status == 200);
  const Answer v2 = with("PortOne wrong", "/payments/o1");
  CHECK(v2.status == 401);
  CHECK(v2.body["type"] == "UNAUTHORIZED");
  CHECK(with("Bearer a.b.c", "/payments/o1").body["type"] == "UNAUTHORIZED");
  CHECK(with("Bearer unknown", "/payments/o1").body["code"] == -1);
  CHECK(with("", "/payments/o1").body["code"] == -1);
  CHECK(with("", "/payments-by-cursor").body["type"] == "UNAUTHORIZED");
  const Answer login =
      rig.call("POST", "/login/api-secret", R"({"apiSecret":"sandbox_api_secret"})");
  REQUIRE(login.status == 200);
  const std::string bearer = "Bearer " + login.body["accessToken"].get<std::string>();
  CHECK(with(bearer.c_str(), "/payments/o1").body["status"] == "PAID");
  CHECK(rig.call("POST", "/login/api-secret", R"({"apiSecret":"imp"})").status == 401);
  const std::string refresh = Json{{"refreshToken", login.body["refreshToken"]}}.dump();
  CHECK(rig.call("POST", "/token/refresh", refresh).status == 200);
  CHECK(rig.call("POST", "/token/refresh", refresh).status == 401);
}
