// The text that `reconciled init` writes: the example's lines with values replaced and tables left out.
#include <algorithm>
#include <string_view>

#include "daemon/commands/init.h"
#include "daemon/commands/terminal.h"
#include "daemon/core/words/check.h"

namespace reconciled::commands {
namespace {

using Lines = std::vector<std::string>;

Lines lines_of(std::string_view text) {
  Lines lines;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

bool starts_table(const std::string& line) { return line.starts_with('['); }

Lines::iterator table_in(Lines& lines, const std::string& table) {
  const auto found = std::find_if(lines.begin(), lines.end(), [&](const std::string& line) {
    return line.starts_with("[" + table + "]");
  });
  core::check(found != lines.end(), "the example has each table");
  return found;
}

// A comment behind the value stays where it is, as far as there is room.
void set(Lines& lines, const std::string& table, const std::string& key, const std::string& value) {
  const auto first = table_in(lines, table);
  const auto last = std::find_if(first + 1, lines.end(), starts_table);
  const auto line = std::find_if(first, last, [&](const std::string& candidate) {
    return candidate.starts_with(key + " = ");
  });
  core::check(line != last, "the example has each key");
  const std::size_t comment = line->find(" #");
  std::string text = key + " = " + value;
  if (comment != std::string::npos) {
    const std::size_t column = width_of(line->substr(0, comment));
    if (width_of(text) < column) text.append(column - width_of(text), ' ');
    text += line->substr(comment);
  }
  *line = text;
}

void leave_out(Lines& lines, const std::string& table) {
  const auto first = table_in(lines, table);
  lines.erase(first, std::find_if(first + 1, lines.end(), starts_table));
}

void leave_out_line(Lines& lines, std::string_view beginning) {
  std::erase_if(lines, [&](const std::string& line) { return line.starts_with(beginning); });
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    // A control character is refused by who reads it; a line's end would be another key.
    out += c == '\n' || c == '\r' ? ' ' : c;
  }
  return out + "\"";
}

std::string listen(std::int64_t port) { return quoted("127.0.0.1:" + std::to_string(port)); }

}  // namespace

InitApis apis_of(const InitOptions& options) {
  if (options.v1 || options.v2) return {options.v1, options.v2 || !options.store_id.empty()};
  return {options.store_id.empty(), true};
}

std::string configuration_of(const InitOptions& options, const std::string& shop) {
  Lines lines = lines_of(example_files().front().text);
  const InitApis apis = apis_of(options);
  leave_out_line(lines, "# Remove the table");
  if (!apis.v1) leave_out(lines, "portone.v1");
  if (!apis.v2) leave_out(lines, "portone.v2");
  if (apis.v2 && !options.store_id.empty()) {
    set(lines, "portone.v2", "store_id", quoted(options.store_id));
  }
  set(lines, "portone", "channel", quoted(options.channel));
  if (!shop.empty()) {
    set(lines, "storage", "path", quoted("/var/lib/reconciled/" + shop + "/reconciled.db"));
  }
  set(lines, "webhook", "listen", listen(options.port));
  set(lines, "redirect", "listen", listen(options.port + 1));
  set(lines, "admin", "listen", listen(options.port + 2));
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

std::vector<core::ConfigFault> faults_of(const std::string& text, const InitOptions& options) {
  // Any secret will do: they come later.
  const auto any = [](const core::SecretReference& reference) {
    return core::Outcome<std::string, core::SecretError>(
        reference.name.find("webhook") == std::string::npos
            ? std::string("secret")
            : std::string("whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="));
  };
  const auto read = core::read_config(text, any, {.use = core::ConfigUse::kServe});
  if (read.ok()) return {};
  std::vector<core::ConfigFault> faults = read.error();
  if (options.store_id.empty()) {
    std::erase_if(faults, [](const auto& fault) { return fault.key == "portone.v2.store_id"; });
  }
  return faults;
}

}  // namespace reconciled::commands
