// The last 24 hours drawn as SVG: three bars an hour, and a line for how long deciding took.
#include <algorithm>
#include <array>

#include "daemon/dashboard/front_page.h"
#include "daemon/runtime/time_zone.h"

namespace reconciled::dashboard {
namespace {

using core::Html;

// In the picture's own units.
constexpr int kWidth = 720;
constexpr int kLeft = 0;
constexpr int kHeight = 160;  // of the bars' part
constexpr int kRoom = 32;     // above, for what the highest is
constexpr int kLagTop = 200;
constexpr int kLagHeight = 90;
constexpr int kSlot = (kWidth - kLeft) / static_cast<int>(Hours::kKept);

std::string at(int number) { return std::to_string(number); }

int scaled(std::uint64_t value, std::uint64_t most, int height) {
  if (value == 0 || most == 0) return 0;
  // What there is at all is seen.
  return std::max(2, static_cast<int>(static_cast<double>(value) / static_cast<double>(most) * height));
}

std::string hour_text(const Hour& hour) {
  const auto shown = local_time(hour.begins()).shown();
  const auto day = std::chrono::floor<std::chrono::days>(shown);
  return std::to_string(std::chrono::floor<std::chrono::hours>(shown - day).count());
}

void add_axis(Html& html, int y, const std::string& label, int label_y) {
  html.open("line", {{"class", "axis"}, {"x1", at(kLeft)}, {"x2", at(kWidth)}, {"y1", at(y)}, {"y2", at(y)}});
  html.close();
  html.element("text", label, {{"x", at(kLeft)}, {"y", at(label_y)}});
}

void add_bars(Html& html, const std::vector<Hour>& hours, std::uint64_t most) {
  static constexpr std::array<std::string_view, 3> kClasses{"b0", "b1", "b2"};
  constexpr int kBar = (kSlot - 4) / 3;
  for (std::size_t i = 0; i < hours.size(); ++i) {
    const std::array<std::uint64_t, 3> counts{hours[i].received, hours[i].decided, hours[i].refused};
    for (std::size_t kind = 0; kind < counts.size(); ++kind) {
      const int height = scaled(counts[kind], most, kHeight - kRoom);
      if (height == 0) continue;
      const int x = kLeft + static_cast<int>(i) * kSlot + 2 + static_cast<int>(kind) * kBar;
      html.open("rect", {{"class", kClasses[kind]},
                         {"x", at(x)},
                         {"y", at(kHeight - height)},
                         {"width", at(kBar)},
                         {"height", at(height)}});
      html.close();
    }
  }
}

void add_lag(Html& html, const std::vector<Hour>& hours, std::uint64_t most) {
  std::string points;
  for (std::size_t i = 0; i < hours.size(); ++i) {
    if (hours[i].decided == 0) continue;
    const std::string x = at(kLeft + static_cast<int>(i) * kSlot + kSlot / 2);
    const std::string y =
        at(kLagTop + kLagHeight - scaled(hours[i].mean_lag_ms(), most, kLagHeight - kRoom));
    points += x + "," + y + " ";
    html.open("circle", {{"class", "lagdot"}, {"cx", x}, {"cy", y}, {"r", "3"}}).close();
  }
  html.open("polyline", {{"class", "lag"}, {"points", points}}).close();
}

void add_table(Html& html, const View& view, const std::vector<Hour>& hours) {
  html.open("details").element("summary", view.say({"표로 보기", "As a table"}));
  html.open("table").open("thead").open("tr");
  for (const Said& name : {Said{"시", "Hour"}, Said{"받음", "Received"}, Said{"결정", "Decided"},
                           Said{"거절", "Refused"}, Said{"평균 지연", "Mean lag"}}) {
    html.element("th", view.say(name), {{"scope", "col"}});
  }
  html.close().close().open("tbody");
  for (auto hour = hours.rbegin(); hour != hours.rend(); ++hour) {
    html.open("tr").element("td", clock_text(hour->begins(), view.now).substr(0, 11));
    for (const std::uint64_t count : {hour->received, hour->decided, hour->refused}) {
      html.element("td", count_text(count));
    }
    html.element("td", hour->decided == 0 ? "–" : duration_text(hour->mean_lag_ms(), view.language));
    html.close();
  }
  html.close().close().close();
}

}  // namespace

void add_chart(Html& html, const View& view, const std::vector<Hour>& hours) {
  std::uint64_t most = 1;
  std::uint64_t most_lag = 1;
  Hour all;
  for (const Hour& hour : hours) {
    most = std::max({most, hour.received, hour.decided, hour.refused});
    most_lag = std::max(most_lag, hour.mean_lag_ms());
    all.received += hour.received;
    all.decided += hour.decided;
    all.refused += hour.refused;
    all.lag_ms += hour.lag_ms;
  }
  html.open("ul", {{"class", "lanes"}});
  const auto add_key = [&](std::string_view style, const Said& name, const std::string& value) {
    html.open("li").open("span", {{"class", style}}).open("i").close().close();
    html.text(std::string(view.say(name)) + " " + value).close();
  };
  add_key("k0", {"받음", "received"}, count_text(all.received));
  add_key("k1", {"결정", "decided"}, count_text(all.decided));
  add_key("k2", {"거절", "refused"}, count_text(all.refused));
  add_key("k3", {"평균 지연", "mean lag"},
          all.decided == 0 ? "–" : duration_text(all.mean_lag_ms(), view.language));
  html.close();
  html.open("svg", {{"class", "chart"},
                    {"viewBox", "0 0 720 300"},
                    {"role", "img"},
                    {"aria-label", view.say({"최근 24시간의 시간별 그림, 수치는 아래 표에 있습니다",
                                             "The last 24 hours by the hour; the figures are in the "
                                             "table below"})}});
  add_axis(html, kHeight, std::string(view.say({"최대 ", "most "})) + count_text(most), 20);
  add_bars(html, hours, most);
  for (std::size_t i = 0; i < hours.size(); i += 3) {
    html.element("text", hour_text(hours[i]) + std::string(view.say({"시", "h"})),
                 {{"x", at(kLeft + static_cast<int>(i) * kSlot)}, {"y", at(kHeight + 22)}});
  }
  add_axis(html, kLagTop + kLagHeight, std::string(view.say({"지연 최대 ", "lag, most "})) + duration_text(most_lag, view.language),
           kLagTop + 20);
  add_lag(html, hours, most_lag);
  html.close();
  add_table(html, view, hours);
}

}  // namespace reconciled::dashboard
