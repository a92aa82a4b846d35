// Times as people of the configured `timezone` say them.
//
// For commands, which have one thread and one zone: making one sets the zone of the process.
#pragma once

#include <optional>
#include <string>

#include "daemon/core/words/time.h"

namespace reconciled::commands {

class LocalTime {
 public:
  explicit LocalTime(const std::string& zone);

  [[nodiscard]] const std::string& zone() const { return zone_; }
  // `2026-11-22 18:30:01`.
  [[nodiscard]] std::string text(core::Time time) const;
  // The same of an RFC 3339 time; what is none comes back as it is.
  [[nodiscard]] std::string text(const std::string& rfc3339) const;
  // `2026-11-22`, its midnight; `2026-11-22 18:30[:01]` of the zone; or an RFC 3339 time.
  [[nodiscard]] std::optional<core::Time> parse(const std::string& text) const;

 private:
  std::string zone_;
};

// What is wrong with a time that LocalTime does not take, as a line for standard error.
[[nodiscard]] std::string fault_of_time(const std::string& option, const std::string& given,
                                        const LocalTime& local);

// `3 s`, `12 min`, `5 h`, `2 d`: how long ago, one figure.
[[nodiscard]] std::string rough_duration(std::chrono::milliseconds duration);

}  // namespace reconciled::commands
