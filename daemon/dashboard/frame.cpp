#include "daemon/dashboard/frame.h"

#include <algorithm>

#include "daemon/core/words/text.h"
#include "daemon/dashboard/style.h"
#include "daemon/dashboard/words.h"
#include "daemon/pages/page_answer.h"
#include "daemon/pages/readable.h"
#include "daemon/runtime/time_zone.h"

namespace reconciled::dashboard {
namespace {

using core::Html;

const std::string& dashboard_policy() {
  static const std::string kPolicy =
      "default-src 'none'; style-src " + allowed_by_hash(kStyle) +
      "; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
  return kPolicy;
}

void add_dashboard_head(Html& html, const View& view, const Page& about) {
  html.own("<!doctype html>").open("html", {{"lang", view.say({"ko", "en"})}}).open("head");
  html.empty("meta", {{"charset", "utf-8"}});
  html.empty("meta", {{"name", "viewport"}, {"content", "width=device-width,initial-scale=1"}});
  html.empty("meta", {{"name", "robots"}, {"content", "noindex"}});
  html.empty("meta", {{"name", "format-detection"}, {"content", "telephone=no"}});
  const std::string owner = view.shop.empty() ? "reconciled" : plain(view.shop, 60);
  html.element("title", std::string(about.title) + " – " + owner);
  html.open("style").own(kStyle).close().close();
}

void add_header(Html& html, const View& view) {
  html.element("a", view.say({"본문으로", "Skip to content"}), {{"href", "#main"}, {"class", "skip"}});
  html.open("header");
  html.element("a", view.shop.empty() ? "reconciled" : plain(view.shop, 60),
               {{"href", "/"}, {"class", "home"}});
  html.open("nav", {{"aria-label", view.say({"메뉴", "Menu"})}});
  html.element("a", view.say({"현황", "Overview"}), {{"href", "/"}});
  html.element("a", view.say({"확인할 것", "Findings"}), {{"href", "/dashboard/findings"}});
  html.element("a", view.say({"결제", "Payments"}), {{"href", "/dashboard/payments"}});
  html.element("a", view.say({"장부", "Books"}), {{"href", "/dashboard/books"}}).close();
  html.open("form", {{"class", "search"}, {"role", "search"}, {"action", "/dashboard/search"}});
  const std::string_view label =
      view.say({"주문, 거래, PG 번호", "Order, attempt or PG number"});
  html.empty("input", {{"type", "search"},
                       {"name", "q"},
                       {"value", view.search},
                       {"maxlength", "256"},
                       {"autocomplete", "off"},
                       {"aria-label", label},
                       {"placeholder", label}});
  html.element("button", view.say({"찾기", "Find"})).close().close();
}

void add_footer(Html& html, const View& view) {
  html.open("footer");
  // Each language names itself.
  const bool is_korean = view.language == Language::kKorean;
  html.element("a", is_korean ? "English" : "한국어",
               {{"href", std::string("/dashboard/language?to=") + (is_korean ? "en" : "ko") +
                             "&back=" + core::percent_encode(view.target)},
                {"lang", is_korean ? "en" : "ko"},
                {"hreflang", is_korean ? "en" : "ko"}});
  html.element("span", std::string(view.say({"시각 ", "Times in "})) + local_time(view.now).zone +
                           ", " + clock_text(view.now, view.now));
  if (view.has_session) {
    add_button(html, view, "/dashboard/sign-out", view.say({"로그아웃", "Sign out"}));
  }
  html.close();
}

std::string two(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

}  // namespace

http::Response page(int status, const View& view, const Page& about,
                    const std::function<void(Html&)>& add_body) {
  Html html;
  add_dashboard_head(html, view, about);
  html.open("body");
  if (about.with_navigation) add_header(html, view);
  html.open("main", {{"id", "main"}});
  add_body(html);
  html.close();
  add_footer(html, view);
  return page_answer(status, std::move(html.close().close().own("\n")).finish(), dashboard_policy());
}

http::Response notice(int status, const View& view, std::string_view title,
                      std::string_view text) {
  return page(status, view, {.title = title}, [&](Html& html) {
    html.element("h1", title).open("section").element("p", text);
    html.element("a", view.say({"현황으로", "To the overview"}), {{"href", "/"}, {"class", "button"}});
    html.close();
  });
}

http::Response go_to(const std::string& target) {
  http::Response response{.status = 303};
  response.headers = {{"Location", target}, {"Cache-Control", "no-store"}};
  return response;
}

bool is_ours(std::string_view target) {
  return target == "/" || (target.starts_with("/dashboard/") &&
                           target.find('\\') == std::string_view::npos &&
                           std::none_of(target.begin(), target.end(),
                                        [](char c) { return static_cast<unsigned char>(c) < 0x21; }));
}

std::string plain(std::string_view text, std::size_t most) {
  const std::string all = core::without_invisible(core::clean_text(text, text.size() * 3));
  std::string cut = core::clean_text(all, most);
  return cut.size() < all.size() ? cut + "…" : cut;
}

std::string clock_text(core::Time time, core::Time now) {
  const auto shown = local_time(time).shown();
  const auto day = std::chrono::floor<std::chrono::days>(shown);
  const std::chrono::year_month_day date{day};
  const std::chrono::year_month_day today{
      std::chrono::floor<std::chrono::days>(local_time(now).shown())};
  const auto second = std::chrono::floor<std::chrono::seconds>(shown - day).count();
  std::string text;
  if (date.year() != today.year()) text = std::to_string(static_cast<int>(date.year())) + "-";
  return text + two(static_cast<unsigned>(date.month())) + "-" +
         two(static_cast<unsigned>(date.day())) + " " + two(second / 3600) + ":" +
         two(second / 60 % 60) + ":" + two(second % 60);
}

std::string ago_text(core::Time time, core::Time now, Language language) {
  using namespace std::chrono_literals;
  const bool is_korean = language == Language::kKorean;
  const auto apart = now >= time ? now - time : time - now;
  std::string amount;
  if (apart < 1min) {
    amount = std::to_string(apart / 1s) + (is_korean ? "초" : " s");
  } else if (apart < 2h) {
    amount = std::to_string(apart / 1min) + (is_korean ? "분" : " min");
  } else if (apart < 48h) {
    amount = std::to_string(apart / 1h) + (is_korean ? "시간" : " h");
  } else {
    amount = std::to_string(apart / 24h) + (is_korean ? "일" : " days");
  }
  if (time > now) return is_korean ? amount + " 뒤" : "in " + amount;
  return amount + (is_korean ? " 전" : " ago");
}

std::string money_text(std::optional<std::int64_t> minor,
                       const std::optional<core::Currency>& currency, Language language) {
  if (!minor) return "–";
  if (!currency) return std::to_string(*minor);
  return readable_money({*minor, *currency}, language);
}

std::string count_text(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<std::size_t>(at), ",");
  }
  return digits;
}

std::string duration_text(std::uint64_t milliseconds, Language language) {
  const bool is_korean = language == Language::kKorean;
  if (milliseconds < 1'000) return std::to_string(milliseconds) + (is_korean ? "밀리초" : " ms");
  const std::uint64_t seconds = milliseconds / 1'000;
  if (seconds < 10) {
    return std::to_string(seconds) + "." + std::to_string(milliseconds % 1'000 / 100) +
           (is_korean ? "초" : " s");
  }
  if (seconds < 120) return std::to_string(seconds) + (is_korean ? "초" : " s");
  return std::to_string(seconds / 60) + (is_korean ? "분" : " min");
}

std::string address_of(const core::PaymentId& id) {
  return "/dashboard/payments/" + core::percent_encode(id.str());
}

void add_time(Html& html, const View& view, core::Time time) {
  html.element("time", clock_text(time, view.now), {{"datetime", core::to_rfc3339(time)}});
}

void add_result(Html& html, const View& view, core::Result result) {
  html.element("span", result_name(result, view.language),
               {{"class", std::string("tag ") + std::string(result_class(result))}});
}

void add_payment_list(Html& html, const View& view,
                      const std::vector<storage::PaymentView>& payments) {
  html.open("ul", {{"class", "rows"}});
  for (const storage::PaymentView& payment : payments) {
    html.open("li").open("a", {{"class", "pay"}, {"href", address_of(payment.payment_id)}});
    html.element("bdi", plain(payment.payment_id.str(), 120), {{"class", "id"}});
    html.open("span");
    add_result(html, view, payment.result);
    html.close();
    html.open("span", {{"class", "dim"}});
    add_time(html, view, payment.created_at);
    if (payment.result == core::Result::kPaid && !payment.deliverable) {
      html.text(" · ").element("b", view.say({"배송 보류", "held"}), {{"class", "bad"}});
    }
    html.close();
    const auto amount = payment.total_amount ? payment.total_amount : payment.expected_amount;
    html.element("span", money_text(amount, payment.currency, view.language));
    html.close().close();
  }
  html.close();
}

void add_finding(Html& html, const View& view, const storage::FindingView& finding,
                 bool with_payment) {
  const Advice advice = finding_advice(core::to_word(finding.kind), view.language);
  if (with_payment) {
    html.element("h3", advice.title);
  } else {
    html.element("h2", advice.title);  // right under the payment's name
  }
  // In English the stored detail says the same, of this very case.
  if (view.language == Language::kKorean && !advice.action.empty()) {
    html.element("p", advice.action);
  }
  html.open("p", {{"class", "dim"}});
  if (with_payment) {
    html.element("a", plain(finding.payment_id.str(), 120),
                 {{"href", address_of(finding.payment_id)}});
    html.text(" · ");
  }
  add_time(html, view, finding.opened_at);
  html.text(" (" + ago_text(finding.opened_at, view.now, view.language) + ")").close();
  // Stored in English, with the figures of this case.
  const bool is_second = view.language == Language::kKorean;
  html.open("p", {{"class", is_second ? "dim" : ""}});
  html.element("bdi", plain(finding.detail, 500), {{"lang", "en"}});
  html.close();
}

void add_form_token(Html& html, const View& view) {
  html.empty("input", {{"type", "hidden"}, {"name", "form"}, {"value", view.form_token}});
}

void add_button(Html& html, const View& view, const std::string& action, std::string_view label) {
  html.open("form", {{"method", "post"}, {"action", action}});
  add_form_token(html, view);
  html.element("button", label).close();
}

}  // namespace reconciled::dashboard
