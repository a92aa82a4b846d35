#include "daemon/core/config/config_reader.h"

#include <algorithm>

#include "daemon/core/config/config_values.h"
#include "daemon/core/words/likeness.h"
#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

std::string_view type_word(toml::node_type type) {
  switch (type) {
    case toml::node_type::none:
      return "nothing";
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a floating-point number";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::date:
    case toml::node_type::time:
    case toml::node_type::date_time:
      return "a date or time";
  }
  return "something else";
}

bool has_control_character(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

std::optional<SecretReference> parse_reference(std::string_view text) {
  static constexpr std::array<std::pair<std::string_view, SecretReference::Kind>, 3> kPrefixes{
      {{"file:", SecretReference::Kind::kFile},
       {"credential:", SecretReference::Kind::kCredential},
       {"env:", SecretReference::Kind::kEnvironment}}};
  for (const auto& [prefix, kind] : kPrefixes) {
    if (text.substr(0, prefix.size()) == prefix) {
      return SecretReference{kind, std::string(text.substr(prefix.size()))};
    }
  }
  return std::nullopt;
}

constexpr std::string_view kWebhookSecrets = "portone.v2.webhook_secrets";

SecretOrigin origin_of(SecretReference::Kind kind) {
  switch (kind) {
    case SecretReference::Kind::kFile:
      return SecretOrigin::kFile;
    case SecretReference::Kind::kCredential:
      return SecretOrigin::kCredential;
    case SecretReference::Kind::kEnvironment:
      return SecretOrigin::kEnvironment;
  }
  return SecretOrigin::kLiteral;
}

}  // namespace

Section::Section(const toml::table& table, ConfigFaults& faults)
    : Section(&table, std::string(), faults) {}

Section::Section(const toml::table* table, std::string name, ConfigFaults& faults)
    : table_(table), name_(std::move(name)), faults_(&faults) {}

std::string Section::key_of(std::string_view name) const {
  return name_.empty() ? std::string(name) : name_ + "." + std::string(name);
}

void Section::fault(std::string_view name, std::string message) {
  faults_->push_back({key_of(name), std::move(message)});
}

void Section::fault_wrong_type(const std::string& key, std::string_view expected,
                               const toml::node& found) {
  faults_->push_back({key, "must be " + std::string(expected) + ", found " +
                               std::string(type_word(found.type()))});
}

const toml::node* Section::find(std::string_view name) {
  known_.emplace_back(name);
  return table_ == nullptr ? nullptr : table_->get(name);
}

Section Section::below(std::string_view name) {
  const toml::node* node = find(name);
  const toml::table* table = node == nullptr ? nullptr : node->as_table();
  if (node != nullptr && table == nullptr) fault_wrong_type(key_of(name), "a table", *node);
  return Section(table, key_of(name), *faults_);
}

std::optional<std::string> Section::text(std::string_view name) {
  const toml::node* node = find(name);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_string();
  if (value == nullptr) {
    fault_wrong_type(key_of(name), "a string", *node);
    return std::nullopt;
  }
  if (has_control_character(value->get())) {
    fault(name, "must not hold line breaks or other control characters");
    return std::nullopt;
  }
  return value->get();
}

std::optional<std::int64_t> Section::integer(std::string_view name, std::int64_t least,
                                             std::int64_t most) {
  const toml::node* node = find(name);
  if (node == nullptr) return std::nullopt;
  const auto* value = node->as_integer();
  if (value == nullptr) {
    fault_wrong_type(key_of(name), "an integer", *node);
    return std::nullopt;
  }
  if (value->get() < least || value->get() > most) {
    fault(name, "must be from " + std::to_string(least) + " to " + std::to_string(most));
    return std::nullopt;
  }
  return value->get();
}

std::optional<std::vector<ConfigEntry>> Section::texts(std::string_view name) {
  const toml::node* node = find(name);
  if (node == nullptr) return std::nullopt;
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    fault_wrong_type(key_of(name), "an array of strings", *node);
    return std::nullopt;
  }
  std::vector<ConfigEntry> entries;
  bool good = true;
  for (std::size_t i = 0; i < array->size(); ++i) {
    const std::string key = key_of(name) + "[" + std::to_string(i) + "]";
    const toml::node& element = (*array)[i];
    const auto* value = element.as_string();
    if (value == nullptr) {
      fault_wrong_type(key, "a string", element);
      good = false;
    } else if (has_control_character(value->get())) {
      faults_->push_back({key, "must not hold line breaks or other control characters"});
      good = false;
    } else {
      entries.push_back({key, value->get()});
    }
  }
  if (!good) return std::nullopt;
  return entries;
}

bool Secrets::needs(std::string_view key) const {
  switch (use) {
    case ConfigUse::kServe:
      return true;
    case ConfigUse::kReadFile:
      return false;
    case ConfigUse::kAskDaemon:
      return key.starts_with("admin.");
    case ConfigUse::kAskPortone:
      return key.starts_with("portone.") && key != kWebhookSecrets;
    case ConfigUse::kTellPeople:
      return key.starts_with("alert.");
  }
  return true;
}

std::optional<std::string> Section::resolve(const ConfigEntry& entry, SecretKind kind,
                                            Secrets& secrets) {
  const auto reference = parse_reference(entry.text);
  // What is spelled out is never repeated in a fault.
  const std::string named = reference ? entry.text + " " : std::string();
  std::string text = entry.text;
  if (reference) {
    if (reference->name.empty()) {
      faults_->push_back({entry.key, "names nothing behind " + entry.text});
      return std::nullopt;
    }
    auto read = secrets.source(*reference);
    if (!read.ok()) {
      faults_->push_back({entry.key, read.error().message});
      return std::nullopt;
    }
    text = std::move(read.value());
  }
  text = trim_secret(text);
  if (auto wrong = fault_of_secret(text, kind == SecretKind::kPortone)) {
    faults_->push_back({entry.key, named + *wrong});
    return std::nullopt;
  }
  secrets.origins[entry.key] = reference ? origin_of(reference->kind) : SecretOrigin::kLiteral;
  return text;
}

std::string Section::secret(std::string_view name, SecretKind kind, Secrets& secrets) {
  const std::size_t faults_before = faults_->size();
  const auto given = text(name);
  if (faults_->size() != faults_before || !secrets.needs(key_of(name))) return {};
  if (!given || given->empty()) {
    if (kind == SecretKind::kPortone) {
      fault(name, "is required: file:PATH, credential:NAME, env:NAME or the secret itself");
    }
    return {};
  }
  return resolve({key_of(name), *given}, kind, secrets).value_or(std::string());
}

void Section::finish() {
  if (table_ == nullptr) return;
  for (const auto& [key, node] : *table_) {
    const std::string_view name = key.str();
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    const std::string_view meant = nearest(name, known_);
    const std::string what = node.is_table() ? "unknown table" : "unknown key";
    fault(clean_text(name, 64),
          meant.empty() ? what : what + ", did you mean " + key_of(meant) + "?");
  }
}

}  // namespace reconciled::core
