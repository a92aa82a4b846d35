#include "daemon/core/config/config.h"

#include <algorithm>
#include <utility>

#include "daemon/core/config/config_reader.h"
#include "daemon/core/config/config_values.h"
#include "daemon/core/messages/signature.h"
#include "daemon/core/words/address.h"

namespace reconciled::core {
namespace {

constexpr std::size_t kMaxWebhookSecrets = 4;

// Takes the text of `name` into `value` when `fault_of` finds nothing wrong with it.
template <class FaultOf>
void take_text(Section& section, std::string_view name, FaultOf fault_of, std::string& value) {
  const auto text = section.text(name);
  if (!text) return;
  if (auto wrong = fault_of(*text)) {
    section.fault(name, std::move(*wrong));
  } else {
    value = *text;
  }
}

std::optional<std::string> fault_of_empty(std::string_view text) {
  if (text.empty()) return "must not be empty";
  return std::nullopt;
}

std::optional<std::string> fault_of_optional_template(std::string_view text) {
  return text.empty() ? std::nullopt : fault_of_url_template(text);
}

// A list of addresses and ranges; `word` is accepted beside them unless empty.
void take_addresses(Section& section, std::string_view name, std::string_view word,
                    ConfigFaults& faults, std::vector<std::string>& value) {
  const auto entries = section.texts(name);
  if (!entries) return;
  value.clear();
  for (const ConfigEntry& entry : *entries) {
    if (AddressRange::parse(entry.text) || (!word.empty() && entry.text == word)) {
      value.push_back(entry.text);
      continue;
    }
    std::string message = "must be an IPv4 or IPv6 address or a range like 10.0.0.0/8 (no port)";
    if (!word.empty()) message += ", or " + std::string(word);
    faults.push_back({entry.key, std::move(message)});
  }
}

class ConfigReader {
 public:
  ConfigReader(const toml::table& table, const SecretSource& secrets, const ConfigReading& reading)
      : reading_(reading), root_(table, faults_), secrets_{secrets, reading.use} {}

  Outcome<Config, std::vector<ConfigFault>> read();

 private:
  void read_timezone();
  void read_storage();
  void read_log();
  void read_http();
  void read_listener(Section& section, std::string_view fallback, ListenerConfig& listener);
  void read_webhook();
  void read_redirect();
  void read_admin();
  void read_portone();
  void read_v1(Section& section);
  void read_v2(Section& section);
  void read_webhook_secrets(Section& section, std::vector<std::string>& secrets);
  void read_notify();
  void pass_over_other_tables();

  const ConfigReading& reading_;
  Config config_;
  ConfigFaults faults_;
  Section root_;
  Secrets secrets_;
  // Listeners in the order of the file, for telling which two want the same address.
  std::vector<std::pair<std::string, ListenAddress>> listeners_;
};

Outcome<Config, std::vector<ConfigFault>> ConfigReader::read() {
  read_timezone();
  read_storage();
  read_log();
  read_http();
  read_webhook();
  read_redirect();
  read_admin();
  read_portone();
  Section reconcile = root_.below("reconcile");
  read_reconcile(reconcile, config_.reconcile, faults_);
  read_notify();
  Section alert = root_.below("alert");
  read_alert(alert, config_.alert, secrets_, faults_);
  root_.finish();
  pass_over_other_tables();
  if (!faults_.empty()) return std::move(faults_);
  config_.secret_origins = std::move(secrets_.origins);
  return std::move(config_);
}

void ConfigReader::read_timezone() {
  const std::size_t faults_before = faults_.size();
  take_text(root_, "timezone", fault_of_timezone, config_.timezone);
  if (faults_.size() != faults_before || !reading_.has_timezone) return;
  if (!reading_.has_timezone(config_.timezone)) {
    root_.fault("timezone", "this machine knows no time zone " + config_.timezone +
                                ": a name as \"Asia/Seoul\" or \"UTC\" (package tzdata)");
  }
}

void ConfigReader::read_storage() {
  Section section = root_.below("storage");
  take_text(section, "path", fault_of_empty, config_.database_path);
  if (const auto days = section.integer("retention_days", 0, 36'500)) {
    config_.retention_days = static_cast<int>(*days);
  }
  section.finish();
}

void ConfigReader::read_log() {
  Section section = root_.below("log");
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kLevels{
      {{"trace", "trace"},
       {"debug", "debug"},
       {"info", "info"},
       {"warn", "warn"},
       {"error", "error"},
       {"critical", "critical"},
       {"off", "off"}}};
  std::string_view level = "info";
  section.choose("level", kLevels, level);
  config_.log_level = level;
  static constexpr std::array<std::pair<std::string_view, LogFormat>, 2> kFormats{
      {{"text", LogFormat::kText}, {"json", LogFormat::kJson}}};
  section.choose("format", kFormats, config_.log_format);
  section.finish();
}

void ConfigReader::read_http() {
  Section section = root_.below("http");
  config_.trusted_proxies = {"127.0.0.1", "::1"};
  take_addresses(section, "trusted_proxies", "unix:", faults_, config_.trusted_proxies);
  section.finish();
}

void ConfigReader::read_listener(Section& section, std::string_view fallback,
                                 ListenerConfig& listener) {
  const std::string text = section.text("listen").value_or(std::string(fallback));
  if (const auto address = parse_listen_address(text)) {
    listener.listen = *address;
    for (const auto& [name, other] : listeners_) {
      if (!addresses_collide(other, *address)) continue;
      section.fault("listen", "collides with " + name + ": each listener needs its own");
    }
    listeners_.emplace_back(section.key_of("listen"), *address);
  } else {
    section.fault("listen",
                  "must be IP:PORT, [IPv6]:PORT or unix:PATH (at most 107 bytes), as "
                  "\"127.0.0.1:8801\"");
  }
  listener.tls_cert = section.text("tls_cert").value_or("");
  listener.tls_key = section.text("tls_key").value_or("");
  if (listener.tls_cert.empty() != listener.tls_key.empty()) {
    section.fault(listener.tls_cert.empty() ? "tls_cert" : "tls_key",
                  "is missing: tls_cert and tls_key go together");
  }
}

void ConfigReader::read_webhook() {
  Section section = root_.below("webhook");
  WebhookConfig& webhook = config_.webhook;
  read_listener(section, "127.0.0.1:8801", webhook);
  take_text(section, "path", fault_of_path, webhook.path);
  take_text(section, "confirm_path", fault_of_path, webhook.confirm_path);
  if (webhook.path == webhook.confirm_path) {
    section.fault("confirm_path", "must differ from webhook.path");
  }
  if (const auto bytes = section.integer("max_body_bytes", 1024, 1'048'576)) {
    webhook.max_body_bytes = static_cast<std::size_t>(*bytes);
  }
  webhook.source_ips = {"52.78.100.19", "52.78.48.223", "52.78.5.241"};
  take_addresses(section, "source_ips", "", faults_, webhook.source_ips);
  static constexpr std::array<std::pair<std::string_view, SourceIpPolicy>, 2> kPolicies{
      {{"record", SourceIpPolicy::kRecord}, {"enforce", SourceIpPolicy::kEnforce}}};
  section.choose("source_ip_policy", kPolicies, webhook.source_ip_policy);
  if (webhook.source_ip_policy == SourceIpPolicy::kEnforce && webhook.source_ips.empty()) {
    section.fault("source_ip_policy", "enforce with empty source_ips would refuse every webhook");
  }
  section.finish();
}

void ConfigReader::read_redirect() {
  Section section = root_.below("redirect");
  RedirectConfig& redirect = config_.redirect;
  read_listener(section, "127.0.0.1:8802", redirect);
  take_text(section, "path", fault_of_path, redirect.path);
  static constexpr std::array<std::pair<std::string_view, RedirectMode>, 2> kModes{
      {{"page", RedirectMode::kPage}, {"forward", RedirectMode::kForward}}};
  section.choose("mode", kModes, redirect.mode);
  take_text(section, "success_url", fault_of_optional_template, redirect.success_url);
  take_text(section, "failure_url", fault_of_optional_template, redirect.failure_url);
  const std::size_t faults_before = faults_.size();
  take_text(section, "pending_url", fault_of_optional_template, redirect.pending_url);
  if (redirect.mode == RedirectMode::kForward && redirect.pending_url.empty() &&
      faults_.size() == faults_before) {
    section.fault("pending_url", "is required with mode = \"forward\"");
  }
  take_text(section, "retry_url", fault_of_optional_template, redirect.retry_url);
  take_text(section, "shop_name", fault_of_shown_text, redirect.shop_name);
  take_text(section, "shop_contact", fault_of_shown_text, redirect.shop_contact);
  section.finish();
}

void ConfigReader::read_admin() {
  Section section = root_.below("admin");
  AdminConfig& admin = config_.admin;
  read_listener(section, "127.0.0.1:8803", admin);
  admin.token = section.secret("token", SecretKind::kToken, secrets_);
  // The endpoint changes orders and shows every payment: not for a network without both.
  const bool exposed =
      !admin.listen.host.empty() && !admin.listen.is_loopback() && secrets_.needs("admin.token");
  if (exposed && (admin.token.empty() || admin.tls_cert.empty() || admin.tls_key.empty())) {
    section.fault("listen",
                  "an address beyond this machine needs admin.token and TLS (admin.tls_cert, "
                  "admin.tls_key)");
  }
  section.finish();
}

void ConfigReader::read_portone() {
  Section section = root_.below("portone");
  static constexpr std::array<std::pair<std::string_view, Channel>, 2> kChannels{
      {{"live", Channel::kLive}, {"test", Channel::kTest}}};
  section.choose("channel", kChannels, config_.channel);
  const std::size_t faults_before = faults_.size();
  Section v1 = section.below("v1");
  if (v1.is_present()) read_v1(v1);
  Section v2 = section.below("v2");
  if (v2.is_present()) read_v2(v2);
  if (!v1.is_present() && !v2.is_present() && faults_.size() == faults_before) {
    faults_.push_back({"portone", "needs [portone.v1], [portone.v2] or both"});
  }
  section.finish();
}

void take_base_url(Section& section, std::string& value) {
  take_text(section, "base_url", fault_of_base_url, value);
  while (!value.empty() && value.back() == '/') value.pop_back();
}

void ConfigReader::read_v1(Section& section) {
  PortoneV1Config v1;
  take_base_url(section, v1.base_url);
  v1.imp_key = section.secret("imp_key", SecretKind::kPortone, secrets_);
  v1.imp_secret = section.secret("imp_secret", SecretKind::kPortone, secrets_);
  v1.tier = section.text("tier").value_or("");
  section.finish();
  config_.v1 = std::move(v1);
}

void ConfigReader::read_v2(Section& section) {
  PortoneV2Config v2;
  take_base_url(section, v2.base_url);
  v2.api_secret = section.secret("api_secret", SecretKind::kPortone, secrets_);
  const std::size_t faults_before = faults_.size();
  v2.store_id = section.text("store_id").value_or("");
  if (faults_.size() == faults_before) {
    if (auto wrong = fault_of_store_id(v2.store_id)) section.fault("store_id", std::move(*wrong));
  }
  read_webhook_secrets(section, v2.webhook_secrets);
  section.finish();
  config_.v2 = std::move(v2);
}

void ConfigReader::read_webhook_secrets(Section& section, std::vector<std::string>& secrets) {
  const std::size_t faults_before = faults_.size();
  const auto entries = section.texts("webhook_secrets");
  if (faults_.size() != faults_before || !secrets_.needs("portone.v2.webhook_secrets")) return;
  if (!entries || entries->empty() || entries->size() > kMaxWebhookSecrets) {
    section.fault("webhook_secrets", "must list one to four secrets, the newest first");
    return;
  }
  for (const ConfigEntry& entry : *entries) {
    if (entry.text.empty()) {
      faults_.push_back({entry.key, "must not be empty"});
      continue;
    }
    auto secret = section.resolve(entry, SecretKind::kPortone, secrets_);
    if (!secret) continue;
    if (decode_webhook_secret(*secret)) {
      secrets.push_back(std::move(*secret));
    } else {
      faults_.push_back({entry.key, "is no webhook secret: base64, as a rule after whsec_"});
    }
  }
}

void ConfigReader::read_notify() {
  Section section = root_.below("notify");
  const auto url = section.text("url");
  if (url && !url->empty()) {
    if (auto wrong = fault_of_notify_url(*url)) section.fault("url", std::move(*wrong));
    config_.notify_url = *url;
    const std::size_t faults_before = faults_.size();
    config_.notify_secret = section.secret("secret", SecretKind::kPortone, secrets_);
    const bool is_read = faults_.size() == faults_before && !config_.notify_secret.empty();
    if (is_read && !decode_webhook_secret(config_.notify_secret)) {
      section.fault("secret", "is no webhook secret: base64, as a rule after whsec_");
    }
  } else {
    static_cast<void>(section.text("secret"));  // nothing is sent, so nothing is resolved
  }
  section.finish();
}

// What is wrong in a table that does not concern the one who asks; a table that nobody knows may be
// one that does, misspelled.
void ConfigReader::pass_over_other_tables() {
  static constexpr std::array<std::string_view, 10> kTables{
      "storage.", "log.",     "http.",      "webhook.", "redirect.",
      "admin.",   "portone.", "reconcile.", "notify.",  "alert."};
  std::string_view ours;
  switch (reading_.use) {
    case ConfigUse::kServe:
      return;
    case ConfigUse::kReadFile:
      ours = "storage.";
      break;
    case ConfigUse::kAskDaemon:
      ours = "admin.";
      break;
    case ConfigUse::kAskPortone:
      ours = "portone.";
      break;
    case ConfigUse::kTellPeople:
      ours = "alert.";
      break;
  }
  const auto concerns_others = [&](const ConfigFault& fault) {
    const std::string_view key = fault.key;
    // The table as a whole: neither API is there.
    if (key == "portone") return ours != "portone.";
    return !key.starts_with(ours) &&
           std::any_of(kTables.begin(), kTables.end(),
                       [&](std::string_view table) { return key.starts_with(table); });
  };
  if (std::all_of(faults_.begin(), faults_.end(), concerns_others)) faults_.clear();
}

// toml++ quotes what it found, and that may be a secret without its quotation marks.
std::string without_quoted(std::string_view text) {
  const std::size_t first = text.find('\'');
  const std::size_t last = text.rfind('\'');
  if (first == last) return std::string(text.substr(0, first));
  return std::string(text.substr(0, first + 1)) + "\u2026" + std::string(text.substr(last));
}

}  // namespace

Outcome<Config, std::vector<ConfigFault>> read_config(std::string_view toml,
                                                      const SecretSource& secrets,
                                                      const ConfigReading& reading) {
  // Editors put a byte order mark before a file.
  if (toml.starts_with("\ufeff")) toml.remove_prefix(3);
  try {
    const toml::table table = toml::parse(toml);
    return ConfigReader(table, secrets, reading).read();
  } catch (const toml::parse_error& error) {
    const toml::source_position at = error.source().begin;
    return std::vector<ConfigFault>{{"", "line " + std::to_string(at.line) + ", column " +
                                             std::to_string(at.column) + ": " +
                                             without_quoted(error.description())}};
  }
}

}  // namespace reconciled::core
