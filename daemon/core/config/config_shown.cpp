#include "daemon/core/config/config_shown.h"

#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "daemon/core/config/alert_url.h"
#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

enum class Show {
  kValue,      // as it is
  kOrigin,     // of a URL its scheme and host: paths and queries hold tokens
  kAlertUrl,   // of one of alert.urls its format and host
  kReference,  // of a secret where it stands
  kNothing     // that it is set
};
struct Shown {
  std::string_view key;
  Show how;
};
constexpr std::array<Shown, 49> kKeys{{
    {"timezone", Show::kValue},
    {"storage.path", Show::kValue},
    {"storage.retention_days", Show::kValue},
    {"log.level", Show::kValue},
    {"log.format", Show::kValue},
    {"http.trusted_proxies", Show::kValue},
    {"webhook.listen", Show::kValue},
    {"webhook.tls_cert", Show::kValue},
    {"webhook.tls_key", Show::kValue},
    {"webhook.path", Show::kNothing},
    {"webhook.confirm_path", Show::kNothing},
    {"webhook.max_body_bytes", Show::kValue},
    {"webhook.source_ips", Show::kValue},
    {"webhook.source_ip_policy", Show::kValue},
    {"redirect.listen", Show::kValue},
    {"redirect.tls_cert", Show::kValue},
    {"redirect.tls_key", Show::kValue},
    {"redirect.path", Show::kNothing},
    {"redirect.mode", Show::kValue},
    {"redirect.success_url", Show::kOrigin},
    {"redirect.failure_url", Show::kOrigin},
    {"redirect.pending_url", Show::kOrigin},
    {"redirect.retry_url", Show::kOrigin},
    {"redirect.shop_name", Show::kNothing},
    {"redirect.shop_contact", Show::kNothing},
    {"admin.listen", Show::kValue},
    {"admin.tls_cert", Show::kValue},
    {"admin.tls_key", Show::kValue},
    {"admin.token", Show::kReference},
    {"portone.channel", Show::kValue},
    {"portone.v1.base_url", Show::kOrigin},
    {"portone.v1.imp_key", Show::kReference},
    {"portone.v1.imp_secret", Show::kReference},
    {"portone.v1.tier", Show::kNothing},
    {"portone.v2.base_url", Show::kOrigin},
    {"portone.v2.api_secret", Show::kReference},
    {"portone.v2.store_id", Show::kNothing},
    {"portone.v2.webhook_secrets", Show::kReference},
    {"reconcile.missing_webhook", Show::kValue},
    {"reconcile.lookup_schedule", Show::kValue},
    {"reconcile.lookups_in_flight", Show::kValue},
    {"reconcile.sweep_every", Show::kValue},
    {"reconcile.unregistered_orders", Show::kValue},
    {"alert.urls", Show::kAlertUrl},
    {"alert.language", Show::kValue},
    {"alert.dashboard_url", Show::kOrigin},
    {"alert.heartbeat_url", Show::kOrigin},
    {"notify.url", Show::kOrigin},
    {"notify.secret", Show::kReference},
}};

// The longest value that is shown, and what it is made of: a secret that stands in a wrong place is
// longer, or looks like none of these values.
constexpr std::size_t kMaxValueBytes = 80;

bool is_plain(std::string_view text) {
  return text.size() <= kMaxValueBytes && std::all_of(text.begin(), text.end(), [](char c) {
           return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                  std::string_view("./:_-[]+").find(c) != std::string_view::npos;
         });
}

std::string hidden(std::string_view text) { return text.empty() ? "(empty)" : "(set, not shown)"; }

std::string reference_of(std::string_view text) {
  const bool is_reference =
      text.starts_with("file:") || text.starts_with("credential:") || text.starts_with("env:");
  if (is_reference && is_plain(text)) return std::string(text);
  return hidden(text);
}

std::string origin_of(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return reference_of(url);
  const std::string_view origin =
      url.substr(0, std::min(url.find_first_of("/?#", scheme + 3), url.size()));
  if (!is_plain(origin)) return hidden(url);
  return std::string(origin) + (origin.size() < url.size() ? "/\u2026" : "");
}

std::string alert_url_of(std::string_view text) {
  const auto url = parse_alert_url(text);
  return url.ok() && is_plain(url.value().host) ? url.value().label() + "/\u2026"
                                                : reference_of(text);
}

std::string shown_text(Show how, std::string_view text) {
  switch (how) {
    case Show::kValue:
      return is_plain(text) ? "\"" + std::string(text) + "\"" : hidden(text);
    case Show::kOrigin:
      return origin_of(text);
    case Show::kAlertUrl:
      return alert_url_of(text);
    case Show::kReference:
      return reference_of(text);
    case Show::kNothing:
      return hidden(text);
  }
  return hidden(text);
}

std::string shown_node(Show how, const toml::node& node) {
  if (const auto* text = node.as_string()) return shown_text(how, text->get());
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* array = node.as_array()) {
    std::string all;
    for (const toml::node& one : *array) all += (all.empty() ? "" : ", ") + shown_node(how, one);
    return "[" + all + "]";
  }
  return "(of another type)";
}

void show(const toml::table& table, const std::string& name, std::ostream& out) {
  for (const auto& [key, node] : table) {
    const std::string path = (name.empty() ? "" : name + ".") + std::string(key.str());
    const auto* below = node.as_table();
    const auto is_below = [&](const Shown& known) { return known.key.starts_with(path + "."); };
    if (below != nullptr && std::any_of(kKeys.begin(), kKeys.end(), is_below)) {
      show(*below, path, out);
      continue;
    }
    const auto known =
        std::find_if(kKeys.begin(), kKeys.end(), [&](const Shown& one) { return one.key == path; });
    if (known == kKeys.end()) {
      out << "(a key that nobody knows" << (name.empty() ? "" : ", in [" + name + "]") << ")\n";
    } else {
      out << path << " = " << shown_node(known->how, node) << "\n";
    }
  }
}

}  // namespace

std::string shown_config(std::string_view toml) {
  if (toml.starts_with("\ufeff")) toml.remove_prefix(3);
  try {
    const toml::table table = toml::parse(toml);
    std::ostringstream out;
    show(table, "", out);
    return out.str();
  } catch (const toml::parse_error& error) {
    return "(it is no TOML from line " + std::to_string(error.source().begin.line) + " on)\n";
  }
}

}  // namespace reconciled::core
