#include "daemon/http/date.h"

#include <array>
#include <cstdio>

namespace reconciled::http {
namespace {

// The names of RFC 9110 §5.6.7, whatever the process's locale is.
constexpr std::array<const char*, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<const char*, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

struct Written {
  std::time_t second = -1;
  std::array<char, 64> text{};
  std::size_t size = 0;
};

}  // namespace

std::string_view date_line(std::time_t now) {
  thread_local Written written;
  if (written.size == 0 || written.second != now) {
    std::tm utc{};
    gmtime_r(&now, &utc);
    const int size = std::snprintf(written.text.data(), written.text.size(),
                                   "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                                   kDays.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                                   kMonths.at(static_cast<std::size_t>(utc.tm_mon)),
                                   utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
    written.second = now;
    written.size = static_cast<std::size_t>(size);
  }
  return {written.text.data(), written.size};
}

std::string_view date_line() { return date_line(std::time(nullptr)); }

}  // namespace reconciled::http
