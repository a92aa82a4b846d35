#include "daemon/core/words/json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <string>

using namespace reconciled::core;
using nlohmann::json;

namespace {

json parsed(std::string_view text) {
  auto document = parse_json(text);
  REQUIRE_MESSAGE(document.ok(), std::string(text));
  return document.value();
}

JsonFault fault(std::string_view text) {
  const auto document = parse_json(text);
  REQUIRE_FALSE(document.ok());
  return document.error().fault;
}

std::string nested(int depth) {
  return std::string(static_cast<std::size_t>(depth), '[') +
         std::string(static_cast<std::size_t>(depth), ']');
}

}  // namespace

TEST_CASE("json: an ordinary document is read") {
  const json document = parsed(R"({"a":[1,true,null,"x",{"b":{}}],"c":-5,"d":"결제"})");
  CHECK(document["a"].size() == 5);
  CHECK(document["a"][4]["b"].is_object());
  CHECK(integer_member(document, "c") == -5);
  CHECK(text_member(document, "d") == "결제");
  CHECK(parsed("[]").is_array());
  CHECK(parsed(" 1 ") == json(1));
}

TEST_CASE("json: decimals keep their exact text") {
  const json document =
      parsed(R"({"a":10.10,"b":1e3,"c":9223372036854775808,"d":1e30,"e":64900,"f":0.1000})");
  CHECK(number_member(document, "a") == "10.10");
  CHECK(number_member(document, "b") == "1e3");
  CHECK(number_member(document, "c") == "9223372036854775808");
  CHECK(number_member(document, "d") == "1e30");
  CHECK(number_member(document, "e") == "64900");
  CHECK(number_member(document, "f") == "0.1000");
  CHECK(integer_member(document, "a") == std::nullopt);
  CHECK(integer_member(document, "c") == std::nullopt);
  CHECK(integer_member(document, "e") == 64900);
  CHECK(text_member(document, "a") == std::nullopt);
}

TEST_CASE("json: a string cannot pass for a number") {
  const json document = parsed(R"({"a":"\u0001number:5","b":"5"})");
  CHECK(number_member(document, "a") == std::nullopt);
  CHECK(text_member(document, "a") == " number:5");
  CHECK(number_member(document, "b") == std::nullopt);
}

TEST_CASE("json: duplicate keys are refused at any depth") {
  CHECK(fault(R"({"a":1,"a":2})") == JsonFault::kDuplicateKey);
  CHECK(fault(R"([{"x":{"a":1,"b":2,"a":1}}])") == JsonFault::kDuplicateKey);
  CHECK(fault(R"({"a":1,"\u0061":2})") == JsonFault::kDuplicateKey);
  CHECK(parsed(R"({"a":{"a":{"a":1}},"b":{"a":2}})").size() == 2);
}

TEST_CASE("json: depth is limited, whatever the length") {
  CHECK(parse_json(nested(kMaxJsonDepth)).ok());
  CHECK(fault(nested(kMaxJsonDepth + 1)) == JsonFault::kTooDeep);
  CHECK(fault(std::string(1000000, '[')) == JsonFault::kTooDeep);
  std::string objects;
  for (int i = 0; i < 1000; ++i) objects += R"({"a":)";
  CHECK(fault(objects) == JsonFault::kTooDeep);
}

TEST_CASE("json: what is no JSON is refused without quoting it") {
  for (const char* text : {"", "{", "{\"a\":}", "[1,]", "nul", "{\"a\":1}x", "'a'", "\"\xFF\"",
                           "\"\xC0\xAF\"", "\"a\nb\"", "01", "1e400", "\xFF"}) {
    CHECK_MESSAGE(fault(text) == JsonFault::kSyntax, text);
  }
  CHECK(parse_json("{\"secret\"").error().detail.find("secret") == std::string::npos);
}

TEST_CASE("json: nothing hides behind a raw NUL") {
  CHECK(fault(std::string_view("{}\0", 3)) == JsonFault::kSyntax);
  CHECK(fault(std::string_view("{\"a\":1}\0{\"a\":2}", 15)) == JsonFault::kSyntax);
  CHECK(fault(std::string_view("1\0\xFF", 3)) == JsonFault::kSyntax);
  CHECK(fault(std::string_view("\0", 1)) == JsonFault::kSyntax);
}

TEST_CASE("json: an escaped NUL in a string is an ordinary character") {
  CHECK(text_member(parsed(R"({"a":"x\u0000y"})"), "a") == std::string("x\0y", 3));
}

TEST_CASE("json: members of the wrong type, null and absent ones are absent") {
  const json document = parsed(R"({"n":null,"t":"x","i":1,"b":true,"o":{}})");
  CHECK(member(document, "n") == nullptr);
  CHECK(member(document, "absent") == nullptr);
  CHECK(member(document, "o") != nullptr);
  CHECK(text_member(document, "i") == std::nullopt);
  CHECK(number_member(document, "t") == std::nullopt);
  CHECK(bool_member(document, "b") == true);
  CHECK(bool_member(document, "i") == std::nullopt);
  CHECK(integer_member(document, "b") == std::nullopt);
  for (const char* other : {"[]", "1", "\"t\"", "null"}) {
    CHECK(text_member(parsed(other), "t") == std::nullopt);
  }
}

TEST_CASE("json: writing sorts keys and gives numbers back exactly") {
  CHECK(write_json(parsed(R"( {"b" : 10.10, "a":[1, {"d":{}, "c":[]}, "x\"y", null, false]} )")) ==
        R"({"a":[1,{"c":[],"d":{}},"x\"y",null,false],"b":10.10})");
  CHECK(write_json(parsed("18446744073709551616")) == "18446744073709551616");
}

namespace {

json tolerated(std::string_view text, bool expect_repair = true) {
  bool is_repaired = false;
  auto document = parse_json_tolerantly(text, is_repaired);
  REQUIRE_MESSAGE(document.ok(), std::string(text));
  CHECK(is_repaired == expect_repair);
  return document.value();
}

}  // namespace

TEST_CASE("json: tolerantly read, what is no JSON in a string becomes U+FFFD") {
  const std::string mark{"\xEF\xBF\xBD"};
  const std::pair<std::string, std::string> table[] = {
      {"\xB0\xA1", mark + mark},
      {"a\xEA\xB8", "a" + mark + mark},
      {"\\ud83d", mark},
      {"\\ud83d\\ud83d\\ude00", mark + "\xF0\x9F\x98\x80"},
      {"\\ude00x", mark + "x"},
      {"\\ud83dx", mark + "x"},
      {"a\nb", "a" + mark + "b"},
      {std::string("a\0b", 3), "a" + mark + "b"},
      {"\\x41", mark + "x41"},
      {"\\u12", mark + "u12"},
      {"\xED\xA0\x80", mark + mark + mark}};
  for (const auto& [broken, expected] : table) {
    CAPTURE(broken);
    const json document = tolerated("{\"a\":\"" + broken + "\",\"b\":\"\\n\\\"ok\"}");
    CHECK(text_member(document, "a") == expected);
    CHECK(text_member(document, "b") == "\n\"ok");
  }
}

TEST_CASE("json: tolerantly read, what cannot be one value is an empty object") {
  for (const char* word : {"NaN", "-Infinity", "1e999", "-1e999", "01", "+1", "1.", ".5", "0x1",
                           "True", "undefined"}) {
    CAPTURE(word);
    const json document = tolerated(std::string("{\"a\":") + word + ",\"b\":[-1.5e3,true,null]}");
    CHECK(document["a"] == json::object());
    CHECK(document["b"].size() == 3);
  }
  const json twice = tolerated(R"({"a":1,"b":2,"a":{"c":1,"c":2},"a":3})", false);
  CHECK(twice["a"] == json::object());
  CHECK(twice["b"] == 2);
  const json deep = tolerated("{\"a\":" + nested(100) + ",\"b\":2}", false);
  CHECK(deep["b"] == 2);
  CHECK_FALSE(write_json(deep).empty());
}

TEST_CASE("json: tolerantly read, a broken structure is still none") {
  for (const std::string& text :
       {std::string{}, std::string("{"), std::string("{\"a\":\"x"), std::string("<html>"),
        std::string("[1]\0[2]", 7), std::string("{a:1}"), std::string("[1,]"),
        std::string("[1][2]")}) {
    CAPTURE(text);
    bool is_repaired = false;
    CHECK_FALSE(parse_json_tolerantly(text, is_repaired).ok());
  }
}
