#include "daemon/redirect/waiting_page.h"

#include <doctest/doctest.h>

using namespace reconciled;
using core::WaitingState;

namespace {

constexpr WaitingState kStates[] = {
    WaitingState::kPaid,      WaitingState::kReview, WaitingState::kAwaitingDeposit,
    WaitingState::kCancelled, WaitingState::kFailed, WaitingState::kConfirming};
const std::string kHostile = "\"><script>alert('1')</script>&<img src=x onerror=y>";

bool has(const std::string& html, const std::string& text) {
  return html.find(text) != std::string::npos;
}

WaitingPage full_page() {
  WaitingPage page;
  page.state = WaitingState::kAwaitingDeposit;
  page.payment_id = "ord-1";
  page.amount = "64,900 KRW";
  page.account = core::VirtualAccount{"KB", "123-456", "Shop",
                                      core::PortoneTime(core::from_ms(1'795'000'000'000))};
  page.status_url = "/payments/complete/status?token=T";
  page.next_url = "https://shop.example/thanks?order=ord-1";
  return page;
}

}  // namespace

TEST_CASE("waiting page: every text from outside is escaped") {
  for (const WaitingState state : kStates) {
    for (const Language language : {Language::kKorean, Language::kEnglish}) {
      WaitingPage page;
      page.state = state;
      page.language = language;
      page.payment_id = page.window_reason = page.status_url = page.next_url = kHostile;
      page.amount = kHostile;
      page.account = core::VirtualAccount{kHostile, kHostile, kHostile, std::nullopt};
      for (const bool with_reason : {false, true}) {
        if (with_reason) page.reason = kHostile;
        const std::string html = render_waiting_page(page);
        CHECK_FALSE(has(html, kHostile));
        CHECK_FALSE(has(html, "<script>alert"));
        CHECK_FALSE(has(html, "<img"));
        CHECK_FALSE(has(html,
                        "\"><"
                        "script"));
      }
    }
  }
  CHECK_FALSE(has(render_notice_page(Language::kEnglish, kHostile, kHostile), "<script>alert"));
}

TEST_CASE("waiting page: Hangul and other UTF-8 stay as they are") {
  WaitingPage page = full_page();
  page.payment_id = "주문-1 é";
  CHECK(has(render_waiting_page(page), "주문-1 é"));
  CHECK(has(render_waiting_page(page), "<meta charset=\"utf-8\">"));
}

TEST_CASE("waiting page: Korean and English differ in every state") {
  for (const WaitingState state : kStates) {
    CHECK_FALSE(waiting_message(state, Language::kKorean).empty());
    CHECK(waiting_message(state, Language::kKorean) != waiting_message(state, Language::kEnglish));
    WaitingPage page;
    page.state = state;
    CHECK(has(render_waiting_page(page), "lang=\"ko\""));
    CHECK(has(render_waiting_page(page), waiting_message(state, Language::kKorean)));
    page.language = Language::kEnglish;
    CHECK(has(render_waiting_page(page), "lang=\"en\""));
    CHECK(has(render_waiting_page(page), waiting_message(state, Language::kEnglish)));
  }
}

TEST_CASE("waiting page: the language is what the browser names first, else Korean") {
  CHECK(preferred_language("") == Language::kKorean);
  CHECK(preferred_language("ko-KR,ko;q=0.9,en-US;q=0.8") == Language::kKorean);
  CHECK(preferred_language("en-US,en;q=0.9,ko;q=0.8") == Language::kEnglish);
  CHECK(preferred_language("en") == Language::kEnglish);
  CHECK(preferred_language("EN-us") == Language::kEnglish);
  CHECK(preferred_language("de, en;q=0.7, ko;q=0.3") == Language::kEnglish);
  CHECK(preferred_language("bs-Cyrl-BA, sr;q=0.9") == Language::kKorean);
  CHECK(preferred_language("de-DE,de;q=0.9") == Language::kKorean);
  CHECK(preferred_language("de-DE,en;q=0.5") == Language::kEnglish);
}

TEST_CASE("waiting page: nothing is loaded from elsewhere") {
  const std::string html = render_waiting_page(full_page());
  for (const char* loading : {"src=", "<link", "<iframe", "<img", "@import", "url(", "<form"}) {
    CAPTURE(std::string(loading));
    CHECK_FALSE(has(html, loading));
  }
  // The one address of another origin is the shop's own link.
  std::size_t addresses = 0;
  for (auto at = html.find("://"); at != std::string::npos; at = html.find("://", at + 1)) {
    ++addresses;
  }
  CHECK(addresses == 1);
  CHECK(has(html, "href=\"https://shop.example/thanks?order=ord-1\""));
}

TEST_CASE("waiting page: without JavaScript it refreshes the token's address, while it waits") {
  WaitingPage page = full_page();
  CHECK(has(render_waiting_page(page),
            "<noscript><meta http-equiv=\"refresh\" content=\"3;"
            "url=/payments/complete/status?token=T\"></noscript>"));
  page.status_url.clear();
  const std::string still = render_waiting_page(page);
  CHECK_FALSE(has(still, "http-equiv=\"refresh\""));
  CHECK_FALSE(has(still, "<script>"));
}

TEST_CASE("waiting page: the account shows only while a deposit is awaited") {
  WaitingPage page = full_page();
  CHECK(has(render_waiting_page(page), "123-456"));
  CHECK(has(render_waiting_page(page), "64,900 KRW"));
  page.state = WaitingState::kPaid;
  CHECK_FALSE(has(render_waiting_page(page), "123-456"));
}

TEST_CASE("waiting page: PortOne's reason goes before the window's, which is marked as such") {
  WaitingPage page;
  page.state = WaitingState::kFailed;
  page.language = Language::kEnglish;
  page.window_reason = "from the window";
  CHECK(has(render_waiting_page(page), "The payment window said: from the window"));
  page.reason = "from PortOne";
  CHECK(has(render_waiting_page(page), "<p>from PortOne</p>"));
  CHECK_FALSE(has(render_waiting_page(page), "from the window"));
}
