// The configuration of interface §3 as a value, and how TOML becomes one.
//
// Read by `main`, `check` and SIGHUP. Reading reports every fault at once, each with its key.
// Secrets are resolved through `SecretSource`, so that this file reads nothing itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/config/alert_url.h"
#include "daemon/core/words/outcome.h"
#include "daemon/core/words/states.h"

namespace reconciled::core {

struct ListenAddress {
  enum class Kind { kTcp, kUnix };
  Kind kind = Kind::kTcp;
  std::string host;        // an IP literal without brackets (kTcp)
  std::uint16_t port = 0;  // 0: any free port (kTcp)
  std::string path;        // kUnix
  [[nodiscard]] bool is_loopback() const;
  [[nodiscard]] std::string to_text() const;  // as in the configuration

  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};
// `host:port`, `[::]:port` or `unix:PATH`.
[[nodiscard]] std::optional<ListenAddress> parse_listen_address(std::string_view text);

struct ListenerConfig {
  ListenAddress listen;
  std::string tls_cert;  // PEM files; both or neither
  std::string tls_key;
};

enum class SourceIpPolicy { kRecord, kEnforce };
struct WebhookConfig : ListenerConfig {
  std::string path = "/webhooks/portone";
  std::string confirm_path = "/confirm/portone";
  std::size_t max_body_bytes = 65536;
  std::vector<std::string> source_ips;
  SourceIpPolicy source_ip_policy = SourceIpPolicy::kRecord;
};

enum class RedirectMode { kPage, kForward };
struct RedirectConfig : ListenerConfig {
  std::string path = "/payments/complete";
  RedirectMode mode = RedirectMode::kPage;
  std::string success_url;
  std::string failure_url;
  std::string pending_url;
  std::string retry_url;     // where "pay again" leads after a failure
  std::string shop_name;     // shown on the page
  std::string shop_contact;  // telephone, mail address or URL
};

struct AdminConfig : ListenerConfig {
  std::string token;
};

struct PortoneV1Config {
  std::string base_url = "https://api.iamport.kr";
  std::string imp_key;
  std::string imp_secret;
  std::string tier;
};

struct PortoneV2Config {
  std::string base_url = "https://api.portone.io";
  std::string api_secret;
  std::string store_id;
  std::vector<std::string> webhook_secrets;
};

enum class MissingWebhook { kLookup, kWait };
enum class UnregisteredOrders { kHold, kAccept };
struct ReconcileConfig {
  MissingWebhook missing_webhook = MissingWebhook::kLookup;
  std::vector<std::chrono::milliseconds> lookup_schedule;
  int lookups_in_flight = 64;  // with each API, at most
  std::chrono::milliseconds sweep_every = std::chrono::minutes(10);  // 0: never
  UnregisteredOrders unregistered_orders = UnregisteredOrders::kHold;
};

enum class LogFormat { kText, kJson };
// Where a secret's text stood.
enum class SecretOrigin { kLiteral, kFile, kCredential, kEnvironment };
struct Config {
  std::string timezone = "Asia/Seoul";
  std::string database_path = "/var/lib/reconciled/reconciled.db";
  int retention_days = 90;         // 0 keeps all
  std::string log_level = "info";  // trace | debug | info | warn | error | critical | off
  LogFormat log_format = LogFormat::kText;
  std::vector<std::string> trusted_proxies;
  WebhookConfig webhook;
  RedirectConfig redirect;
  AdminConfig admin;
  Channel channel = Channel::kLive;
  std::optional<PortoneV1Config> v1;
  std::optional<PortoneV2Config> v2;
  ReconcileConfig reconcile;
  std::string notify_url;     // of the shop's backend; empty: nothing is sent
  std::string notify_secret;  // whsec_…; with a URL
  AlertConfig alert;          // who is told what is wrong
  // By key, as "portone.v2.webhook_secrets[0]": each secret that was read.
  std::map<std::string, SecretOrigin> secret_origins;
};

struct ConfigFault {
  std::string key;      // "portone.v2.store_id"; empty for the document as a whole
  std::string message;  // what is wrong and what is expected; never a secret's value
};

// The text behind `file:PATH`, `credential:NAME` or `env:NAME`, or an error's text. Literal values
// never come here; blanks around the text are trimmed behind it.
struct SecretReference {
  enum class Kind { kFile, kCredential, kEnvironment };
  Kind kind;
  std::string name;
};
struct SecretError {
  std::string message;
};
// What stands in the place of a credential that cannot be read where that is no fault (secrets.h).
inline constexpr const char* kUnreadCredential = "AAAA";
using SecretSource = std::function<Outcome<std::string, SecretError>(const SecretReference&)>;

// What the configuration is read for. The narrower ones resolve no secret that they do not need, and
// pass over what is wrong in tables that do not concern them, as long as these are known.
enum class ConfigUse {
  kServe,     // all of it
  kReadFile,  // where the database stands, and the time zone; no secret at all
  kAskDaemon,  // the admin endpoint with its token, and the time zone
  kAskPortone,  // PortOne's APIs with their keys, but no webhook secrets, and the time zone
  kTellPeople   // where people are told, with what the messages say of the shop
};
struct ConfigReading {
  ConfigUse use = ConfigUse::kServe;
  // Whether the machine knows a zone of this name; absent: every plausible name is good.
  std::function<bool(const std::string&)> has_timezone{};
};

// The configuration that `toml` spells, or all of its faults.
[[nodiscard]] Outcome<Config, std::vector<ConfigFault>> read_config(
    std::string_view toml, const SecretSource& secrets, const ConfigReading& reading = {});

}  // namespace reconciled::core
