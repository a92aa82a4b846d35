#include "daemon/pages/readable.h"

#include <doctest/doctest.h>

using namespace reconciled;

namespace {

std::string money(std::int64_t minor, const char* currency, Language language) {
  return readable_money({minor, *core::Currency::make(currency)}, language);
}

core::Time at(const std::string& text) { return core::to_time(*core::parse_rfc3339(text)); }

// By the zone that was set last.
std::string due(const std::string& due_at, const std::string& now, Language language) {
  const Due words = readable_due(local_time(at(due_at)), local_time(at(now)), language);
  return words.until + ", " + words.left;
}
std::string korean(const std::string& due_at, const std::string& now) {
  set_time_zone("Asia/Seoul");
  return due(due_at + "+09:00", now + "+09:00", Language::kKorean);
}
std::string english(const std::string& due_at, const std::string& now) {
  set_time_zone("Asia/Seoul");
  return due(due_at + "+09:00", now + "+09:00", Language::kEnglish);
}

}  // namespace

TEST_CASE("money: as Koreans and as English readers write it") {
  struct Row {
    std::int64_t minor;
    const char* currency;
    const char* korean;
    const char* english;
  };
  const Row rows[]{{33'000, "KRW", "33,000원", "₩33,000"},
                   {999, "KRW", "999원", "₩999"},
                   {0, "KRW", "0원", "₩0"},
                   {1'234'567'890, "KRW", "1,234,567,890원", "₩1,234,567,890"},
                   {1'050, "USD", "10.50달러", "US$10.50"},
                   {5, "USD", "0.05달러", "US$0.05"},
                   {123'456, "EUR", "1,234.56유로", "€1,234.56"},
                   {3'000, "JPY", "3,000엔", "¥3,000"},
                   {8'800, "CNY", "88.00위안", "CN¥88.00"},
                   {250'000, "VND", "250,000동", "₫250,000"},
                   {10'500, "KWD", "10.500 KWD", "10.500 KWD"},
                   {12'345, "CLF", "1.2345 CLF", "1.2345 CLF"},
                   {1'050, "CHF", "10.50 CHF", "10.50 CHF"}};
  for (const Row& row : rows) {
    CAPTURE(row.currency);
    CHECK(money(row.minor, row.currency, Language::kKorean) == row.korean);
    CHECK(money(row.minor, row.currency, Language::kEnglish) == row.english);
  }
}

TEST_CASE("money: every currency shows as many digits as its minor unit has") {
  for (char first = 'A'; first <= 'Z'; ++first) {
    for (char second = 'A'; second <= 'Z'; ++second) {
      for (char third = 'A'; third <= 'Z'; ++third) {
        const auto currency = core::Currency::make(std::string{first, second, third});
        if (!currency->is_listed()) continue;
        const auto digits = static_cast<std::size_t>(currency->minor_digits());
        const std::string expected =
            digits == 0 ? "1" : "1." + std::string(digits, '0');
        std::int64_t one = 1;
        for (std::size_t i = 0; i < digits; ++i) one *= 10;
        for (const Language language : {Language::kKorean, Language::kEnglish}) {
          const std::string text = readable_money({one, *currency}, language);
          CAPTURE(text);
          CHECK(text.find(expected) != std::string::npos);
          CHECK(text.size() > expected.size());  // and says of what
        }
      }
    }
  }
}

TEST_CASE("due time: in some days, with the day of the week and the days that are left") {
  CHECK(korean("2026-11-28T23:48:03.612", "2026-11-26T14:48:00") ==
        "11월 28일(토) 23:48까지, 2일 남음");
  CHECK(english("2026-11-28T23:48:03.612", "2026-11-26T14:48:00") ==
        "Saturday, 28 November, by 23:48 KST, 2 days left");
  // Days are the calendar's, as people count them.
  CHECK(korean("2026-11-28T09:00:00", "2026-11-26T10:00:00") == "11월 28일(토) 09:00까지, 2일 남음");
  CHECK(korean("2026-12-06T09:05:00", "2026-11-26T10:00:00") == "12월 6일(일) 09:05까지, 10일 남음");
}

TEST_CASE("due time: today and tomorrow are called so, and hours count within a day") {
  CHECK(korean("2026-11-26T23:48:00", "2026-11-26T14:00:00") ==
        "오늘 11월 26일(목) 23:48까지, 9시간 남음");
  CHECK(korean("2026-11-27T23:48:00", "2026-11-26T14:00:00") ==
        "내일 11월 27일(금) 23:48까지, 1일 남음");
  CHECK(korean("2026-11-27T00:20:00", "2026-11-26T23:50:00") ==
        "내일 11월 27일(금) 00:20까지, 30분 남음");
  CHECK(korean("2026-11-27T12:00:00", "2026-11-26T23:30:00") ==
        "내일 11월 27일(금) 12:00까지, 12시간 남음");
  CHECK(korean("2026-11-26T14:00:20", "2026-11-26T14:00:00") ==
        "오늘 11월 26일(목) 14:00까지, 1분 남음");
  CHECK(english("2026-11-26T15:30:00", "2026-11-26T14:00:00") ==
        "Today, Thursday, 26 November, by 15:30 KST, 1 hour left");
  CHECK(english("2026-11-27T15:30:00", "2026-11-26T14:00:00") ==
        "Tomorrow, Friday, 27 November, by 15:30 KST, 1 day left");
  CHECK(english("2026-11-26T14:02:00", "2026-11-26T14:00:00") ==
        "Today, Thursday, 26 November, by 14:02 KST, 2 minutes left");
}

TEST_CASE("due time: the end of a day is its 24:00") {
  CHECK(korean("2026-11-29T00:00:00", "2026-11-26T14:00:00") == "11월 28일(토) 24:00까지, 2일 남음");
  CHECK(korean("2026-11-27T00:00:00", "2026-11-26T22:00:00") ==
        "오늘 11월 26일(목) 24:00까지, 2시간 남음");
  CHECK(korean("2026-11-28T23:59:59", "2026-11-26T14:00:00") == "11월 28일(토) 23:59까지, 2일 남음");
}

TEST_CASE("due time: one that has passed says so") {
  CHECK(korean("2026-11-26T14:00:00", "2026-11-26T14:00:00") ==
        "오늘 11월 26일(목) 14:00까지, 기한이 지났습니다");
  CHECK(korean("2026-11-20T14:00:00", "2026-11-26T14:00:00") ==
        "11월 20일(금) 14:00까지, 기한이 지났습니다");
  CHECK(english("2026-11-20T14:00:00", "2026-11-26T14:00:00") ==
        "Friday, 20 November, by 14:00 KST, this time has passed");
}

TEST_CASE("due time: another year is named") {
  CHECK(korean("2027-01-02T09:00:00", "2026-12-30T10:00:00") ==
        "2027년 1월 2일(토) 09:00까지, 3일 남음");
  CHECK(english("2027-01-02T09:00:00", "2026-12-30T10:00:00") ==
        "Saturday, 2 January 2027, by 09:00 KST, 3 days left");
  CHECK(korean("2027-01-01T00:00:00", "2026-12-31T10:00:00") ==
        "오늘 12월 31일(목) 24:00까지, 14시간 남음");
}

TEST_CASE("due time: in the configured zone, summer time included") {
  const std::string due_at = "2026-11-28T14:48:00Z";
  set_time_zone("UTC");
  CHECK(due(due_at, "2026-11-26T14:48:00Z", Language::kEnglish) ==
        "Saturday, 28 November, by 14:48 UTC, 2 days left");
  set_time_zone("America/Los_Angeles");
  CHECK(due(due_at, "2026-11-26T14:48:00Z", Language::kKorean) == "11월 28일(토) 06:48까지, 2일 남음");
  // The clocks went back in between.
  CHECK(due("2026-11-02T20:00:00Z", "2026-10-31T20:00:00Z", Language::kEnglish) ==
        "Monday, 2 November, by 12:00 PST, 2 days left");
  set_time_zone("Asia/Seoul");
  CHECK(due("2026-11-28T15:30:00Z", "2026-11-26T14:48:00Z", Language::kKorean) ==
        "11월 29일(일) 00:30까지, 3일 남음");
  set_time_zone("UTC");
}
