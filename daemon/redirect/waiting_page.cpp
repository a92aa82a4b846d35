#include "daemon/redirect/waiting_page.h"

#include <array>

#include "daemon/core/words/text.h"

namespace reconciled {
namespace {

using core::html_escape;
using core::WaitingState;

struct Words {
  std::string_view title;
  std::string_view text;
};

constexpr std::size_t kStates = 6;
constexpr std::array<Words, kStates> kKorean{{
    {"결제가 완료되었습니다", "결제가 확인되었습니다. 감사합니다."},
    {"결제를 확인하고 있습니다", "결제 내용을 확인하는 중입니다. 다시 결제하지 마시고 쇼핑몰의 "
                                 "안내를 기다려 주세요."},
    {"입금을 기다리고 있습니다", "아래 계좌로 기한 안에 입금하시면 주문이 완료됩니다."},
    {"결제가 취소되었습니다", "이 결제는 취소되었습니다."},
    {"결제가 완료되지 않았습니다", "결제가 이루어지지 않았습니다. 다시 시도해 주세요."},
    {"결제를 확인하고 있습니다", "잠시만 기다려 주세요. 이 화면은 저절로 바뀝니다."},
}};
constexpr std::array<Words, kStates> kEnglish{{
    {"Payment complete", "Your payment is confirmed. Thank you."},
    {"Payment under review",
     "Your payment is being checked. Please do not pay again; the shop will contact you."},
    {"Waiting for your deposit",
     "Your order is complete once you have paid into the account below in time."},
    {"Payment cancelled", "This payment was cancelled."},
    {"Payment not completed", "The payment did not go through. Please try again."},
    {"Confirming your payment", "One moment, please. This page updates by itself."},
}};

const Words& words(WaitingState state, Language language) {
  const auto index = static_cast<std::size_t>(state);
  return language == Language::kKorean ? kKorean.at(index) : kEnglish.at(index);
}

std::string_view pick(Language language, std::string_view korean, std::string_view english) {
  return language == Language::kKorean ? korean : english;
}

void add_row(std::string& html, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  html += "<dt>" + html_escape(name) + "</dt><dd>" + html_escape(value) + "</dd>";
}

std::string head(Language language, std::string_view title, std::string_view more) {
  return std::string("<!doctype html><html lang=\"") +
         (language == Language::kKorean ? "ko" : "en") +
         "\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
         "<meta name=\"robots\" content=\"noindex\">" +
         std::string(more) + "<title>" + html_escape(title) +
         "</title><style>"
         "body{font:16px/1.6 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1c2330}"
         "main{max-width:26rem;margin:12vh auto 0;padding:2rem;background:#fff;"
         "border:1px solid #dfe3e8;border-radius:12px}"
         "h1{font-size:1.35rem;margin:0 0 .5rem}p{margin:.5rem 0}"
         "dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:1rem 0 0}"
         "dt{color:#5b6575}dd{margin:0;word-break:break-word}"
         "a.go{display:inline-block;margin-top:1rem;padding:.5rem 1rem;border-radius:8px;"
         "background:#1f5eff;color:#fff;text-decoration:none}"
         ".note{color:#5b6575;font-size:.9rem}"
         "</style></head><body><main>";
}

std::string details(const WaitingPage& page) {
  const Language language = page.language;
  std::string rows;
  add_row(rows, pick(language, "주문 번호", "Order"), page.payment_id);
  if (page.amount) add_row(rows, pick(language, "금액", "Amount"), *page.amount);
  if (page.account && page.state == WaitingState::kAwaitingDeposit) {
    add_row(rows, pick(language, "은행", "Bank"), page.account->bank);
    add_row(rows, pick(language, "계좌 번호", "Account"), page.account->number);
    add_row(rows, pick(language, "예금주", "Holder"), page.account->holder);
    if (page.account->due_at) {
      add_row(rows, pick(language, "입금 기한", "Pay before"),
              core::to_rfc3339(core::to_time(*page.account->due_at)));
    }
  }
  return rows.empty() ? rows : "<dl>" + rows + "</dl>";
}

std::string reasons(const WaitingPage& page) {
  if (!page.reason.empty()) return "<p>" + html_escape(page.reason) + "</p>";
  if (page.window_reason.empty()) return {};
  return "<p class=\"note\">" +
         std::string(pick(page.language, "결제창에서 보낸 메시지: ", "The payment window said: ")) +
         html_escape(page.window_reason) + "</p>";
}

// Asks every two seconds and loads the page anew when the state changes.
constexpr std::string_view kScript =
    "<script>(function(){var u=document.body.dataset.status,s=document.body.dataset.state;"
    "setInterval(function(){fetch(u,{headers:{Accept:'application/json'}})"
    ".then(function(r){return r.json()}).then(function(j){if(j.state&&j.state!==s){"
    "if(j.next_url){location.replace(j.next_url)}else{location.replace(u)}}})"
    ".catch(function(){})},2000)})();</script>";

}  // namespace

Language preferred_language(std::string_view accept_language) {
  // Browsers name languages by preference; tags come in any case of letters, with or without blanks.
  std::string tags = ",";
  for (const char c : accept_language) {
    if (c != ' ') tags += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  const auto english = tags.find(",en");
  const auto korean = tags.find(",ko");
  if (english == std::string::npos) return Language::kKorean;
  return korean < english ? Language::kKorean : Language::kEnglish;
}

std::string waiting_message(WaitingState state, Language language) {
  return std::string(words(state, language).text);
}

std::string render_waiting_page(const WaitingPage& page) {
  const Words& spoken = words(page.state, page.language);
  std::string refresh;
  if (!page.status_url.empty()) {
    refresh = "<noscript><meta http-equiv=\"refresh\" content=\"3;url=" +
              html_escape(page.status_url) + "\"></noscript>";
  }
  std::string html = head(page.language, spoken.title, refresh);
  html.insert(html.rfind("<body>") + 5,
              " data-state=\"" + std::string(core::to_word(page.state)) + "\" data-status=\"" +
                  html_escape(page.status_url) + "\"");
  html += "<h1>" + html_escape(spoken.title) + "</h1><p>" + html_escape(spoken.text) + "</p>";
  html += reasons(page) + details(page);
  if (!page.next_url.empty()) {
    html += "<a class=\"go\" href=\"" + html_escape(page.next_url) + "\">" +
            std::string(pick(page.language, "계속", "Continue")) + "</a>";
  }
  if (!page.status_url.empty()) html += kScript;
  return html + "</main></body></html>\n";
}

std::string render_notice_page(Language language, std::string_view title, std::string_view text) {
  return head(language, title, "") + "<h1>" + html_escape(title) + "</h1><p>" +
         html_escape(text) + "</p></main></body></html>\n";
}

}  // namespace reconciled
