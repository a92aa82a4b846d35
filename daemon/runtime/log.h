// The log: one line an event on standard error, `message key=value …` or one JSON object.
//
// Set up by `main` before threads start; writing and `set_log_level` are for any thread. Nobody who
// logs waits for the reader: lines go through a queue (log_queue.h) that drops what is too much.
// Values come from outside: they are quoted and escaped, so that none can forge a line or a field.
// Never pass bodies, secrets, signatures, names, e-mail, telephone or card numbers.
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

#include "daemon/core/config/config.h"

namespace reconciled {

enum class LogLevel { kTrace, kDebug, kInfo, kWarn, kError, kCritical, kOff };

// `level` is a word of log.level (core::Config); throws std::invalid_argument for another.
// `under_systemd`: lines begin with `<n>`, syslog's priority, and carry no time, which the journal
// adds. Before this call nothing is written.
void init_logging(std::string_view level, core::LogFormat format, bool under_systemd);
void set_log_level(std::string_view level);
// After the other threads have ended: writes what is queued, if the reader reads, within 200 ms.
// Nothing is logged behind it until the next init_logging.
void end_logging();
// Whether everything that was logged before has left the queue within `patience`.
bool flush_log(std::chrono::milliseconds patience);
// Lines that nobody will read, since init_logging.
[[nodiscard]] std::uint64_t log_dropped();
// Whether standard error leads to the journal, by $JOURNAL_STREAM.
[[nodiscard]] bool logs_to_journal();

// One `key=value`. Holds a view: use it within the expression that makes it.
class LogField {
 public:
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  LogField(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  LogField(std::string_view key, const char* value) : LogField(key, std::string_view(value)) {}
  LogField(std::string_view key, const std::string& value)
      : LogField(key, std::string_view(value)) {}
  template <class Number, std::enable_if_t<std::is_arithmetic_v<Number>, int> = 0>
  LogField(std::string_view key, Number value) : key_(key), value_(widened(value)) {}

  [[nodiscard]] std::string_view key() const { return key_; }
  [[nodiscard]] const Value& value() const { return value_; }

 private:
  template <class Number>
  static Value widened(Number value) {
    if constexpr (std::is_same_v<Number, bool>) {
      return value;
    } else if constexpr (std::is_floating_point_v<Number>) {
      return static_cast<double>(value);
    } else if constexpr (std::is_unsigned_v<Number>) {
      return static_cast<std::uint64_t>(value);
    } else {
      return static_cast<std::int64_t>(value);
    }
  }

  std::string_view key_;
  Value value_;
};

// Writes the line if `level` is on; otherwise one comparison is all it costs. `message` and the
// keys are our own words.
void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);

inline void log_debug(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log_line(LogLevel::kDebug, message, fields);
}
inline void log_info(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log_line(LogLevel::kInfo, message, fields);
}
inline void log_warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log_line(LogLevel::kWarn, message, fields);
}
inline void log_error(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log_line(LogLevel::kError, message, fields);
}
inline void log_critical(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log_line(LogLevel::kCritical, message, fields);
}

}  // namespace reconciled
