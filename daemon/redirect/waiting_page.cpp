#include "daemon/redirect/waiting_page.h"

#include <array>
#include <vector>

#include "daemon/core/words/html.h"

namespace reconciled {
namespace {

using core::Html;
using core::Markup;
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

constexpr Markup kStyle =
    "body{font:16px/1.6 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1c2330}"
    "main{max-width:26rem;margin:12vh auto 0;padding:2rem;background:#fff;"
    "border:1px solid #dfe3e8;border-radius:12px}"
    "h1{font-size:1.35rem;margin:0 0 .5rem}p{margin:.5rem 0}"
    "dl{display:grid;grid-template-columns:auto 1fr;gap:.25rem 1rem;margin:1rem 0 0}"
    "dt{color:#5b6575}dd{margin:0;word-break:break-word}"
    "a.go{display:inline-block;margin-top:1rem;padding:.5rem 1rem;border-radius:8px;"
    "background:#1f5eff;color:#fff;text-decoration:none}"
    ".note{color:#5b6575;font-size:.9rem}";

// Asks every two seconds and loads the page anew when the state changes.
constexpr Markup kScript =
    "(function(){var u=document.body.dataset.status,s=document.body.dataset.state;"
    "setInterval(function(){fetch(u,{headers:{Accept:'application/json'}})"
    ".then(function(r){return r.json()}).then(function(j){if(j.state&&j.state!==s){"
    "if(j.next_url){location.replace(j.next_url)}else{location.replace(u)}}})"
    ".catch(function(){})},2000)})();";

// `status_url`: where the page looks again; empty: it does not.
void add_head(Html& html, Language language, std::string_view title, std::string_view status_url) {
  html.own("<!doctype html>").open("html", {{"lang", pick(language, "ko", "en")}}).open("head");
  html.empty("meta", {{"charset", "utf-8"}});
  html.empty("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}});
  html.empty("meta", {{"name", "robots"}, {"content", "noindex"}});
  if (!status_url.empty()) {
    html.open("noscript");
    html.empty("meta", {{"http-equiv", "refresh"}, {"content", "3;url=" + std::string(status_url)}});
    html.close();
  }
  html.element("title", title).open("style").own(kStyle).close().close();
}

struct Row {
  std::string_view name;
  std::string value;
};

std::vector<Row> rows_of(const WaitingPage& page) {
  const Language language = page.language;
  std::vector<Row> rows{{pick(language, "주문 번호", "Order"), page.payment_id},
                        {pick(language, "금액", "Amount"), page.amount.value_or("")}};
  if (page.account && page.state == WaitingState::kAwaitingDeposit) {
    rows.push_back({pick(language, "은행", "Bank"), page.account->bank});
    rows.push_back({pick(language, "계좌 번호", "Account"), page.account->number});
    rows.push_back({pick(language, "예금주", "Holder"), page.account->holder});
    if (page.account->due_at) {
      rows.push_back({pick(language, "입금 기한", "Pay before"),
                      core::to_rfc3339(core::to_time(*page.account->due_at))});
    }
  }
  std::erase_if(rows, [](const Row& row) { return row.value.empty(); });
  return rows;
}

void add_details(Html& html, const WaitingPage& page) {
  const std::vector<Row> rows = rows_of(page);
  if (rows.empty()) return;
  html.open("dl");
  for (const Row& row : rows) html.element("dt", row.name).element("dd", row.value);
  html.close();
}

void add_reason(Html& html, const WaitingPage& page) {
  if (!page.reason.empty()) {
    html.element("p", page.reason);
  } else if (!page.window_reason.empty()) {
    html.open("p", {{"class", "note"}});
    html.text(pick(page.language, "결제창에서 보낸 메시지: ", "The payment window said: "));
    html.text(page.window_reason).close();
  }
}

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
  Html html;
  add_head(html, page.language, spoken.title, page.status_url);
  html.open("body",
            {{"data-state", core::to_word(page.state)}, {"data-status", page.status_url}});
  html.open("main").element("h1", spoken.title).element("p", spoken.text);
  add_reason(html, page);
  add_details(html, page);
  if (!page.next_url.empty()) {
    html.element("a", pick(page.language, "계속", "Continue"),
                 {{"class", "go"}, {"href", page.next_url}});
  }
  if (!page.status_url.empty()) html.open("script").own(kScript).close();
  return std::move(html.close().close().close().own("\n")).finish();
}

std::string render_notice_page(Language language, std::string_view title, std::string_view text) {
  Html html;
  add_head(html, language, title, "");
  html.open("body").open("main").element("h1", title).element("p", text);
  return std::move(html.close().close().close().own("\n")).finish();
}

}  // namespace reconciled
