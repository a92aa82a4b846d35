// The newest lines of the service's journal, for `bugreport`.
#pragma once

#include <string>
#include <vector>

namespace reconciled::commands {

struct JournalLine {
  std::string time;    // RFC 3339
  bool is_ours = true;  // else the service manager's about us
  std::string message;
};
struct Journal {
  std::vector<JournalLine> lines;  // the oldest first
  std::string fault;               // why there are none, in words; empty where there are
};

// The unit that serves the configuration in `config_path`; empty where none of ours does.
[[nodiscard]] std::string unit_of(const std::string& config_path);
// Asks journalctl, ten seconds at most.
[[nodiscard]] Journal read_journal(const std::string& unit, int most_lines);

}  // namespace reconciled::commands
