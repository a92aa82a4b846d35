#include "daemon/dashboard/hours.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace reconciled::dashboard {
namespace {

std::int64_t hour_number(core::Time time) {
  return std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count();
}

}  // namespace

Hour& Hours::hour_of(std::int64_t number) {
  Hour& hour = hours_.at(static_cast<std::size_t>(number) % kKept);
  if (hour.number != number) hour = Hour{.number = number};
  return hour;
}

void Hours::sample(core::Time now, const Metrics::Totals& totals) {
  const std::lock_guard lock(mutex_);
  Hour& hour = hour_of(hour_number(now));
  hour.received += totals.received - last_.received;
  hour.refused += totals.refused - last_.refused;
  hour.decided += totals.decided - last_.decided;
  hour.lag_ms += static_cast<std::uint64_t>(
      std::llround(std::max(0.0, totals.decide_seconds - last_.decide_seconds) * 1000));
  last_ = totals;
}

std::vector<Hour> Hours::last_day(core::Time now) const {
  const std::lock_guard lock(mutex_);
  std::vector<Hour> day;
  const std::int64_t newest = hour_number(now);
  for (std::int64_t number = newest - static_cast<std::int64_t>(kKept) + 1; number <= newest;
       ++number) {
    const Hour& hour = hours_.at(static_cast<std::size_t>(number) % kKept);
    day.push_back(hour.number == number ? hour : Hour{.number = number});
  }
  return day;
}

std::string Hours::to_text() const {
  const std::lock_guard lock(mutex_);
  std::ostringstream text;
  for (const Hour& hour : hours_) {
    if (hour.number == 0) continue;
    text << hour.number << ' ' << hour.received << ' ' << hour.refused << ' ' << hour.decided << ' '
         << hour.lag_ms << '\n';
  }
  return text.str();
}

void Hours::restore(std::string_view text) {
  const std::lock_guard lock(mutex_);
  std::istringstream lines{std::string(text)};
  Hour read;
  while (lines >> read.number >> read.received >> read.refused >> read.decided >> read.lag_ms) {
    if (read.number > 0) hour_of(read.number) = read;
  }
}

}  // namespace reconciled::dashboard
