#include "daemon/dashboard/front_page.h"

#include <algorithm>

#include "daemon/core/words/text.h"
#include "daemon/dashboard/books_page.h"
#include "daemon/dashboard/words.h"

namespace reconciled::dashboard {
namespace {

using core::Html;

std::string mark(const Warning& warning) {
  return warning.about.empty() ? "" : " (" + plain(warning.about, 40) + ")";
}

void add_warnings(Html& html, const View& view, const FrontPage& content) {
  if (!content.stored) {
    html.open("section", {{"class", "alarm"}});
    html.element("h2", view.say({"데이터베이스를 읽을 수 없습니다", "The database cannot be read"}));
    html.element("p", view.say({"아래에는 메모리에 있는 것만 보입니다. 디스크와 로그를 확인하세요.",
                                "Only what is in memory is shown. Look at the disk and the log."}));
    html.close();
  }
  if (content.warnings.empty()) return;
  html.open("section", {{"class", "alarm"}});
  html.element("h2", view.say({"경고", "Warnings"})).open("ul", {{"class", "rows"}});
  for (const Warning& warning : content.warnings) {
    html.open("li");
    html.element("h3", std::string(warning_advice(to_word(warning.kind), view.language).title) +
                           mark(warning));
    html.element("p", plain(warning.detail, 500), {{"lang", "en"}});
    html.open("p", {{"class", "dim"}}).text(view.say({"시작 ", "Since "}));
    add_time(html, view, warning.since);
    html.text(" (" + ago_text(warning.since, view.now, view.language) + ")").close().close();
  }
  html.close().close();
}

std::int64_t open_findings(const storage::Stats& stats) {
  std::int64_t count = 0;
  for (const auto& [kind, number] : stats.open_findings) count += number;
  return count;
}

void add_findings(Html& html, const View& view, const FrontPage::Stored& stored) {
  if (stored.findings.empty()) return;
  html.open("section", {{"class", "alarm"}});
  // What was counted a moment ago may know less than what is read now.
  const auto count = std::max(open_findings(stored.stats),
                              static_cast<std::int64_t>(stored.findings.size()));
  html.element("h2", std::string(view.say({"확인할 것 ", "Findings: "})) +
                         count_text(static_cast<std::uint64_t>(count)));
  html.open("ul", {{"class", "rows"}});
  for (const storage::FindingView& finding : stored.findings) {
    html.open("li");
    add_finding(html, view, finding, true);
    html.close();
  }
  html.close();
  html.element("a", view.say({"모두 보기", "All of them"}),
               {{"href", "/dashboard/findings"}, {"class", "button"}});
  html.close();
}

void add_books(Html& html, const View& view, const FrontPage::Stored& stored) {
  if (!stored.books || stored.books->agrees()) return;
  html.open("section", {{"class", "alarm"}});
  html.element("h2", std::string(view.say({"장부 대조 ", "Books of "})) + stored.books->day);
  html.open("p");
  add_outcome(html, view, *stored.books);
  html.close().element("a", view.say({"차이 보기", "What differs"}),
                       {{"href", address_of_books(stored.books->day)}, {"class", "button"}});
  html.close();
}

void add_all_well(Html& html, const View& view, const FrontPage& content) {
  if (!content.stored || !content.warnings.empty() || !content.stored->findings.empty()) return;
  if (content.stored->books && !content.stored->books->agrees()) return;
  html.open("section", {{"class", "calm"}});
  html.element("h2", view.say({"문제없음", "All is well"}));
  html.element("p", view.say({"경고도 확인할 것도 없습니다.", "No warnings, nothing to look at."}));
  html.close();
}

void add_counts(Html& html, const View& view, const FrontPage::Stored& stored) {
  html.open("section").element("h2", view.say({"결과별 결제", "Payments by result"}));
  html.open("ul", {{"class", "counts"}});
  for (int i = static_cast<int>(core::Result::kFailed); i >= 0; --i) {
    const auto result = static_cast<core::Result>(i);
    const auto& counts = stored.stats.payments_by_result;
    const auto found = std::find_if(counts.begin(), counts.end(),
                                    [&](const auto& one) { return one.first == result; });
    const std::int64_t number = found == counts.end() ? 0 : found->second;
    html.open("li").open(
        "a", {{"href", "/dashboard/payments?result=" + std::string(core::to_word(result))}});
    html.element("b", count_text(static_cast<std::uint64_t>(number)),
                 {{"class", result_class(result)}});
    html.element("span", result_name(result, view.language)).close().close();
  }
  html.close();
  html.open("p", {{"class", "dim"}}).text(view.say({"센 때: ", "Counted at "}));
  add_time(html, view, stored.counted_at);
  html.close().close();
}

void add_line(Html& html, std::string_view name, const std::string& value) {
  html.element("dt", name).element("dd", value);
}

std::string when(const View& view, const std::optional<core::Time>& time) {
  if (!time) return std::string(view.say({"아직 없음", "never yet"}));
  return ago_text(*time, view.now, view.language);
}

void add_health(Html& html, const View& view, const FrontPage& content) {
  const FrontPage::Stored& stored = *content.stored;
  const auto number = [](std::int64_t count) {
    return count_text(static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0)));
  };
  html.open("section").element("h2", view.say({"상태", "Health"})).open("dl");
  for (const ApiHealth& api : stored.apis) {
    const std::string name = api.api == core::Api::kV1 ? "V1 " : "V2 ";
    add_line(html, name + std::string(view.say({"마지막 웹훅", "last webhook"})),
             when(view, api.last_webhook));
    add_line(html, name + std::string(view.say({"마지막 훑기", "last sweep"})),
             when(view, api.last_sweep));
  }
  add_line(html, view.say({"처리할 이벤트", "Events to decide"}), number(stored.stats.inbox_depth));
  add_line(html, view.say({"예정된 조회", "Look-ups planned"}),
           number(stored.stats.lookups_planned) +
               (stored.stats.lookups_failing == 0
                    ? ""
                    : std::string(view.say({", 실패 중 ", ", failing "})) +
                          number(stored.stats.lookups_failing)));
  if (!content.notifies) {
    add_line(html, view.say({"쇼핑몰 알림", "Messages to the shop"}),
             std::string(view.say({"꺼짐 (notify.url 없음)", "off (no notify.url)"})));
  } else {
    std::string text = std::string(view.say({"대기 ", "waiting "})) +
                       number(stored.notifications.waiting) +
                       std::string(view.say({", 중단 ", ", given up "})) +
                       number(stored.notifications.parked);
    if (content.is_paused) text += view.say({" – 멈춤", " – paused"});
    if (stored.notifications.failing_since) {
      text += std::string(view.say({" – 실패 시작 ", " – failing since "})) +
              ago_text(*stored.notifications.failing_since, view.now, view.language) + ": " +
              plain(stored.notifications.outcome, 120);
    }
    add_line(html, view.say({"쇼핑몰 알림", "Messages to the shop"}), text);
  }
  html.element("dt", view.say({"장부 대조", "Books"})).open("dd");
  if (stored.books) {
    html.element("a", stored.books->day, {{"href", address_of_books(stored.books->day)}}).text(" ");
    add_outcome(html, view, *stored.books);
  } else {
    html.text(when(view, std::nullopt));
  }
  html.close().close().close();
}

}  // namespace

http::Response render(const View& view, const FrontPage& content) {
  const std::string_view title = view.say({"현황", "Overview"});
  return page(200, view, {.title = title}, [&](Html& html) {
    html.element("h1", title);
    add_warnings(html, view, content);
    if (content.stored) {
      add_findings(html, view, *content.stored);
      add_books(html, view, *content.stored);
    }
    add_all_well(html, view, content);
    html.open("div", {{"class", "grid"}});
    if (content.stored) {
      add_counts(html, view, *content.stored);
      add_health(html, view, content);
    }
    html.close();
    html.open("section").element("h2", view.say({"최근 24시간", "The last 24 hours"}));
    add_chart(html, view, content.hours);
    html.close();
  });
}

}  // namespace reconciled::dashboard
