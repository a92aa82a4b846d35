// A day of the shop's, as people name it and as two instants.
//
// Pure: when the day begins in the configured time zone is the caller's to say (runtime/time_zone.h).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/words/time.h"

namespace reconciled::core {

// `2026-11-22`, a day of the calendar from 2010 (PortOne knows nothing older) to 9999.
[[nodiscard]] std::optional<std::chrono::year_month_day> parse_date(std::string_view text);
[[nodiscard]] std::string to_text(const std::chrono::year_month_day& date);

struct BookDay {
  std::string date;
  Time begin{};
  Time end{};  // the next day's begin: 23, 24 or 25 hours later
  [[nodiscard]] bool holds(const std::optional<PortoneTime>& at) const {
    return at && begin <= *at && *at < end;
  }
};

}  // namespace reconciled::core
