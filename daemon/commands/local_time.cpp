#include "daemon/commands/local_time.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "daemon/commands/terminal.h"
#include "daemon/runtime/time_zone.h"

namespace reconciled::commands {

LocalTime::LocalTime(const std::string& zone) : zone_(zone) { set_time_zone(zone); }

std::string LocalTime::text(core::Time time) const {
  const auto seconds = static_cast<std::time_t>(core::to_ms(time) / 1000);
  std::tm parts{};
  ::localtime_r(&seconds, &parts);
  std::array<char, 32> out{};
  const std::size_t size = std::strftime(out.data(), out.size(), "%Y-%m-%d %H:%M:%S", &parts);
  return {out.data(), size};
}

std::string LocalTime::text(const std::string& rfc3339) const {
  const auto time = core::parse_rfc3339(rfc3339);
  return time ? text(core::to_time(*time)) : rfc3339;
}

std::optional<core::Time> LocalTime::parse(const std::string& text) const {
  if (const auto time = core::parse_rfc3339(text)) return core::to_time(*time);
  for (const char* form : {"%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"}) {
    std::tm date{};
    const char* end = ::strptime(text.c_str(), form, &date);
    if (end == nullptr || *end != '\0') continue;
    date.tm_isdst = -1;
    const int day = date.tm_mday;
    const std::time_t seconds = std::mktime(&date);
    // The 31st of February is no day.
    if (seconds == -1 || date.tm_mday != day) return std::nullopt;
    return core::from_ms(static_cast<std::int64_t>(seconds) * 1000);
  }
  return std::nullopt;
}

std::string fault_of_time(const std::string& option, const std::string& given,
                          const LocalTime& local) {
  return "reconciled: " + option + " takes a date, 2026-11-22, or a time, \"2026-11-22 18:30\" (" +
         local.zone() + ") or 2026-11-22T09:30:00Z; not " + plain(given);
}

std::string rough_duration(std::chrono::milliseconds duration) {
  const std::int64_t seconds = std::max<std::int64_t>(duration.count() / 1000, 0);
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 2 * 3600) return std::to_string(seconds / 60) + " min";
  if (seconds < 2 * 86'400) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86'400) + " d";
}

}  // namespace reconciled::commands
