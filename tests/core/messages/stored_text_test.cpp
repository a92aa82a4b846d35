#include "daemon/core/messages/stored_text.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace reconciled::core;

TEST_CASE("stored text: JSON without tokens stays byte for byte") {
  for (const char* body : {R"( {"a" : 1.50,"b":"\u0041"} )", R"({"x":"paymentToken"})",
                           R"(["paymentToken"])", R"({"tokens":1,"paymentTokens":"x"})", "{}"}) {
    CHECK(cut_json_tokens(body) == body);
  }
}

TEST_CASE("stored text: token members are cut at any depth, the rest stays") {
  CHECK(cut_json_tokens(R"({"a": 1.50, "paymentToken" : "s3cret" ,"b":2})") ==
        R"({"a": 1.50, "paymentToken" : "[removed]" ,"b":2})");
  CHECK(cut_json_tokens(R"([{"x":[{"billingIssueToken":"s\"3,}cret"}]}])") ==
        R"([{"x":[{"billingIssueToken":"[removed]"}]}])");
  CHECK(cut_json_tokens(R"({"payment_token":{"a":["}",{"b":"s3cret"}]},"c":1})") ==
        R"({"payment_token":"[removed]","c":1})");
  CHECK(cut_json_tokens(R"({"billing_issue_token":123,"c":[1]})") ==
        R"({"billing_issue_token":"[removed]","c":[1]})");
  CHECK(cut_json_tokens(R"({"paymentToken":null})") == R"({"paymentToken":"[removed]"})");
}

TEST_CASE("stored text: an escaped token name is no way around") {
  const std::string cut = cut_json_tokens(R"({"payment\u0054\u006fken":"s3cret","a":"\\"})");
  CHECK(cut.find("s3cret") == std::string::npos);
  CHECK(nlohmann::json::parse(cut)["a"] == "\\");
}

TEST_CASE("stored text: a form loses its tokens and keeps the rest as sent") {
  CHECK(cut_form_tokens("a=%41&paymentToken=s&b=+") == "a=%41&b=+");
  CHECK(cut_form_tokens("payment%54oken=s&a=1") == "a=1");
  CHECK(cut_form_tokens("data[billingIssueToken]=s&a") == "a");
  CHECK(cut_form_tokens("next=app%3A%2F%2Fx%3FpaymentToken%3Ds&a=1") == "a=1");
  CHECK(cut_form_tokens("") == "");
  CHECK(cut_form_tokens("a=\xFF\xFF") == "a=\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST_CASE("stored text: joined fields cannot be shifted into one another") {
  CHECK(join_fields({"ab", "c"}) != join_fields({"a", "bc"}));
  CHECK(join_fields({"a", ""}) != join_fields({"", "a"}));
  CHECK(join_fields({"1:a"}) != join_fields({"1", "a"}));
  CHECK(join_fields({"a", "b"}) == "1:a1:b");
}
