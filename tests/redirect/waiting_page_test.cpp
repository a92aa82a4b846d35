#include "daemon/redirect/waiting_page.h"

#include <doctest/doctest.h>

#include <set>

#include "daemon/core/messages/signature.h"

using namespace reconciled;
using namespace std::chrono_literals;
using core::WaitingState;

namespace {

constexpr WaitingState kStates[] = {
    WaitingState::kPaid,      WaitingState::kReview, WaitingState::kAwaitingDeposit,
    WaitingState::kCancelled, WaitingState::kFailed, WaitingState::kConfirming};
const std::string kHostile = "\"><script>alert('1')</script>&<img src=x onerror=y>";
const Shop kShop{"달빛 서점", "1588-1234"};

bool has(const std::string& html, const std::string& text) {
  return html.find(text) != std::string::npos;
}

core::Money won(std::int64_t amount) { return {amount, *core::Currency::make("KRW")}; }

LocalTime at(const char* text) {
  set_time_zone("Asia/Seoul");
  return local_time(core::to_time(*core::parse_rfc3339(text)));
}

// A page with everything on it.
WaitingPage full_page(WaitingState state) {
  WaitingPage page;
  page.state = state;
  page.payment_id = "order-2026-11-26-00017";
  page.amount = won(33'000);
  page.account =
      DepositAccount{"SHINHAN", "110-123-456789", "(주)달빛", at("2026-11-28T23:48:03+09:00")};
  page.now = at("2026-11-26T14:48:00+09:00");
  if (!core::is_final(state) || state == WaitingState::kAwaitingDeposit) {
    page.following = {"/payments/complete/status?token=T", 2s, 1'800s};
  }
  page.next_url = "https://shop.example/thanks?order=ord-1";
  return page;
}

}  // namespace

TEST_CASE("waiting page: every text from outside is escaped") {
  for (const WaitingState state : kStates) {
    for (const Language language : {Language::kKorean, Language::kEnglish}) {
      WaitingPage page = full_page(state);
      page.language = language;
      page.payment_id = page.window_reason = page.following.url = page.next_url = page.retry_url =
          kHostile;
      page.account = DepositAccount{kHostile, kHostile, kHostile, std::nullopt};
      for (const bool with_reason : {false, true}) {
        if (with_reason) page.reason = kHostile;
        const std::string html = render_waiting_page(page, {kHostile, kHostile});
        CHECK_FALSE(has(html, kHostile));
        CHECK_FALSE(has(html, "<script>alert"));
        CHECK_FALSE(has(html, "<img"));
        CHECK_FALSE(has(html, "\"><" "script"));
      }
    }
  }
}

TEST_CASE("waiting page: a deposit's amount, bank, account and due time as people write them") {
  WaitingPage page = full_page(WaitingState::kAwaitingDeposit);
  const std::string korean = render_waiting_page(page, kShop);
  for (const char* text : {"33,000원", "신한은행", "110-123-456789", "(주)달빛",
                           "11월 28일(토) 23:48까지, ", "2일 남음", "계좌번호 복사"}) {
    CAPTURE(std::string(text));
    CHECK(has(korean, text));
  }
  page.language = Language::kEnglish;
  const std::string english = render_waiting_page(page, kShop);
  for (const char* text : {"₩33,000", "Shinhan Bank", "110-123-456789",
                           "Saturday, 28 November, by 23:48 KST, ", "2 days left", "Copy the number"}) {
    CAPTURE(std::string(text));
    CHECK(has(english, text));
  }
  for (const WaitingState state : kStates) {
    if (state == WaitingState::kAwaitingDeposit) continue;
    CHECK_FALSE(has(render_waiting_page(full_page(state), kShop), "110-123-456789"));
  }
}

TEST_CASE("waiting page: nobody is told to pay into an account that is closed or none") {
  WaitingPage page = full_page(WaitingState::kAwaitingDeposit);
  page.account->due = page.now;
  CHECK(face_of(page) == Face::kDepositOver);
  CHECK_FALSE(has(render_waiting_page(page, kShop), "110-123-456789"));
  CHECK(has(render_waiting_page(page, kShop), "tel:15881234"));
  page = full_page(WaitingState::kAwaitingDeposit);
  page.account->number = "unknown";
  CHECK(face_of(page) == Face::kDepositElsewhere);
  CHECK_FALSE(has(render_waiting_page(page, kShop), "unknown"));
  page.account.reset();
  CHECK(face_of(page) == Face::kDepositElsewhere);
  CHECK_FALSE(has(render_waiting_page(page, kShop), "아래 계좌"));
  // Without a time nothing is over.
  page = full_page(WaitingState::kAwaitingDeposit);
  page.account->due.reset();
  CHECK(face_of(page) == Face::kAwaitingDeposit);
}

TEST_CASE("waiting page: what a partial cancel gave back") {
  WaitingPage page = full_page(WaitingState::kPaid);
  CHECK(face_of(page) == Face::kPaid);
  CHECK_FALSE(has(render_waiting_page(page, kShop), "취소 금액"));
  CHECK(has(render_waiting_page(page, kShop), "<p class=\"sum\">33,000원</p>"));
  page.returned = won(10'000);
  CHECK(face_of(page) == Face::kPartlyReturned);
  const std::string html = render_waiting_page(page, kShop);
  for (const char* text : {"33,000원", "10,000원", "23,000원", "취소 금액", "남은 금액"}) {
    CAPTURE(std::string(text));
    CHECK(has(html, text));
  }
}

TEST_CASE("waiting page: what came back of a cancelled payment, and nothing large where none was paid") {
  WaitingPage page = full_page(WaitingState::kCancelled);
  CHECK(face_of(page) == Face::kCancelled);
  page.returned = won(33'000);
  CHECK(face_of(page) == Face::kReturned);
  CHECK(has(render_waiting_page(page, kShop), "취소 금액"));
  CHECK_FALSE(has(render_waiting_page(page, kShop), "남은 금액"));
  page = full_page(WaitingState::kFailed);
  CHECK_FALSE(has(render_waiting_page(page, kShop), "class=\"sum\""));
  CHECK(has(render_waiting_page(page, kShop), "<dd>33,000원</dd>"));
}

TEST_CASE("waiting page: each face has an icon, a title and a text that no other has") {
  std::set<std::string_view> titles;
  std::set<std::string> looks;
  // A part that came back and a deposit elsewhere share the look, a notice has words of its own.
  for (const Face face : {Face::kPaid, Face::kConfirming, Face::kDelayed, Face::kHeld,
                          Face::kAwaitingDeposit, Face::kDepositOver, Face::kCancelled,
                          Face::kFailed, Face::kUnknown}) {
    titles.insert(title_of(face).korean);
    titles.insert(title_of(face).english);
    looks.insert(std::string(class_of(face)) + std::string(icon_of(face).text()));
    CHECK_FALSE(text_of(face).korean.empty());
    CHECK_FALSE(text_of(face).english.empty());
  }
  CHECK(titles.size() == 18);
  CHECK(looks.size() == 9);
}

TEST_CASE("waiting page: Korean or English as a whole, and whose shop it is") {
  for (const WaitingState state : kStates) {
    WaitingPage page = full_page(state);
    const std::string korean = render_waiting_page(page, kShop);
    CHECK(has(korean, "<html lang=\"ko\">"));
    CHECK(has(korean, "<title>" + std::string(title_of(face_of(page)).korean) + " – 달빛 서점</title>"));
    CHECK(has(korean, "role=\"status\""));
    page.language = Language::kEnglish;
    page.account->holder = "Moonlight";
    const std::string english = render_waiting_page(page, {"Moonlight Books", "1588-1234"});
    CHECK(has(english, "<html lang=\"en\">"));
    CHECK(has(english, std::string(text_of(face_of(page)).english.substr(0, 20))));
    // No Korean word is left over behind the style, which names fonts in Latin letters.
    CHECK(english.find("\xEC") == std::string::npos);
    CHECK(english.find("\xEA\xB2") == std::string::npos);
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

TEST_CASE("waiting page: nothing is loaded from elsewhere, and the shop's link is the only one") {
  for (const WaitingState state : kStates) {
    const std::string html = render_waiting_page(full_page(state), kShop);
    for (const char* loading :
         {"src=", "<link", "<iframe", "<img", "@import", "url(", "<form", "style=", "onclick="}) {
      CAPTURE(std::string(loading));
      CHECK_FALSE(has(html, loading));
    }
    std::size_t addresses = 0;
    for (auto i = html.find("://"); i != std::string::npos; i = html.find("://", i + 1)) ++addresses;
    CHECK(addresses == 1);
    CHECK(has(html, "href=\"https://shop.example/thanks?order=ord-1\""));
  }
}

TEST_CASE("waiting page: style and script are allowed by their hashes alone") {
  const http::Response response =
      page_response(200, render_waiting_page(full_page(WaitingState::kConfirming), kShop));
  std::string policy;
  for (const auto& [name, value] : response.headers) {
    if (name == "Content-Security-Policy") policy = value;
  }
  CHECK_FALSE(has(policy, "unsafe"));
  CHECK(has(policy, "default-src 'none'"));
  for (const std::string tag : {"style", "script"}) {
    const auto begin = response.body.find("<" + tag + ">") + tag.size() + 2;
    const std::string text =
        response.body.substr(begin, response.body.find("</" + tag + ">") - begin);
    CHECK(has(policy, tag + "-src 'sha256-" + core::to_base64url(core::sha256(text)) + "='"));
  }
}

TEST_CASE("waiting page: without JavaScript it refreshes the token's address, while it waits") {
  WaitingPage page = full_page(WaitingState::kConfirming);
  CHECK(has(render_waiting_page(page, kShop),
            "<noscript><meta http-equiv=\"refresh\" content=\"3;"
            "url=/payments/complete/status?token=T\"></noscript>"));
  page.following = {};
  page.has_ended = true;
  const std::string still = render_waiting_page(page, kShop);
  CHECK_FALSE(has(still, "http-equiv=\"refresh\""));
  CHECK_FALSE(has(still, "<script>"));
}

TEST_CASE("waiting page: an end is told, with whom to turn to, and what to pay into stays") {
  for (const WaitingState state : {WaitingState::kConfirming, WaitingState::kReview}) {
    WaitingPage page = full_page(state);
    CHECK(has(render_waiting_page(page, kShop), "이 화면은 저절로 바뀝니다"));
    page.following = {};
    page.has_ended = true;
    CHECK(face_of(page) == Face::kUnknown);
    const std::string html = render_waiting_page(page, kShop);
    CHECK(has(html, "더 이상 저절로 바뀌지 않습니다"));
    CHECK_FALSE(has(html, "이 화면은 저절로 바뀝니다"));
    CHECK(has(html, "href=\"tel:15881234\""));
    page.is_held = true;
    CHECK(face_of(page) == (state == WaitingState::kReview ? Face::kHeld : Face::kUnknown));
  }
  WaitingPage deposit = full_page(WaitingState::kAwaitingDeposit);
  deposit.following = {};
  deposit.has_ended = true;
  const std::string html = render_waiting_page(deposit, kShop);
  CHECK(has(html, "110-123-456789"));
  CHECK(has(html, "더 이상 저절로 바뀌지 않습니다"));
}

TEST_CASE("waiting page: paying again is offered after a failure, if the shop says where") {
  for (const WaitingState state : kStates) {
    WaitingPage page = full_page(state);
    CHECK_FALSE(has(render_waiting_page(page, kShop), "다시 결제하기"));
    page.retry_url = "/cart";
    CHECK(has(render_waiting_page(page, kShop), "다시 결제하기") == (state == WaitingState::kFailed));
  }
}

TEST_CASE("waiting page: PortOne's reason goes before the window's, which is marked as such") {
  WaitingPage page;
  page.state = WaitingState::kFailed;
  page.language = Language::kEnglish;
  page.window_reason = "from the window";
  CHECK(has(render_waiting_page(page, kShop), "The payment window said: <bdi>from the window</bdi>"));
  page.reason = "from PortOne";
  CHECK(has(render_waiting_page(page, kShop), "Reason: <bdi>from PortOne</bdi>"));
  CHECK_FALSE(has(render_waiting_page(page, kShop), "from the window"));
}

TEST_CASE("waiting page: under 8 KB, whatever is on it") {
  for (const WaitingState state : kStates) {
    for (const Language language : {Language::kKorean, Language::kEnglish}) {
      WaitingPage page = full_page(state);
      page.language = language;
      page.reason = std::string(200, 'r');
      page.returned = won(10'000);
      page.retry_url = page.next_url = "https://shop.example/" + std::string(100, 'p');
      CHECK(render_waiting_page(page, kShop).size() < 8'192);
    }
  }
}
