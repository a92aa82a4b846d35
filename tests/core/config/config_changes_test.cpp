#include "daemon/core/config/config_changes.h"

#include "tests/core/config/config_reading.h"

using namespace reconciled::test;

namespace {

Config with(const std::string& toml) {
  auto outcome = read(toml);
  if (!outcome.ok()) {
    for (const auto& fault : outcome.error()) MESSAGE(fault.key << ": " << fault.message);
  }
  REQUIRE(outcome.ok());
  return outcome.value();
}

const std::string kBoth = std::string(kV1) + std::string(kV2);

// The changes from the defaults with both APIs, as "key" or "key!" where it needs a restart.
std::vector<std::string> changes(const Config& old, const Config& fresh) {
  std::vector<std::string> keys;
  for (const ConfigChange& change : compare(old, fresh)) {
    keys.push_back(change.key + (change.is_taken_over ? "" : "!"));
  }
  // Taking over leaves exactly what needs a restart, and takes nothing that was not named.
  std::vector<std::string> left;
  for (const ConfigChange& change : compare(take_over(old, fresh), fresh)) {
    left.push_back(change.key + "!");
    CHECK_FALSE(change.is_taken_over);
  }
  std::vector<std::string> waiting;
  for (const std::string& key : keys) {
    if (key.back() == '!') waiting.push_back(key);
  }
  CHECK(left == waiting);
  return keys;
}

std::vector<std::string> changed_by(const std::string& toml) {
  return changes(with(kBoth), with(toml + "\n" + kBoth));
}

using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("configuration changes: the same file changes nothing") {
  CHECK(changed_by("").empty());
  CHECK(changed_by("timezone = \"Asia/Seoul\"\n[log]\nlevel = \"info\"").empty());
}

TEST_CASE("configuration changes: each key is named, with whether it needs a restart") {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"timezone = \"UTC\"", "timezone!"},
      {"[storage]\npath = \"x\"", "storage.path!"},
      {"[storage]\nretention_days = 1", "storage.retention_days!"},
      {"[log]\nlevel = \"debug\"", "log.level"},
      {"[log]\nformat = \"json\"", "log.format!"},
      {"[http]\ntrusted_proxies = []", "http.trusted_proxies"},
      {"[webhook]\nlisten = \"127.0.0.1:1\"", "webhook.listen!"},
      {"[webhook]\nlisten = \"unix:/a\"", "webhook.listen!"},
      {"[webhook]\npath = \"/w\"", "webhook.path!"},
      {"[webhook]\nconfirm_path = \"/c\"", "webhook.confirm_path!"},
      {"[webhook]\nmax_body_bytes = 1024", "webhook.max_body_bytes!"},
      {"[webhook]\nsource_ips = [\"127.0.0.1\"]", "webhook.source_ips"},
      {"[webhook]\nsource_ip_policy = \"enforce\"", "webhook.source_ip_policy"},
      {"[redirect]\nlisten = \"127.0.0.1:1\"", "redirect.listen!"},
      {"[redirect]\npath = \"/r\"", "redirect.path!"},
      {"[redirect]\nsuccess_url = \"/s\"", "redirect.success_url!"},
      {"[redirect]\nfailure_url = \"/f\"", "redirect.failure_url!"},
      {"[redirect]\npending_url = \"/p\"", "redirect.pending_url!"},
      {"[redirect]\nretry_url = \"/again\"", "redirect.retry_url!"},
      {"[redirect]\nshop_name = \"Shop\"", "redirect.shop_name!"},
      {"[redirect]\nshop_contact = \"1588-1234\"", "redirect.shop_contact!"},
      {"[admin]\nlisten = \"127.0.0.1:1\"", "admin.listen!"},
      {"[portone]\nchannel = \"test\"", "portone.channel!"},
      {"[reconcile]\nmissing_webhook = \"wait\"", "reconcile.missing_webhook!"},
      {"[reconcile]\nlookup_schedule = [\"1s\"]", "reconcile.lookup_schedule"},
      {"[reconcile]\nlookups_in_flight = 1", "reconcile.lookups_in_flight!"},
      {"[reconcile]\nsweep_every = \"1m\"", "reconcile.sweep_every!"},
      {"[reconcile]\nunregistered_orders = \"accept\"", "reconcile.unregistered_orders!"}};
  for (const auto& [toml, key] : cases) {
    CAPTURE(toml);
    CHECK(changed_by(toml) == Keys{key});
  }
  CHECK(changed_by("[redirect]\nmode = \"forward\"\npending_url = \"/p\"") ==
        Keys{"redirect.mode!", "redirect.pending_url!"});
  for (const std::string table : {"webhook", "redirect", "admin"}) {
    CHECK(changed_by("[" + table + "]\ntls_cert = \"c\"\ntls_key = \"k\"") ==
          Keys{table + ".tls_cert!", table + ".tls_key!"});
  }
}

TEST_CASE("configuration changes: an API that appears or goes needs a restart, whatever else") {
  const Config v1 = with(std::string(kV1));
  const Config both = with(kBoth);
  CHECK(changes(v1, both) == Keys{"portone.v2!"});
  CHECK(changes(both, v1) == Keys{"portone.v2!"});
  const Config v2 = with("[log]\nlevel = \"debug\"\n" + std::string(kV2));
  CHECK(changes(v1, v2) == Keys{"log.level", "portone.v1!", "portone.v2!"});
  const Config taken = take_over(v1, v2);
  CHECK(taken.v1);
  CHECK_FALSE(taken.v2);
  CHECK(taken.log_level == "debug");
}

TEST_CASE("configuration changes: secrets of files are taken over, others need a restart") {
  const auto secrets = [](const std::string& key, const std::string& secret, const std::string& api,
                          const std::string& hook, const std::string& kind) {
    const auto outcome =
        read_config("[portone.v1]\nimp_key = \"" + kind + ":k\"\nimp_secret = \"" + kind +
                        ":s\"\n[portone.v2]\nstore_id = \"store-1\"\napi_secret = \"" + kind +
                        ":a\"\nwebhook_secrets = [\"" + kind + ":h\"]\n",
                    [&](const SecretReference& reference) -> Outcome<std::string, SecretError> {
                      if (reference.name == "k") return key;
                      if (reference.name == "s") return secret;
                      return reference.name == "a" ? api : hook;
                    });
    REQUIRE(outcome.ok());
    return outcome.value();
  };
  const Config old = secrets("k", "s", "a", "AAAA", "file");
  CHECK(changes(old, secrets("k2", "s2", "a2", "BBBB", "file")) ==
        Keys{"portone.v1.imp_key", "portone.v1.imp_secret", "portone.v2.api_secret",
             "portone.v2.webhook_secrets"});
  for (const char* kind : {"credential", "env"}) {
    CHECK(changes(old, secrets("k2", "s", "a2", "BBBB", kind)) ==
          Keys{"portone.v1.imp_key!", "portone.v2.api_secret!", "portone.v2.webhook_secrets!"});
    // Where only the place changes there is nothing to take over.
    CHECK(changes(old, secrets("k", "s", "a", "AAAA", kind)).empty());
  }
}

TEST_CASE("configuration changes: half a pair of V1's keys is not taken over alone") {
  const auto pair = [](const std::string& value, const std::string& key_kind) {
    const auto outcome =
        read_config("[portone.v1]\nimp_key = \"" + key_kind + ":k\"\nimp_secret = \"file:s\"\n",
                    [&](const SecretReference&) { return value; });
    REQUIRE(outcome.ok());
    return outcome.value();
  };
  CHECK(changes(pair("old", "credential"), pair("new", "credential")) ==
        Keys{"portone.v1.imp_key!", "portone.v1.imp_secret!"});
  CHECK(changes(pair("old", "file"), pair("new", "file")) ==
        Keys{"portone.v1.imp_key", "portone.v1.imp_secret"});
}

TEST_CASE("configuration changes: a token changes while we run, but neither comes nor goes") {
  const auto token = [](const std::string& value) {
    return with((value.empty() ? "" : "[admin]\ntoken = \"" + value + "\"\n") + std::string(kV1));
  };
  CHECK(changes(token("a"), token("b")) == Keys{"admin.token"});
  CHECK(changes(token("a"), token("")) == Keys{"admin.token!"});
  CHECK(changes(token(""), token("b")) == Keys{"admin.token!"});
}

TEST_CASE("configuration changes: one that only lost a webhook secret is taken over") {
  const std::string head = "[portone.v2]\napi_secret = \"s\"\nstore_id = \"store-1\"\n";
  const Config two =
      with(head + "webhook_secrets = [\"AAAA\", \"credential:portone_webhook_secret\"]");
  const Config one = with(head + "webhook_secrets = [\"credential:portone_webhook_secret\"]");
  CHECK(changes(two, one) == Keys{"portone.v2.webhook_secrets"});
  CHECK(changes(one, two) == Keys{"portone.v2.webhook_secrets"});
  CHECK(changes(with(head + "webhook_secrets = [\"AAAA\"]"), two) ==
        Keys{"portone.v2.webhook_secrets!"});
}
