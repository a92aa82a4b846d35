// The one time zone of this process: what the configuration calls `timezone`.
//
// The C library knows one zone at a time, which is all that we need: `set_time_zone` before any
// thread is made, then anybody may ask, on any thread.
#pragma once

#include <chrono>
#include <string>

#include "daemon/core/words/time.h"

namespace reconciled {

// `name` of the tz database; one that the machine does not know is UTC.
void set_time_zone(const std::string& name);

// An instant, and how the clocks of the zone show it then.
struct LocalTime {
  core::Time instant{};
  std::chrono::seconds utc_offset{};
  std::string zone;  // "KST"

  [[nodiscard]] std::chrono::local_time<std::chrono::milliseconds> shown() const {
    return std::chrono::local_time<std::chrono::milliseconds>{
        (instant + utc_offset).time_since_epoch()};
  }
};
[[nodiscard]] LocalTime local_time(core::Time instant);

// The calendar's day of an instant in the zone, and the first instant of a day: midnight, or where
// the clocks leave midnight out, the first one after it.
[[nodiscard]] std::chrono::year_month_day local_date(core::Time instant);
[[nodiscard]] core::Time begin_of_day(const std::chrono::year_month_day& date);

}  // namespace reconciled
