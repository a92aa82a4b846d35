#include "daemon/redirect/window_message.h"

#include <doctest/doctest.h>

#include "daemon/core/words/text.h"

using namespace reconciled;

namespace {

std::size_t characters_in(const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = 0; at < text.size(); at += core::character_size(text, at)) ++count;
  return count;
}

}  // namespace

TEST_CASE("window message: what gateways say stays as it is") {
  for (const char* message :
       {"한도 초과", "[결제포기] 사용자가 결제를 취소하셨습니다", "F113: 잔액이 부족합니다. 다시 시도해 주세요.",
        "1회 결제 한도 1,000,000원을 넘었습니다", "12,345원 23:48", "[8324] 3.5% 할인 (오류코드 1234)",
        "Card declined. Try again.", "50만원/1일"}) {
    CHECK(shown_window_message(message) == message);
  }
}

TEST_CASE("window message: telephone numbers go, however they are written") {
  for (const char* number :
       {"1588-1234", "15881234", "010-1234-5678", "010 1234 5678", "+82 10-1234-5678",
        "(02) 123-4567", "02)123-4567", "010.1234.5678", "0 1 0 1 2 3 4 5 6 7 8", "１５８８－１２３４",
        "1588–1234", "1588,1234", "①⑤⑧⑧①②③④", "1588\u200B1234", "15\u202E881234",
        "0\u200D1\u200D01234567", "010/1234/5678", "010 - 1234 - 5678"}) {
    CAPTURE(std::string(number));
    const std::string shown = shown_window_message("전화 " + std::string(number) + " 로");
    CHECK(shown.find("123") == std::string::npos);
    CHECK(shown.find("２３") == std::string::npos);
    CHECK(shown.find("②") == std::string::npos);
    CHECK(shown.find("전화") == 0);
    CHECK(shown.find("…") != std::string::npos);
  }
}

TEST_CASE("window message: web and mail addresses go") {
  for (const char* address :
       {"https://evil.example/pay", "HTTP://EVIL", "evil.example", "www.evil.example", "bit.ly/abc",
        "help@evil.example", "javascript://x", "evil。example", "ｅｖｉｌ．ｃｏｍ", "악당.com", "evil.한국",
        "은행.한국", "evil\u200B.example", "pay://x", "(evil.example)"}) {
    CAPTURE(std::string(address));
    CHECK(shown_window_message("여기 " + std::string(address) + " 로") == "여기 … 로");
  }
}

TEST_CASE("window message: control and direction characters go") {
  CHECK(shown_window_message("a\r\nb\tc\x1b[31m") == "a b c [31m");
  CHECK(shown_window_message("승인\u202E됨\u2066거\u200F절") == "승인됨거절");
  CHECK(shown_window_message("a\xff") == "a\xEF\xBF\xBD");
  CHECK(shown_window_message("").empty());
  CHECK(shown_window_message("  \u3000 ").empty());
}

TEST_CASE("window message: clipped to 100 characters, at a character's edge") {
  CHECK(characters_in(shown_window_message(std::string(100, 'a'))) == 100);
  const std::string clipped = shown_window_message(std::string(10'000, 'a'));
  CHECK(characters_in(clipped) == 100);
  CHECK(clipped.ends_with("a…"));
  std::string hangul;
  for (int i = 0; i < 101; ++i) hangul += "한";
  CHECK(characters_in(shown_window_message(hangul)) == 100);
  CHECK(core::is_valid_utf8(shown_window_message(hangul)));
}

TEST_CASE("reason: PortOne's own keeps whom to call, on one line of 200 characters") {
  CHECK(shown_reason("카드사 1588-1234\n문의\u202E") == "카드사 1588-1234 문의");
  CHECK(characters_in(shown_reason(std::string(1'000, 'a'))) == 200);
}
