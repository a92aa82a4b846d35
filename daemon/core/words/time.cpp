#include "daemon/core/words/time.h"

#include <ctime>

#include <array>
#include <cstdio>

#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr PortoneTime kEarliest{};
constexpr PortoneTime kEnd = std::chrono::sys_days{std::chrono::year{10000} / 1 / 1};

// Takes text from the left; the first mismatch makes every later step fail.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

  // Exactly `digits` digits, as a number of at most `largest`.
  int number(std::size_t digits, int largest) {
    int value = 0;
    for (std::size_t i = 0; i < digits; ++i) {
      if (rest_.empty() || !is_digit(rest_.front())) return fail();
      value = value * 10 + (rest_.front() - '0');
      rest_.remove_prefix(1);
    }
    return value <= largest ? value : fail();
  }

  // One of the characters of `allowed`; gives which, or NUL.
  char one_of(std::string_view allowed) {
    if (rest_.empty() || allowed.find(rest_.front()) == std::string_view::npos) {
      fail();
      return '\0';
    }
    const char taken = rest_.front();
    rest_.remove_prefix(1);
    return taken;
  }

  // `.` and at least one digit, cut to microseconds; nothing there is zero.
  microseconds fraction() {
    if (rest_.empty() || rest_.front() != '.') return {};
    rest_.remove_prefix(1);
    if (rest_.empty() || !is_digit(rest_.front())) return microseconds{fail()};
    std::int64_t value = 0;
    int digits = 0;
    for (; !rest_.empty() && is_digit(rest_.front()); rest_.remove_prefix(1)) {
      if (digits == 6) continue;
      value = value * 10 + (rest_.front() - '0');
      ++digits;
    }
    for (; digits < 6; ++digits) value *= 10;
    return microseconds{value};
  }

 private:
  int fail() {
    ok_ = false;
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

// `Z` or `+09:00`: what local time is ahead of UTC.
minutes read_offset(Reader& reader) {
  const char sign = reader.one_of("Zz+-");
  if (sign != '+' && sign != '-') return {};
  const hours whole{reader.number(2, 23)};
  reader.one_of(":");
  const minutes ahead = whole + minutes{reader.number(2, 59)};
  return sign == '+' ? ahead : -ahead;
}

std::optional<PortoneTime> within_range(PortoneTime time) {
  if (time < kEarliest || time >= kEnd) return std::nullopt;
  return time;
}

}  // namespace

std::string to_rfc3339(Time time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

std::optional<PortoneTime> parse_rfc3339(std::string_view text) {
  Reader reader{text};
  const std::chrono::year year{reader.number(4, 9999)};
  reader.one_of("-");
  const std::chrono::month month{static_cast<unsigned>(reader.number(2, 12))};
  reader.one_of("-");
  const std::chrono::day day{static_cast<unsigned>(reader.number(2, 31))};
  reader.one_of("Tt");
  const hours hour{reader.number(2, 23)};
  reader.one_of(":");
  const minutes minute{reader.number(2, 59)};
  reader.one_of(":");
  const seconds second{reader.number(2, 60)};  // 60: a leap second, counted as the next one
  const microseconds fraction = reader.fraction();
  const minutes offset = read_offset(reader);
  const std::chrono::year_month_day date{year, month, day};
  if (!reader.ok() || !reader.at_end() || !date.ok()) return std::nullopt;
  return within_range(std::chrono::sys_days{date} + hour + minute + second + fraction - offset);
}

std::optional<Time> parse_http_date(std::string_view text) {
  std::tm parts{};
  const std::string copy(text);
  const char* const end = ::strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  if (end == nullptr || *end != '\0') return std::nullopt;
  return from_ms(static_cast<std::int64_t>(::timegm(&parts)) * 1'000);
}

std::optional<PortoneTime> from_v1_seconds(std::int64_t value) {
  constexpr auto kLastSecond = std::chrono::floor<seconds>(kEnd).time_since_epoch().count();
  if (value <= 0 || value >= kLastSecond) return std::nullopt;
  return PortoneTime{seconds{value}};
}

}  // namespace reconciled::core
