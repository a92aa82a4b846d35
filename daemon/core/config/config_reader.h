// Reading typed values out of one TOML table, and collecting every fault on the way.
//
// Private to the configuration reader; the one header that sees toml++. A Section remembers which
// keys were asked for, so that `finish` can name those that nobody knows.
#pragma once

#include <toml++/toml.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/core/config/config.h"

namespace reconciled::core {

using ConfigFaults = std::vector<ConfigFault>;

// An entry of an array with its key for faults: `webhook.source_ips[1]`.
struct ConfigEntry {
  std::string key;
  std::string text;
};

// How secrets are come by, and where those that were read stood.
struct Secrets {
  const SecretSource& source;
  ConfigUse use;
  std::map<std::string, SecretOrigin> origins{};

  // Whether this use needs the secret at `key`; one that nobody needs is neither read nor missed.
  [[nodiscard]] bool needs(std::string_view key) const;
};

// What a secret may be made of.
enum class SecretKind {
  kToken,   // text of one line
  kPortone  // visible ASCII, as PortOne's keys are: they go into headers and JSON as they stand
};

class Section {
 public:
  // The whole document.
  Section(const toml::table& table, ConfigFaults& faults);
  // The table below `name`; absent tables read as empty ones. Anything else there is a fault.
  [[nodiscard]] Section below(std::string_view name);

  [[nodiscard]] bool is_present() const { return table_ != nullptr; }

  // Each gives nothing when the key is absent or its value is of the wrong type or out of range;
  // the latter two are faults.
  [[nodiscard]] std::optional<std::string> text(std::string_view name);
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name, std::int64_t least,
                                                    std::int64_t most);
  [[nodiscard]] std::optional<std::vector<ConfigEntry>> texts(std::string_view name);
  // A secret's text behind its reference or spelled out, without blanks around it; empty text is
  // nothing. Nothing is a fault for a secret of PortOne.
  [[nodiscard]] std::string secret(std::string_view name, SecretKind kind, Secrets& secrets);
  [[nodiscard]] std::optional<std::string> resolve(const ConfigEntry& entry, SecretKind kind,
                                                   Secrets& secrets);

  template <class Enum, std::size_t N>
  void choose(std::string_view name, const std::array<std::pair<std::string_view, Enum>, N>& words,
              Enum& value);

  void fault(std::string_view name, std::string message);
  // `name` with this table's own name before it.
  [[nodiscard]] std::string key_of(std::string_view name) const;
  // Reports the keys of this table that were never asked for.
  void finish();

 private:
  Section(const toml::table* table, std::string name, ConfigFaults& faults);
  [[nodiscard]] const toml::node* find(std::string_view name);
  void fault_wrong_type(const std::string& key, std::string_view expected, const toml::node& found);

  const toml::table* table_;
  std::string name_;
  ConfigFaults* faults_;
  std::vector<std::string> known_;
};

// The table [reconcile], which is `section`.
void read_reconcile(Section& section, ReconcileConfig& reconcile, ConfigFaults& faults);
// The table [alert], likewise.
void read_alert(Section& section, AlertConfig& alert, Secrets& secrets, ConfigFaults& faults);

template <class Enum, std::size_t N>
void Section::choose(std::string_view name,
                     const std::array<std::pair<std::string_view, Enum>, N>& words, Enum& value) {
  const auto given = text(name);
  if (!given) return;
  std::string accepted;
  for (const auto& [word, meaning] : words) {
    if (*given == word) {
      value = meaning;
      return;
    }
    if (!accepted.empty()) accepted += ", ";
    accepted += word;
  }
  fault(name, "must be one of " + accepted);
}

}  // namespace reconciled::core
