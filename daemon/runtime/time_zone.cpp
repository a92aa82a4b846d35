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

}  // namespace reconciled
