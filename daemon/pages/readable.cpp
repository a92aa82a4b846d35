#include "daemon/pages/readable.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>

namespace reconciled {
namespace {

using namespace std::chrono_literals;
using Day = std::chrono::local_days;

struct CurrencyWords {
  std::string_view code;
  std::string_view korean;   // behind the number
  std::string_view english;  // before it
};

// Currencies that PortOne's gateways settle in; the English signs are those of Unicode CLDR.
constexpr std::array<CurrencyWords, 11> kCurrencies{{
    {"KRW", "원", "₩"},
    {"USD", "달러", "US$"},
    {"EUR", "유로", "€"},
    {"JPY", "엔", "¥"},
    {"CNY", "위안", "CN¥"},
    {"GBP", "파운드", "£"},
    {"HKD", "홍콩달러", "HK$"},
    {"TWD", "대만달러", "NT$"},
    {"AUD", "호주달러", "A$"},
    {"CAD", "캐나다달러", "CA$"},
    {"VND", "동", "₫"},
}};

constexpr std::array<std::string_view, 7> kKoreanDays{"일", "월", "화", "수", "목", "금", "토"};
constexpr std::array<std::string_view, 7> kEnglishDays{
    "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> kEnglishMonths{
    "January", "February", "March",     "April",   "May",      "June",
    "July",    "August",   "September", "October", "November", "December"};

std::string two_digits(std::int64_t number) {
  return (number < 10 ? "0" : "") + std::to_string(number);
}

// A day and a time of it, the end of a day being its 24:00.
struct Moment {
  Day day;
  std::string time;  // "23:48"
};

Moment moment_of(const LocalTime& local) {
  const auto minute = std::chrono::floor<std::chrono::minutes>(local.shown());
  Day day = std::chrono::floor<std::chrono::days>(minute);
  const std::int64_t minutes = (minute - day).count();
  if (minutes == 0) return {day - std::chrono::days(1), "24:00"};
  return {day, two_digits(minutes / 60) + ":" + two_digits(minutes % 60)};
}

std::string count_of(std::int64_t number, std::string_view korean, std::string_view english,
                     Language language) {
  std::string text = std::to_string(number);
  if (language == Language::kKorean) return text.append(korean);
  return text.append(" ").append(english).append(number == 1 ? "" : "s");
}

std::string left_until(const LocalTime& due, const LocalTime& now, Day due_day,
                       Language language) {
  const bool korean = language == Language::kKorean;
  const auto left = due.instant - now.instant;
  if (left <= 0ms) return korean ? "기한이 지났습니다" : "this time has passed";
  std::string amount;
  if (left < 1h) {
    // The last minute counts as one.
    const auto minutes = std::max<std::int64_t>(left / 1min, 1);
    amount = count_of(minutes, "분", "minute", language);
  } else if (left < 24h) {
    amount = count_of(left / 1h, "시간", "hour", language);
  } else {
    const Day today = std::chrono::floor<std::chrono::days>(now.shown());
    amount = count_of((due_day - today).count(), "일", "day", language);
  }
  return amount + (korean ? " 남음" : " left");
}

// "오늘 ", "Tomorrow, "; nothing for other days.
std::string_view near_day(Day day, Day today, Language language) {
  const auto ahead = (day - today).count();
  if (ahead == 0) return Said{"오늘 ", "Today, "}.in(language);
  if (ahead == 1) return Said{"내일 ", "Tomorrow, "}.in(language);
  return "";
}

std::string date_text(Day day, Day today, Language language) {
  const std::chrono::year_month_day date{day};
  const bool names_year = date.year() != std::chrono::year_month_day{today}.year();
  const unsigned week_day = std::chrono::weekday{day}.c_encoding();
  const std::string year = std::to_string(static_cast<int>(date.year()));
  const auto month = static_cast<unsigned>(date.month());
  const std::string number = std::to_string(static_cast<unsigned>(date.day()));
  std::string text(near_day(day, today, language));
  if (language == Language::kKorean) {
    if (names_year) text += year + "년 ";
    return text + std::to_string(month) + "월 " + number + "일(" +
           std::string(kKoreanDays.at(week_day)) + ")";
  }
  text += std::string(kEnglishDays.at(week_day)) + ", " + number + " " +
          std::string(kEnglishMonths.at(month - 1));
  return names_year ? text + " " + year : text;
}

}  // namespace

std::string readable_money(const core::Money& money, Language language) {
  const std::string number = core::readable_number(money.minor, money.currency);
  const auto* const words =
      std::find_if(kCurrencies.begin(), kCurrencies.end(), [&](const CurrencyWords& known) {
        return known.code == money.currency.code();
      });
  if (words == kCurrencies.end()) return number + " " + money.currency.code();
  if (language == Language::kKorean) return number + std::string(words->korean);
  return std::string(words->english) + number;
}

Due readable_due(const LocalTime& due, const LocalTime& now, Language language) {
  const Moment moment = moment_of(due);
  const Day today = std::chrono::floor<std::chrono::days>(now.shown());
  const std::string date = date_text(moment.day, today, language);
  std::string left = left_until(due, now, moment.day, language);
  if (language == Language::kKorean) return {date + " " + moment.time + "까지", std::move(left)};
  return {date + ", by " + moment.time + " " + due.zone, std::move(left)};
}

}  // namespace reconciled
