#include "daemon/commands/journal.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <system_error>

#include "daemon/core/words/json.h"
#include "daemon/core/words/time.h"

namespace reconciled::commands {
namespace {

constexpr std::size_t kMostBytes = 4 * 1024 * 1024;

std::string time_of(const nlohmann::json& entry) {
  const std::string text = core::text_member(entry, "__REALTIME_TIMESTAMP").value_or("");
  std::int64_t us = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), us);
  return fault == std::errc{} && end != text.data() ? core::to_rfc3339(core::from_ms(us / 1000))
                                                    : std::string();
}

std::string output_of(const std::string& command, int& status) {
  std::string text;
  // NOLINTNEXTLINE(cert-env33-c): fixed words and a unit's name that unit_of made.
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) {
    status = -1;
    return text;
  }
  std::array<char, 65536> part{};
  while (const std::size_t count = std::fread(part.data(), 1, part.size(), pipe)) {
    if (text.size() < kMostBytes) text.append(part.data(), count);
  }
  status = ::pclose(pipe);
  return text;
}

}  // namespace

std::string unit_of(const std::string& config_path) {
  std::error_code ignored;
  const auto path = std::filesystem::absolute(config_path, ignored).lexically_normal();
  const std::string name = path.stem().string();
  const bool is_name = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.';
  });
  if (path.parent_path() != "/etc/reconciled" || path.extension() != ".toml" || !is_name) return {};
  return name == "reconciled" ? "reconciled.service" : "reconciled@" + name + ".service";
}

Journal read_journal(const std::string& unit, int most_lines) {
  Journal journal;
  int status = 0;
  const std::string text =
      output_of("timeout 10 journalctl --unit=" + unit + " --lines=" + std::to_string(most_lines) +
                    " --no-pager --output=json 2>/dev/null",
                status);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const auto entry = core::parse_json(std::string_view(text).substr(at, end - at));
    at = end + 1;
    if (!entry.ok()) continue;
    const auto message = core::text_member(entry.value(), "MESSAGE");
    if (!message) continue;
    const auto who = core::text_member(entry.value(), "SYSLOG_IDENTIFIER");
    journal.lines.push_back({time_of(entry.value()), who != "systemd", *message});
  }
  if (!journal.lines.empty()) return journal;
  journal.fault = status == 0 ? "the journal holds no line of " + unit
                              : "journalctl is not there, or cannot read the journal (try as root)";
  return journal;
}

}  // namespace reconciled::commands
