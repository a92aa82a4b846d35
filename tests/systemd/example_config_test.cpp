// systemd/reconciled.toml, as a shop finds it in /etc/reconciled.
#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "daemon/core/config/config.h"
#include "daemon/core/config/config_shown.h"
#include "daemon/runtime/secrets.h"
#include "tests/support/scoped_environment.h"
#include "tests/support/temporary_folder.h"

using namespace reconciled;

namespace {

std::string example() {
  std::ostringstream text;
  text << std::ifstream(RECONCILED_EXAMPLE_CONFIG).rdbuf();
  REQUIRE_FALSE(text.str().empty());
  return text.str();
}

void replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("example configuration: as shipped it lacks exactly the secrets and the store") {
  const test::TemporaryFolder credentials;
  const test::ScopedEnvironment directory("CREDENTIALS_DIRECTORY", credentials.text());
  const auto outcome = core::read_config(example(), secrets_with("/nonexistent"));
  REQUIRE_FALSE(outcome.ok());
  std::vector<std::string> keys;
  for (const auto& fault : outcome.error()) keys.push_back(fault.key);
  CHECK(keys == std::vector<std::string>{"portone.v1.imp_key", "portone.v1.imp_secret",
                                         "portone.v2.api_secret", "portone.v2.store_id",
                                         "portone.v2.webhook_secrets[0]"});
}

TEST_CASE("example configuration: with its secrets it is good and says what the defaults are") {
  const test::TemporaryFolder credentials;
  for (const char* name : {"imp_key", "imp_secret", "portone_api_secret"}) {
    std::ofstream(credentials / name) << "value\n";
  }
  std::ofstream(credentials / "portone_webhook_secret")
      << "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n";
  const test::ScopedEnvironment directory("CREDENTIALS_DIRECTORY", credentials.text());
  std::string text = example();
  replace(text, "store-…", "store-1");
  const auto outcome = core::read_config(text, secrets_with("/nonexistent"));
  if (!outcome.ok()) {
    for (const auto& fault : outcome.error()) MESSAGE(fault.key << ": " << fault.message);
  }
  REQUIRE(outcome.ok());
  const auto bare = core::read_config("[portone.v1]\nimp_key = \"value\"\nimp_secret = \"value\"\n",
                                      secrets_with("/nonexistent"));
  REQUIRE(bare.ok());
  const core::Config& shipped = outcome.value();
  const core::Config& defaults = bare.value();
  CHECK(shipped.timezone == defaults.timezone);
  CHECK(shipped.database_path == defaults.database_path);
  CHECK(shipped.retention_days == defaults.retention_days);
  CHECK(shipped.log_level == defaults.log_level);
  CHECK(shipped.trusted_proxies == defaults.trusted_proxies);
  CHECK(shipped.webhook.listen.to_text() == defaults.webhook.listen.to_text());
  CHECK(shipped.webhook.path == defaults.webhook.path);
  CHECK(shipped.webhook.confirm_path == defaults.webhook.confirm_path);
  CHECK(shipped.webhook.max_body_bytes == defaults.webhook.max_body_bytes);
  CHECK(shipped.webhook.source_ips == defaults.webhook.source_ips);
  CHECK(shipped.redirect.listen.to_text() == defaults.redirect.listen.to_text());
  CHECK(shipped.redirect.path == defaults.redirect.path);
  CHECK(shipped.admin.listen.to_text() == defaults.admin.listen.to_text());
  CHECK(shipped.v1->base_url == defaults.v1->base_url);
  CHECK(shipped.v2->base_url == core::PortoneV2Config().base_url);
  CHECK(shipped.reconcile.lookup_schedule == defaults.reconcile.lookup_schedule);
  CHECK(shipped.reconcile.lookups_in_flight == defaults.reconcile.lookups_in_flight);
}

TEST_CASE("example configuration: as shipped it can be read by who needs no secret") {
  const test::ScopedEnvironment directory("CREDENTIALS_DIRECTORY", std::nullopt);
  for (const core::ConfigUse use : {core::ConfigUse::kReadFile, core::ConfigUse::kAskDaemon}) {
    const auto outcome = core::read_config(example(), secrets_with("/nonexistent"), {.use = use});
    REQUIRE(outcome.ok());
    CHECK(outcome.value().database_path == "/var/lib/reconciled/reconciled.db");
    CHECK(outcome.value().admin.listen.to_text() == "127.0.0.1:8803");
    CHECK(outcome.value().secret_origins.empty());
  }
}

TEST_CASE("example configuration: a bug report knows each of its keys") {
  const std::string shown = core::shown_config(example());
  CAPTURE(shown);
  CHECK(shown.find("nobody knows") == std::string::npos);
  CHECK(shown.find("alert.language = ") != std::string::npos);
}
