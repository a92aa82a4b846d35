#include "daemon/core/books/day.h"

#include <algorithm>
#include <cstdio>

#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

constexpr std::chrono::year kFirstYear{2010};

}  // namespace

std::optional<std::chrono::year_month_day> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto number = [&](std::size_t at, std::size_t size) {
    const std::string_view digits = text.substr(at, size);
    if (!std::all_of(digits.begin(), digits.end(), is_digit)) return 0;
    return std::stoi(std::string(digits));
  };
  const std::chrono::year_month_day date{std::chrono::year(number(0, 4)),
                                         std::chrono::month(static_cast<unsigned>(number(5, 2))),
                                         std::chrono::day(static_cast<unsigned>(number(8, 2)))};
  if (!date.ok() || date.year() < kFirstYear) return std::nullopt;
  return date;
}

std::string to_text(const std::chrono::year_month_day& date) {
  char text[32];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
  return text;
}

}  // namespace reconciled::core
