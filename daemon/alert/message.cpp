#include "daemon/alert/message.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

#include "daemon/alert/words.h"
#include "daemon/core/words/text.h"

namespace reconciled::alert {
namespace {

using core::AlertLanguage;
using Change = Item::Change;

constexpr std::size_t kMostIdBytes = 64;
constexpr std::size_t kMostDetailBytes = 600;

std::string local(core::Time time) {
  const auto seconds = static_cast<std::time_t>(core::to_ms(time) / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::array<char, 48> out{};
  return {out.data(), std::strftime(out.data(), out.size(), "%m-%d %H:%M %Z", &parts)};
}

class Composer {
 public:
  explicit Composer(const Context& context) : context_(context) {}

  [[nodiscard]] std::string say(std::string_view korean, std::string_view english) const {
    return std::string(Said{korean, english}.in(context_.language));
  }
  [[nodiscard]] std::string name(const Item& item) const;
  [[nodiscard]] std::string counted(const Item& item) const;
  [[nodiscard]] Part part(const Item& item) const;
  [[nodiscard]] std::string title(const Telling& telling) const;
  [[nodiscard]] std::string prefix() const;
  [[nodiscard]] std::string link() const;

 private:
  [[nodiscard]] bool is_korean() const { return context_.language == AlertLanguage::kKorean; }
  [[nodiscard]] std::string lasted(const Item& item) const;
  [[nodiscard]] std::string ids(const Standing& standing) const;
  [[nodiscard]] std::string heading(const Item& item) const;
  [[nodiscard]] std::string with_others(const Item& first, std::size_t others) const;

  const Context& context_;
};

std::string Composer::name(const Item& item) const {
  const Words* const words = words_of(item.topic.sort, item.topic.name);
  std::string text =
      words == nullptr ? item.topic.name : std::string(words->title.in(context_.language));
  if (!item.topic.about.empty()) text += " (" + item.topic.about + ")";
  return text;
}

// As a title has it.
std::string Composer::counted(const Item& item) const {
  const bool is_over = item.change == Change::kEnds || item.change == Change::kIsPast;
  if (item.topic.sort == Topic::Sort::kWarning || is_over || item.standing.count < 2) {
    return name(item);
  }
  const std::string count = std::to_string(item.standing.count);
  return name(item) + say(" " + count + "건", " (" + count + ")");
}

// `31분`, `2 h`.
std::string Composer::lasted(const Item& item) const {
  const auto minutes =
      std::chrono::floor<std::chrono::minutes>(item.ended_at - item.standing.since).count();
  if (minutes < 1) return say("1분 미만", "less than a minute");
  if (minutes < 120) return std::to_string(minutes) + say("분", " min");
  if (minutes < 48 * 60) return std::to_string(minutes / 60) + say("시간", " h");
  return std::to_string(minutes / 60 / 24) + say("일", " days");
}

std::string Composer::ids(const Standing& standing) const {
  std::string text;
  for (const std::string& id : standing.payment_ids)
    text += (text.empty() ? "" : ", ") + shown_id(id);
  const auto others = standing.count - static_cast<std::int64_t>(standing.payment_ids.size());
  if (others > 0) {
    text += is_korean() ? " 외 " + std::to_string(others) + "건"
                        : " and " + std::to_string(others) + " more";
  }
  return text;
}

std::string Composer::heading(const Item& item) const {
  const std::string since = local(item.standing.since);
  const bool is_finding = item.topic.sort == Topic::Sort::kFinding;
  const std::string count = std::to_string(item.standing.count);
  const std::string open =
      is_finding ? say(", 미해결 " + count + "건", ": " + count + " open") : "";
  switch (item.change) {
    case Change::kBegins:
      return name(item) + open + say(" · " + since + "부터", " · since " + since);
    case Change::kMore:
      return name(item) + open + say(" · 새로 추가됨", " · there are new ones");
    case Change::kEnds:
    case Change::kIsPast:
      return say("해결: ", "Over: ") + name(item) +
             say(" · " + since + " 시작, " + lasted(item) + " 지속",
                 " · began " + since + ", lasted " + lasted(item));
    case Change::kIsUnsteady:
      return name(item) + say(" · " + std::to_string(item.times) + "번 나타났다 사라짐",
                              " · came and went " + std::to_string(item.times) + " times so far");
  }
  return name(item);
}

Part Composer::part(const Item& item) const {
  Part part{item.change == Change::kEnds || item.change == Change::kIsPast, heading(item), {}};
  if (part.is_over) return part;
  const Words* const words = words_of(item.topic.sort, item.topic.name);
  const bool is_finding = item.topic.sort == Topic::Sort::kFinding;
  if (words != nullptr && !words->advice.in(context_.language).empty()) {
    part.lines.emplace_back(words->advice.in(context_.language));
  }
  if (is_finding) {
    if (!item.standing.payment_ids.empty()) {
      part.lines.push_back(say("주문: ", "Orders: ") + ids(item.standing));
    }
  } else if (!item.standing.detail.empty()) {
    const std::string detail = core::clean_text(item.standing.detail, kMostDetailBytes);
    part.lines.push_back(words != nullptr && is_korean() ? "상세(영문): " + detail : detail);
  }
  return part;
}

std::string Composer::with_others(const Item& first, std::size_t others) const {
  if (others == 0) return counted(first);
  const std::string count = std::to_string(others);
  return counted(first) + say(" 외 " + count + "건", " and " + count + " more");
}

std::string Composer::prefix() const {
  return "[" + context_.shop +
         say(context_.is_test_channel ? ", 테스트] " : "] ",
             context_.is_test_channel ? ", test] " : "] ");
}

std::string Composer::title(const Telling& telling) const {
  const auto is_over = [](const Item& item) {
    return item.change == Change::kEnds || item.change == Change::kIsPast;
  };
  const auto over =
      static_cast<std::size_t>(std::count_if(telling.begin(), telling.end(), is_over));
  const std::size_t bad = telling.size() - over;
  if (bad == 0) return prefix() + say("해결: ", "Over: ") + with_others(telling.front(), over - 1);
  const auto first = std::find_if_not(telling.begin(), telling.end(), is_over);
  std::string text = prefix() + with_others(*first, bad - 1);
  if (over > 0) {
    const std::string count = std::to_string(over);
    text += say(" (해결 " + count + "건)", " (" + count + " over)");
  }
  return text;
}

std::string Composer::link() const {
  if (!context_.dashboard_url.empty()) return say("자세히 보기", "See more");
  return say("서버에서 reconciled status 와 reconciled findings 로 확인하세요.",
             "On the server, `reconciled status` and `reconciled findings` tell more.");
}

// A dot before a letter would make a name that services turn into a link.
bool is_dot_of_a_name(std::string_view id, std::size_t at) {
  if (id[at] != '.') return false;
  return at + 1 < id.size() && !core::is_digit(id[at + 1]);
}

}  // namespace

std::string shown_id(const std::string& id) {
  const std::string clean = core::without_invisible(core::clean_text(id, kMostIdBytes));
  std::string shown;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const char c = clean[i];
    const bool is_plain = core::is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          c == '-' || c == '_' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
    if (c == '.' && is_dot_of_a_name(clean, i)) {
      shown += "%2E";
    } else {
      shown += is_plain ? std::string(1, c) : core::percent_encode(std::string_view(&c, 1));
    }
  }
  return clean.size() < id.size() ? shown + "\u2026" : shown;
}

std::string clipped(const std::string& text, std::size_t most_bytes) {
  static constexpr std::string_view kMark = " \u2026";
  if (text.size() <= most_bytes) return text;
  std::size_t end = most_bytes - kMark.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end) + std::string(kMark);
}

std::string body_of(const Message& message, std::size_t most_bytes) {
  std::string text;
  for (const Part& part : message.parts) {
    text += (part.is_over ? "\u2705 " : "\u26a0\ufe0f ") + part.heading + "\n";
    for (const std::string& line : part.lines) text += line + "\n";
    text += "\n";
  }
  const std::string end = message.link + (message.url.empty() ? "" : ": " + message.url);
  return clipped(text, most_bytes - end.size()) + end;
}

Message compose(Telling telling, const Context& context, core::Time at) {
  const Composer composer(context);
  // What is wrong before what is over.
  std::stable_sort(telling.begin(), telling.end(), [](const Item& left, const Item& right) {
    const auto rank = [](const Item& item) {
      return item.change == Change::kEnds || item.change == Change::kIsPast;
    };
    return rank(left) < rank(right);
  });
  Message message{.at = at,
                  .title = composer.title(telling),
                  .url = context.dashboard_url,
                  .link = composer.link()};
  for (const Item& item : telling) {
    message.parts.push_back(composer.part(item));
    message.is_bad = message.is_bad || !message.parts.back().is_over;
  }
  message.telling = std::move(telling);
  return message;
}

Message test_message(const Context& context, core::Time at) {
  const Composer composer(context);
  Message message{.at = at, .is_test = true, .url = context.dashboard_url, .link = composer.link()};
  message.title = composer.prefix() + composer.say("알림 시험", "alert test");
  message.parts.push_back(
      {true,
       composer.say("이 메시지가 보이면 알림이 제대로 도착합니다.",
                    "If you can read this, alerts arrive here."),
       {composer.say("reconciled alert test 로 보낸 시험 메시지입니다. 아무 문제도 없습니다.",
                     "Sent by `reconciled alert test`. Nothing is wrong.")}});
  return message;
}

}  // namespace reconciled::alert
