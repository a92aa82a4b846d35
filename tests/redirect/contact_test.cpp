#include "daemon/redirect/contact.h"

#include <doctest/doctest.h>

using namespace reconciled;

TEST_CASE("contact: a telephone number is called, an address written to, a URL opened") {
  CHECK(link_of_contact("1588-1234") == "tel:15881234");
  CHECK(link_of_contact("+82 2-1234-5678") == "tel:+82212345678");
  CHECK(link_of_contact("(02) 123.4567") == "tel:021234567");
  CHECK(link_of_contact("help@shop.example") == "mailto:help@shop.example");
  CHECK(link_of_contact("https://shop.example/help?a=1") == "https://shop.example/help?a=1");
}

TEST_CASE("contact: anything else is a text to read") {
  for (const char* text : {"", "고객센터 1588-1234", "평일 9-18", "12", "1234567890123456", "+", "1+2345",
                           "@shop.example", "help@", "help@shop", "a@b@c.example", "help@.example",
                           "help@shop.", "도움@shop.example", "javascript:alert(1)",
                           "https://shop example", "ftp://shop.example", "카카오톡 @달빛서점"}) {
    CAPTURE(std::string(text));
    CHECK(link_of_contact(text).empty());
  }
}
