#include "daemon/runtime/time_zone.h"

#include <cstdlib>
#include <ctime>

namespace reconciled {

void set_time_zone(const std::string& name) {
  ::setenv("TZ", name.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): before any thread is made
  ::tzset();
}

LocalTime local_time(core::Time instant) {
  const auto seconds = static_cast<std::time_t>(
      std::chrono::floor<std::chrono::seconds>(instant).time_since_epoch().count());
  std::tm parts{};
  if (::localtime_r(&seconds, &parts) == nullptr) return {instant, {}, "UTC"};
  return {instant, std::chrono::seconds(parts.tm_gmtoff), parts.tm_zone};
}

std::chrono::year_month_day local_date(core::Time instant) {
  return std::chrono::year_month_day(
      std::chrono::floor<std::chrono::days>(local_time(instant).shown()));
}

core::Time begin_of_day(const std::chrono::year_month_day& date) {
  using namespace std::chrono_literals;
  // Zones are at most 14 hours from UTC. A day never begins twice: clocks that go back over midnight
  // do so before it is shown.
  core::Time before = std::chrono::sys_days(date) - 26h;
  core::Time after = std::chrono::sys_days(date) + 26h;
  while (after - before > 1ms) {
    const core::Time middle = before + (after - before) / 2;
    (local_date(middle) < date ? before : after) = middle;
  }
  return after;
}

}  // namespace reconciled
