#include "daemon/dashboard/books_page.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/core/words/states.h"
#include "daemon/core/words/text.h"
#include "daemon/dashboard/words.h"

namespace reconciled::dashboard {
namespace {

using core::Html;
using Json = nlohmann::json;

// The rest stands in the CSV.
constexpr std::size_t kMostShown = 100;

std::string text_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : "";
}

std::int64_t number_of(const Json& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

const Json& part_of(const Json& json, const char* key) {
  static const Json kNothing;
  const auto found = json.find(key);
  return found == json.end() ? kNothing : *found;
}

std::string count_of(std::int64_t number) {
  return count_text(static_cast<std::uint64_t>(std::max<std::int64_t>(number, 0)));
}

std::string counted(const View& view, std::int64_t number) {
  const std::string count = count_of(number);
  if (view.language == Language::kKorean) return "차이 " + count + "건";
  return count + (number == 1 ? " difference" : " differences");
}

void add_wish(Html& html, const View& view, const BooksPage& content) {
  html.open("form", {{"method", "post"}, {"class", "filter"}, {"action", "/dashboard/books"}});
  add_form_token(html, view);
  html.open("label").text(view.say({"대조할 날 ", "Compare the day "}));
  html.empty("input", {{"type", "date"},
                       {"name", "day"},
                       {"value", content.yesterday},
                       {"max", content.today},
                       {"required", ""}});
  html.close().element("button", view.say({"PortOne과 대조", "Compare with PortOne"})).close();
}

void add_sum(Html& html, const View& view, const Json& sum,
             const std::optional<core::Currency>& currency) {
  html.element("b", money_text(number_of(sum, "amount"), currency, view.language));
  html.text(" (" + count_of(number_of(sum, "count")) + ")");
}

// What agrees is one figure, what does not is two.
void add_sums(Html& html, const View& view, const Json& row, const char* what,
              const std::optional<core::Currency>& currency) {
  const Json& portone = part_of(part_of(row, "portone"), what);
  const Json& ours = part_of(part_of(row, "ours"), what);
  html.open("td", {{"class", portone == ours ? "" : "bad"}});
  if (portone != ours) {
    html.text("PortOne ");
    add_sum(html, view, portone, currency);
    html.empty("br").text(view.say({"여기 ", "here "}));
  }
  add_sum(html, view, ours, currency);
  html.close();
}

void add_totals(Html& html, const View& view, const Json& report) {
  const Json& totals = part_of(report, "totals");
  if (!totals.is_array() || totals.empty()) return;
  html.open("section").element("h2", view.say({"그날 움직인 돈", "Money that moved that day"}));
  html.open("table").open("thead").open("tr");
  html.element("th", view.say({"결제 수단", "Paid with"}), {{"scope", "col"}});
  html.element("th", view.say({"결제 (건수)", "Paid (count)"}), {{"scope", "col"}});
  html.element("th", view.say({"취소 (건수)", "Cancelled (count)"}), {{"scope", "col"}});
  html.close().close().open("tbody");
  for (const Json& row : totals) {
    const auto currency = core::Currency::make(text_of(row, "currency"));
    html.open("tr");
    html.element("th",
                 plain(std::string(method_name(text_of(row, "method"), view.language)), 40) + " · " +
                     plain(text_of(row, "pg_provider"), 40) + " · " + text_of(row, "currency"),
                 {{"scope", "row"}});
    add_sums(html, view, row, "paid", currency);
    add_sums(html, view, row, "cancelled", currency);
    html.close();
  }
  html.close().close().close();
}

void add_side(Html& html, const View& view, const Said& name, const Json& entry) {
  if (!entry.is_object()) return;
  const auto currency = core::Currency::make(text_of(entry, "currency"));
  std::string text;
  if (const auto result = core::from_word<core::Result>(text_of(entry, "result"))) {
    text = std::string(result_name(*result, view.language)) + " · ";
  }
  const char* const amount = entry.contains("amount") ? "amount" : "total_amount";
  text += money_text(number_of(entry, amount), currency, view.language);
  if (const std::int64_t back = number_of(entry, "cancelled_amount"); back != 0) {
    text += std::string(view.say({", 취소 ", ", given back "})) +
            money_text(back, currency, view.language);
  }
  html.element("dt", view.say(name)).element("dd", text);
}

void add_difference(Html& html, const View& view, const Json& one) {
  const std::string kind = text_of(one, "kind");
  const Advice advice = difference_advice(kind, view.language);
  html.open("li").element("h3", advice.title);
  html.open("p");
  const std::string payment = text_of(one, "payment_id");
  if (const auto id = core::PaymentId::make(payment)) {
    html.open("a", {{"href", address_of(*id)}}).element("bdi", plain(payment, 120)).close();
  } else {
    html.element("bdi", plain(payment, 120));
  }
  html.text(" · ").element("bdi", plain(text_of(one, "attempt_id"), 120)).close();
  html.open("dl");
  add_side(html, view, {"PortOne", "PortOne"}, part_of(one, "portone"));
  add_side(html, view, {"여기", "Here"}, part_of(one, "ours"));
  add_side(html, view, {"주문", "Order"}, part_of(one, "order"));
  html.close();
  // Stored in English, with the figures of this case.
  const bool is_second = view.language == Language::kKorean;
  html.open("p", {{"class", is_second ? "dim" : ""}});
  html.element("bdi", plain(text_of(one, "detail"), 500), {{"lang", "en"}}).close();
  const std::string action =
      is_second ? std::string(advice.action) : plain(text_of(one, "advice"), 500);
  html.element("p", action).close();
}

void add_differences(Html& html, const View& view, const Json& report) {
  const Json& differences = part_of(report, "differences");
  if (!differences.is_array() || differences.empty()) return;
  html.open("section").element("h2", counted(view, number_of(report, "difference_count")));
  html.open("ul", {{"class", "rows"}});
  std::size_t shown = 0;
  for (const Json& one : differences) {
    if (shown == kMostShown) break;
    add_difference(html, view, one);
    ++shown;
  }
  html.close();
  const std::int64_t left = number_of(report, "difference_count") - static_cast<std::int64_t>(shown);
  if (left > 0) {
    html.element("p", std::string(view.say({"더 있는 차이: ", "More of them: "})) +
                          count_of(left));
  }
  html.close();
}

void add_texts(Html& html, const Json& texts) {
  if (!texts.is_array()) return;
  for (const Json& text : texts) {
    if (!text.is_string()) continue;
    html.element("p", plain(text.get<std::string>(), 500), {{"lang", "en"}});
  }
}

void add_verdict(Html& html, const View& view, const Json& report) {
  const std::int64_t differences = number_of(report, "difference_count");
  const Json& complete = part_of(report, "complete");
  const bool is_complete = complete.is_boolean() && complete.get<bool>();
  const bool agrees = is_complete && differences == 0;
  html.open("section", {{"class", agrees ? "calm" : "alarm"}});
  if (agrees) {
    html.element("h2", view.say({"장부가 맞습니다", "The books agree"}));
  } else if (is_complete) {
    html.element("h2", counted(view, differences));
  } else {
    html.element("h2", view.say({"끝까지 대조하지 못했습니다", "The comparison is incomplete"}));
    html.element("p", view.say({"아래 이유로 빠진 것이 있을 수 있습니다. 다시 대조하세요.",
                                "Something may be missing for the reasons below. Compare again."}));
  }
  add_texts(html, part_of(report, "gaps"));
  add_texts(html, part_of(report, "notes"));
  html.element("p", std::string(view.say({"대조한 거래 ", "Attempts compared: "})) +
                        count_of(number_of(report, "compared")));
  if (const auto made_at = core::parse_rfc3339(text_of(report, "made_at"))) {
    html.open("p", {{"class", "dim"}}).text(view.say({"대조한 때: ", "Compared at "}));
    add_time(html, view, core::to_time(*made_at));
    html.close();
  }
  html.close();
}

void add_running(Html& html, const View& view, const std::string& day, const Json& report) {
  html.open("section", {{"class", "done"}});
  html.element("h2", view.say({"대조하는 중", "Being compared"}));
  html.element("p", std::string(view.say({"PortOne에서 읽은 거래 ", "Read from PortOne: "})) +
                        count_of(number_of(report, "listed")));
  html.element("a", view.say({"새로고침", "Look again"}),
               {{"href", address_of_books(day)}, {"class", "button"}});
  html.close();
}

}  // namespace

std::string address_of_books(const std::string& day) { return "/dashboard/books/" + day; }

void add_outcome(Html& html, const View& view, const DayReports::Outcome& outcome) {
  if (outcome.agrees()) {
    html.element("span", view.say({"맞음", "agrees"}), {{"class", "tag good"}});
  } else if (outcome.is_complete) {
    html.element("span", counted(view, outcome.differences), {{"class", "tag bad"}});
  } else {
    html.element("span", view.say({"끝까지 대조 못 함", "incomplete"}), {{"class", "tag wait"}});
  }
}

http::Response render(const View& view, const BooksPage& content) {
  const std::string_view title = view.say({"장부 대조", "Books"});
  const int status = content.begun == DayReports::Begun::kBegun  ? 200
                     : content.begun == DayReports::Begun::kBusy ? 409
                                                                 : 400;
  return page(status, view, {.title = title}, [&](Html& html) {
    html.element("h1", title).open("section");
    if (content.begun != DayReports::Begun::kBegun) {
      html.open("div", {{"role", "alert"}});
      html.element("p",
                   content.begun == DayReports::Begun::kBusy
                       ? view.say({"다른 날을 대조하는 중입니다. 끝난 뒤 다시 하세요.",
                                   "Another day is being compared. Try again once that is done."})
                       : view.say({"오늘까지의 날짜를 고르세요.", "Choose a day up to today."}),
                   {{"class", "bad"}});
      html.close();
    }
    html.element("p", view.say({"하루 동안의 결제를 PortOne의 목록, 등록된 주문과 서로 맞춰 봅니다. 아무것도 "
                                "바꾸지 않습니다.",
                                "A day's payments beside PortOne's list and the registered orders, in "
                                "both directions. It changes nothing."}));
    add_wish(html, view, content);
    html.close().open("section").element("h2", view.say({"대조한 날", "Days compared"}));
    if (content.days.empty()) {
      html.element("p", view.say({"아직 없습니다.", "None yet."}));
    }
    html.open("ul", {{"class", "rows"}});
    for (const DayReports::Outcome& day : content.days) {
      html.open("li").open("a", {{"class", "pay"}, {"href", address_of_books(day.day)}});
      html.element("span", day.day, {{"class", "id"}}).open("span");
      add_outcome(html, view, day);
      html.close().close().close();
    }
    html.close().close();
  });
}

http::Response render_book_day(const View& view, const std::string& day,
                               const std::optional<std::string>& report) {
  const std::string title = std::string(view.say({"장부 대조 ", "Books of "})) + plain(day, 20);
  const Json json = report ? Json::parse(*report, nullptr, false) : Json();
  if (!json.is_object()) {
    return notice(404, view, title,
                  view.say({"이 날은 아직 대조하지 않았거나 보관 기간(32일)이 지났습니다.",
                            "That day was not compared yet, or longer ago than the 32 days kept."}));
  }
  return page(200, view, {.title = title}, [&](Html& html) {
    html.element("h1", title);
    if (text_of(json, "state") == "running") {
      add_running(html, view, day, json);
      return;
    }
    add_verdict(html, view, json);
    add_differences(html, view, json);
    add_totals(html, view, json);
    html.open("div", {{"class", "acts"}});
    html.element("a", view.say({"CSV로 받기", "As CSV"}),
                 {{"href", "/report?day=" + core::percent_encode(day) + "&format=csv"},
                  {"class", "button"}});
    html.element("a", view.say({"다른 날", "Other days"}),
                 {{"href", "/dashboard/books"}, {"class", "button"}});
    html.close();
  });
}

}  // namespace reconciled::dashboard
