#include "daemon/core/words/text.h"

#include <doctest/doctest.h>

#include <string>

using namespace reconciled::core;

TEST_CASE("text: valid UTF-8 is told from invalid") {
  for (const char* text : {"", "abc", "결제", "\xF0\x9F\x92\xB3", "\xED\x9F\xBF", "\xEF\xBF\xBF",
                           "\xF4\x8F\xBF\xBF"}) {
    CHECK_MESSAGE(is_valid_utf8(text), text);
  }
  for (const char* text :
       {"\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
        "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xE2\x82", "a\xFF", "\xC3"}) {
    CHECK_FALSE(is_valid_utf8(text));
  }
}

TEST_CASE("text: cleaning replaces bad bytes and control characters") {
  CHECK(clean_text("a\xFF"
                   "b",
                   100) ==
        "a\xEF\xBF\xBD"
        "b");
  CHECK(clean_text("a\r\nb\x7F\xC2\x85", 100) == "a  b  ");
  CHECK(clean_text(std::string_view("a\0b", 3), 100) == "a b");
  CHECK(clean_text("[결제포기] 100%", 100) == "[결제포기] 100%");
}

TEST_CASE("text: cleaning cuts at a character's edge") {
  CHECK(clean_text("결제", 5) == "결");
  CHECK(clean_text("결제", 6) == "결제");
  CHECK(clean_text("결제", 2).empty());
  CHECK(clean_text("\xFF", 2).empty());
  CHECK(clean_text("abc", 0).empty());
}

TEST_CASE("text: a character's code point, whatever its size") {
  CHECK(code_point("A") == U'A');
  CHECK(code_point("é") == U'é');
  CHECK(code_point("결") == U'결');
  CHECK(code_point("\xF0\x9F\x92\xB3") == 0x1F4B3);
}

TEST_CASE("text: what is seen only by what it does to others goes") {
  CHECK(without_invisible("a\u202Eb\u2066c\u200Fd\u200Be\uFEFFf\u00ADg\u061Ch") == "abcdefgh");
  CHECK(without_invisible("1588\u20601234") == "15881234");
  CHECK(without_invisible("한도 초과 é \xF0\x9F\x92\xB3") == "한도 초과 é \xF0\x9F\x92\xB3");
  CHECK(without_invisible("a\xFF") == "a\xFF");  // who damaged it is not asked here
  CHECK(without_invisible("").empty());
}

TEST_CASE("text: what was copied loses what stood around it, and nothing within") {
  CHECK(without_surroundings(" \t\"order 1\",\r\n") == "order 1");
  CHECK(without_surroundings("\u00a0\u3000\u200b결제-1\ufeff\u2009") == "결제-1");
  CHECK(without_surroundings("\u201cimp_1\u201d") == "imp_1");
  CHECK(without_surroundings("a\u200db") == "a\u200db");
  CHECK(without_surroundings("\xFF ") == "\xFF");
  CHECK(without_surroundings(" \u00a0").empty());
  CHECK(without_surroundings("").empty());
}

TEST_CASE("text: percent-decoding leaves broken escapes as they are") {
  CHECK(percent_decode("a%41b%2f", false) == "aAb/");
  CHECK(percent_decode("100%", false) == "100%");
  CHECK(percent_decode("%4", false) == "%4");
  CHECK(percent_decode("%zz%4g", false) == "%zz%4g");
  CHECK(percent_decode("a+b", true) == "a b");
  CHECK(percent_decode("a+b", false) == "a+b");
  CHECK(percent_decode("%2541", false) == "%41");  // once only
  CHECK(percent_decode("%00", false) == std::string(1, '\0'));
}

TEST_CASE("text: percent-encoding survives a round trip") {
  CHECK(percent_encode("a/b?c#d%e f") == "a%2Fb%3Fc%23d%25e%20f");
  CHECK(percent_encode("Az09-._~") == "Az09-._~");
  CHECK(percent_decode(percent_encode("주문 1/2"), false) == "주문 1/2");
}

TEST_CASE("text: a form keeps order, duplicates and empty values") {
  const FormPairs pairs = parse_form("a=1&&b=%EA%B2%B0+x&a=2&c&=v&d=x=y");
  const FormPairs expected{{"a", "1"}, {"b", "결 x"}, {"a", "2"},
                           {"c", ""},  {"", "v"},     {"d", "x=y"}};
  CHECK(pairs == expected);
  CHECK(parse_form("").empty());
}

TEST_CASE("text: a flood of pairs is cut") {
  std::string flood;
  for (int i = 0; i < 1000; ++i) flood += "a=b&";
  CHECK(parse_form(flood).size() == kMaxFormPairs);
}

TEST_CASE("text: of a repeated name the first value that is not empty counts") {
  const FormPairs pairs{{"id", ""}, {"id", "one"}, {"id", "two"}, {"none", ""}};
  CHECK(form_value(pairs, "id") == "one");
  CHECK(form_value(pairs, "none") == "");
  CHECK(form_value(pairs, "absent") == std::nullopt);
}
