#include "daemon/runtime/log.h"

#include <spdlog/formatter.h>
#include <spdlog/sinks/sink.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <stdexcept>

#include "daemon/core/words/text.h"
#include "daemon/core/words/time.h"
#include "daemon/runtime/log_queue.h"

namespace reconciled {
namespace {

constexpr std::size_t kMaxValueBytes = 2048;

struct LevelName {
  std::string_view word;
  spdlog::level::level_enum level;
  char priority;  // syslog's, sd-daemon(3)
};
// In the order of LogLevel.
constexpr std::array<LevelName, 7> kLevels{{{"trace", spdlog::level::trace, '7'},
                                            {"debug", spdlog::level::debug, '7'},
                                            {"info", spdlog::level::info, '6'},
                                            {"warn", spdlog::level::warn, '4'},
                                            {"error", spdlog::level::err, '3'},
                                            {"critical", spdlog::level::critical, '2'},
                                            {"off", spdlog::level::off, '7'}}};

// Read without a lock on every line that is switched off.
std::atomic<LogLevel> g_level{LogLevel::kOff};
std::atomic<bool> g_json{false};
// Made and ended while no other thread logs.
std::unique_ptr<LogQueue> g_queue;

const LevelName& name_of(spdlog::level::level_enum level) {
  for (const LevelName& name : kLevels) {
    if (name.level == level) return name;
  }
  std::abort();
}

LogLevel parse_level(std::string_view word) {
  for (std::size_t i = 0; i < kLevels.size(); ++i) {
    if (kLevels[i].word == word) return static_cast<LogLevel>(i);
  }
  throw std::invalid_argument("no log level: " + std::string(word));
}

// Valid UTF-8 of a bounded length, so that a journal or a JSON reader takes every line.
std::string bounded(std::string_view text) {
  if (text.size() <= kMaxValueBytes && core::is_valid_utf8(text)) return std::string(text);
  return core::clean_text(text, kMaxValueBytes);
}

// Whether the two bytes at `at` are U+0080..U+009F: terminals obey some of these.
bool is_c1_control(std::string_view text, std::size_t at) {
  return text[at] == '\xc2' && at + 1 < text.size() &&
         static_cast<unsigned char>(text[at + 1]) < 0xa0;
}

void append_unicode_escape(std::string& out, unsigned code) {
  static constexpr std::string_view kHex = "0123456789abcdef";
  out += "\\u00";
  out += kHex[(code >> 4) & 0xf];
  out += kHex[code & 0xf];
}

// The inside of a JSON string; text lines use the same escapes.
void append_escaped(std::string& out, std::string_view untrusted) {
  const std::string text = bounded(untrusted);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += text[i];
    } else if (byte == '\n') {
      out += "\\n";
    } else if (byte < 0x20 || byte == 0x7f) {
      append_unicode_escape(out, byte);
    } else if (is_c1_control(text, i)) {
      append_unicode_escape(out, static_cast<unsigned char>(text[++i]));
    } else {
      out += text[i];
    }
  }
}

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  append_escaped(out, text);
  out += '"';
}

bool needs_quotes(std::string_view text) {
  if (text.empty()) return true;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '"' || c == '\\' || c == '=') return true;
  }
  return false;
}

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.append(buffer.data(), end);
}

void append_value(std::string& out, const LogField::Value& value, bool json) {
  if (const auto* text = std::get_if<std::string_view>(&value)) {
    if (json || needs_quotes(*text)) {
      append_quoted(out, *text);
    } else {
      out += text->substr(0, kMaxValueBytes);
    }
  } else if (const auto* is_so = std::get_if<bool>(&value)) {
    out += *is_so ? "true" : "false";
  } else if (const auto* real = std::get_if<double>(&value)) {
    // JSON knows no infinities.
    if (std::isfinite(*real)) {
      append_number(out, *real);
    } else {
      out += "null";
    }
  } else if (const auto* natural = std::get_if<std::uint64_t>(&value)) {
    append_number(out, *natural);
  } else {
    append_number(out, std::get<std::int64_t>(value));
  }
}

std::string text_payload(std::string_view message, std::initializer_list<LogField> fields) {
  std::string out;
  append_escaped(out, message);
  for (const LogField& field : fields) {
    out += ' ';
    out += field.key();
    out += '=';
    append_value(out, field.value(), false);
  }
  return out;
}

std::string json_payload(std::string_view message, std::initializer_list<LogField> fields) {
  std::string out = "\"message\":";
  append_quoted(out, message);
  for (const LogField& field : fields) {
    out += ',';
    append_quoted(out, field.key());
    out += ':';
    append_value(out, field.value(), true);
  }
  return out;
}

// Puts priority, time and level before a payload that is escaped already.
class LineFormatter final : public spdlog::formatter {
 public:
  LineFormatter(bool json, bool under_systemd) : json_(json), under_systemd_(under_systemd) {}

  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& dest) override {
    const LevelName& name = name_of(msg.level);
    std::string line;
    if (under_systemd_) line += {'<', name.priority, '>'};
    if (json_) {
      line += '{';
      if (!under_systemd_) line += "\"time\":\"" + time_text(msg) + "\",";
      line += "\"level\":\"";
      line += name.word;
      line += "\",";
      line.append(msg.payload.data(), msg.payload.size());
      line += "}\n";
    } else {
      if (!under_systemd_) line += time_text(msg) + " ";
      line += name.word;
      line += ' ';
      line.append(msg.payload.data(), msg.payload.size());
      line += '\n';
    }
    dest.append(line.data(), line.data() + line.size());
  }

  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<LineFormatter>(json_, under_systemd_);
  }

 private:
  static std::string time_text(const spdlog::details::log_msg& msg) {
    return core::to_rfc3339(std::chrono::floor<std::chrono::milliseconds>(msg.time));
  }

  bool json_;
  bool under_systemd_;
};

class QueueSink final : public spdlog::sinks::sink {
 public:
  explicit QueueSink(std::unique_ptr<spdlog::formatter> formatter)
      : formatter_(std::move(formatter)) {}

  // The formatter keeps nothing from line to line, so there is nothing to lock.
  void log(const spdlog::details::log_msg& msg) override {
    spdlog::memory_buf_t line;
    formatter_->format(msg, line);
    if (g_queue) g_queue->put(std::string(line.data(), line.size()));
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter> formatter) override {
    formatter_ = std::move(formatter);
  }

 private:
  std::unique_ptr<spdlog::formatter> formatter_;
};

}  // namespace

void init_logging(std::string_view level, core::LogFormat format, bool under_systemd) {
  const LogLevel parsed = parse_level(level);
  const bool json = format == core::LogFormat::kJson;
  if (!g_queue) g_queue = std::make_unique<LogQueue>(STDERR_FILENO);
  auto logger = std::make_shared<spdlog::logger>(
      "reconciled",
      std::make_shared<QueueSink>(std::make_unique<LineFormatter>(json, under_systemd)));
  // `g_level` alone decides what is written.
  logger->set_level(spdlog::level::trace);
  spdlog::set_default_logger(std::move(logger));
  g_json = json;
  g_level = parsed;
}

void end_logging() {
  g_level = LogLevel::kOff;
  g_queue.reset();
}

bool flush_log(std::chrono::milliseconds patience) { return !g_queue || g_queue->flush(patience); }

std::uint64_t log_dropped() { return g_queue ? g_queue->dropped() : 0; }

void set_log_level(std::string_view level) { g_level = parse_level(level); }

bool logs_to_journal() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment.
  const char* stream = std::getenv("JOURNAL_STREAM");
  return stream != nullptr && *stream != '\0';
}

void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields) {
  if (level == LogLevel::kOff || level < g_level.load(std::memory_order_relaxed)) return;
  const std::string payload = g_json.load(std::memory_order_relaxed)
                                  ? json_payload(message, fields)
                                  : text_payload(message, fields);
  spdlog::default_logger_raw()->log(kLevels.at(static_cast<std::size_t>(level)).level,
                                    spdlog::string_view_t(payload.data(), payload.size()));
}

}  // namespace reconciled
