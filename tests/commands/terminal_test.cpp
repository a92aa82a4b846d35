#include "daemon/commands/terminal.h"

#include <doctest/doctest.h>

using namespace reconciled::commands;

TEST_CASE("terminal: what comes from outside moves no cursor and turns no text around") {
  CHECK(plain("a\x1b[31mb\n") == "a [31mb ");
  CHECK(plain("a\u009b31mb") == "a 31mb");
  CHECK(plain("a\u202eb") == "a\ufffdb");
  CHECK(plain("\xff") == "\ufffd");
  CHECK(plain("주문 1") == "주문 1");
}

TEST_CASE("terminal: Hangul takes two columns, signs and Latin one") {
  CHECK(width_of("abc") == 3);
  CHECK(width_of("주문") == 4);
  CHECK(width_of("…→é") == 3);
  CHECK(width_of("") == 0);
}

TEST_CASE("terminal: lines break at blanks, else within the word") {
  CHECK(wrap("one two three", 8) == std::vector<std::string>{"one two", "three"});
  CHECK(wrap("one two", 7) == std::vector<std::string>{"one two"});
  CHECK(wrap("abcdefgh", 3) == std::vector<std::string>{"abc", "def", "gh"});
  CHECK(wrap("주문주문", 3) == std::vector<std::string>{"주", "문", "주", "문"});
  CHECK(wrap("주", 1) == std::vector<std::string>{"주"});
  CHECK(wrap("", 5) == std::vector<std::string>{""});
}

TEST_CASE("terminal: what is cut says so") {
  CHECK(clip("abcdef", 6) == "abcdef");
  CHECK(clip("abcdef", 5) == "abcd…");
  CHECK(clip("주문주문", 5) == "주문…");
}
