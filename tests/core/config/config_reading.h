// Reading configurations with the secrets of the example: for the tests of the configuration.
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "daemon/core/config/config.h"

namespace reconciled::test {

using namespace reconciled::core;

inline constexpr std::string_view kWebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

// Knows the credentials of the example configuration and nothing else.
inline Outcome<std::string, SecretError> example_secrets(const SecretReference& reference) {
  static const std::map<std::string, std::string> kKnown{
      {"imp_key", "key-1"},
      {"imp_secret", "secret-1"},
      {"portone_api_secret", "secret-2"},
      {"portone_webhook_secret", std::string(kWebhookSecret)},
      {"blank", ""},
      {"two_lines", "one\ntwo"}};
  const auto found = kKnown.find(reference.name);
  if (found == kKnown.end()) return SecretError{"cannot read " + reference.name};
  return found->second;
}

inline Outcome<Config, std::vector<ConfigFault>> read(const std::string& toml) {
  return read_config(toml, example_secrets);
}

inline constexpr std::string_view kV1 =
    "[portone.v1]\nimp_key = \"credential:imp_key\"\nimp_secret = \"credential:imp_secret\"\n";
inline constexpr std::string_view kV2 =
    "[portone.v2]\napi_secret = \"credential:portone_api_secret\"\nstore_id = \"store-1\"\n"
    "webhook_secrets = [\"credential:portone_webhook_secret\"]\n";

// The faults of `toml` with a good [portone.v1] behind it, as "key: message" lines.
inline std::vector<std::string> faults_of_whole(const std::string& toml) {
  std::vector<std::string> lines;
  const auto outcome = read(toml);
  if (outcome.ok()) return lines;
  for (const ConfigFault& fault : outcome.error())
    lines.push_back(fault.key + ": " + fault.message);
  return lines;
}
inline std::vector<std::string> faults_of(const std::string& toml) {
  return faults_of_whole(toml + "\n" + std::string(kV1));
}

inline Config good(const std::string& toml) {
  auto outcome = read(toml + "\n" + std::string(kV1));
  if (!outcome.ok()) {
    for (const auto& fault : outcome.error()) MESSAGE(fault.key << ": " << fault.message);
  }
  REQUIRE(outcome.ok());
  return outcome.value();
}

// Exactly one fault, and its key.
inline void check_one_fault(const std::string& toml, const std::string& key) {
  const auto outcome = read(toml + "\n" + std::string(kV1));
  INFO(toml);
  REQUIRE_FALSE(outcome.ok());
  REQUIRE(outcome.error().size() == 1);
  CHECK(outcome.error()[0].key == key);
}

inline bool holds(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace reconciled::test
