#include "daemon/core/config/config_changes.h"

#include <algorithm>
#include <string_view>

namespace reconciled::core {
namespace {

constexpr bool kLive = true;
constexpr bool kRestart = false;

// Whether SIGHUP reads the secret at `key` anew: systemd hands credentials over at the start only,
// and an environment never changes.
bool is_reread(const Config& config, const std::string& key) {
  const auto origin = config.secret_origins.find(key);
  return origin == config.secret_origins.end() || origin->second == SecretOrigin::kFile ||
         origin->second == SecretOrigin::kLiteral;
}

bool are_webhook_secrets_live(const PortoneV2Config& old, const PortoneV2Config& fresh,
                              const Config& config) {
  for (std::size_t i = 0; i < fresh.webhook_secrets.size(); ++i) {
    const auto& all = old.webhook_secrets;
    if (std::find(all.begin(), all.end(), fresh.webhook_secrets[i]) != all.end()) continue;
    if (!is_reread(config, "portone.v2.webhook_secrets[" + std::to_string(i) + "]")) return false;
  }
  return true;
}

bool are_alert_urls_live(const AlertConfig& old, const AlertConfig& fresh, const Config& config) {
  for (const auto& [key, origin] : config.secret_origins) {
    if (key.starts_with("alert.urls[") && !is_reread(config, key) && old.urls != fresh.urls) {
      return false;
    }
  }
  return true;
}

template <class Visit>
void visit_listener(const std::string& table, ListenerConfig& old, const ListenerConfig& fresh,
                    Visit visit) {
  visit(table + ".listen", kRestart, old.listen, fresh.listen);
  visit(table + ".tls_cert", kRestart, old.tls_cert, fresh.tls_cert);
  visit(table + ".tls_key", kRestart, old.tls_key, fresh.tls_key);
}

template <class Visit>
void visit_webhook(WebhookConfig& old, const WebhookConfig& fresh, Visit visit) {
  visit_listener("webhook", old, fresh, visit);
  visit("webhook.path", kRestart, old.path, fresh.path);
  visit("webhook.confirm_path", kRestart, old.confirm_path, fresh.confirm_path);
  visit("webhook.max_body_bytes", kRestart, old.max_body_bytes, fresh.max_body_bytes);
  visit("webhook.source_ips", kLive, old.source_ips, fresh.source_ips);
  visit("webhook.source_ip_policy", kLive, old.source_ip_policy, fresh.source_ip_policy);
}

template <class Visit>
void visit_redirect(RedirectConfig& old, const RedirectConfig& fresh, Visit visit) {
  visit_listener("redirect", old, fresh, visit);
  visit("redirect.path", kRestart, old.path, fresh.path);
  visit("redirect.mode", kRestart, old.mode, fresh.mode);
  visit("redirect.success_url", kRestart, old.success_url, fresh.success_url);
  visit("redirect.failure_url", kRestart, old.failure_url, fresh.failure_url);
  visit("redirect.pending_url", kRestart, old.pending_url, fresh.pending_url);
  visit("redirect.retry_url", kRestart, old.retry_url, fresh.retry_url);
  visit("redirect.shop_name", kRestart, old.shop_name, fresh.shop_name);
  visit("redirect.shop_contact", kRestart, old.shop_contact, fresh.shop_contact);
}

template <class Visit>
void visit_v1(PortoneV1Config& old, const PortoneV1Config& fresh, const Config& config,
              Visit visit) {
  // Half of a new pair would log in nowhere.
  const bool is_pair_live =
      (old.imp_key == fresh.imp_key || is_reread(config, "portone.v1.imp_key")) &&
      (old.imp_secret == fresh.imp_secret || is_reread(config, "portone.v1.imp_secret"));
  visit("portone.v1.base_url", kRestart, old.base_url, fresh.base_url);
  visit("portone.v1.imp_key", is_pair_live, old.imp_key, fresh.imp_key);
  visit("portone.v1.imp_secret", is_pair_live, old.imp_secret, fresh.imp_secret);
  visit("portone.v1.tier", kRestart, old.tier, fresh.tier);
}

template <class Visit>
void visit_v2(PortoneV2Config& old, const PortoneV2Config& fresh, const Config& config,
              Visit visit) {
  visit("portone.v2.base_url", kRestart, old.base_url, fresh.base_url);
  visit("portone.v2.api_secret", is_reread(config, "portone.v2.api_secret"), old.api_secret,
        fresh.api_secret);
  visit("portone.v2.store_id", kRestart, old.store_id, fresh.store_id);
  visit("portone.v2.webhook_secrets", are_webhook_secrets_live(old, fresh, config),
        old.webhook_secrets, fresh.webhook_secrets);
}

template <class Visit>
void visit_portone(Config& old, const Config& fresh, Visit visit) {
  visit("portone.channel", kRestart, old.channel, fresh.channel);
  if (old.v1 && fresh.v1) {
    visit_v1(*old.v1, *fresh.v1, fresh, visit);
  } else if (old.v1 || fresh.v1) {
    bool stands = old.v1.has_value();
    visit("portone.v1", kRestart, stands, !stands);
  }
  if (old.v2 && fresh.v2) {
    visit_v2(*old.v2, *fresh.v2, fresh, visit);
  } else if (old.v2 || fresh.v2) {
    bool stands = old.v2.has_value();
    visit("portone.v2", kRestart, stands, !stands);
  }
}

template <class Visit>
void visit_reconcile(ReconcileConfig& old, const ReconcileConfig& fresh, Visit visit) {
  visit("reconcile.missing_webhook", kRestart, old.missing_webhook, fresh.missing_webhook);
  visit("reconcile.lookup_schedule", kLive, old.lookup_schedule, fresh.lookup_schedule);
  visit("reconcile.lookups_in_flight", kRestart, old.lookups_in_flight, fresh.lookups_in_flight);
  visit("reconcile.sweep_every", kRestart, old.sweep_every, fresh.sweep_every);
  visit("reconcile.unregistered_orders", kRestart, old.unregistered_orders,
        fresh.unregistered_orders);
}

template <class Visit>
void visit_alert(AlertConfig& old, const AlertConfig& fresh, const Config& config, Visit visit) {
  visit("alert.urls", are_alert_urls_live(old, fresh, config), old.urls, fresh.urls);
  visit("alert.language", kLive, old.language, fresh.language);
  visit("alert.dashboard_url", kLive, old.dashboard_url, fresh.dashboard_url);
  visit("alert.heartbeat_url", is_reread(config, "alert.heartbeat_url"), old.heartbeat_url,
        fresh.heartbeat_url);
}

// Each key with whether it can change while we run, the old value and the fresh one.
template <class Visit>
void visit_all(Config& old, const Config& fresh, Visit visit) {
  visit("timezone", kRestart, old.timezone, fresh.timezone);
  visit("storage.path", kRestart, old.database_path, fresh.database_path);
  visit("storage.retention_days", kRestart, old.retention_days, fresh.retention_days);
  visit("log.level", kLive, old.log_level, fresh.log_level);
  visit("log.format", kRestart, old.log_format, fresh.log_format);
  visit("http.trusted_proxies", kLive, old.trusted_proxies, fresh.trusted_proxies);
  visit_webhook(old.webhook, fresh.webhook, visit);
  visit_redirect(old.redirect, fresh.redirect, visit);
  visit_listener("admin", old.admin, fresh.admin, visit);
  // A token that goes may have been what an address for others stands on, which stays.
  const bool is_token_live =
      old.admin.token.empty() == fresh.admin.token.empty() && is_reread(fresh, "admin.token");
  visit("admin.token", is_token_live, old.admin.token, fresh.admin.token);
  visit_portone(old, fresh, visit);
  visit_reconcile(old.reconcile, fresh.reconcile, visit);
  visit("notify.url", kRestart, old.notify_url, fresh.notify_url);
  visit("notify.secret", is_reread(fresh, "notify.secret"), old.notify_secret,
        fresh.notify_secret);
  visit_alert(old.alert, fresh.alert, fresh, visit);
}

}  // namespace

std::vector<ConfigChange> compare(const Config& old, const Config& fresh) {
  std::vector<ConfigChange> changes;
  Config left = old;
  visit_all(left, fresh,
            [&](std::string_view key, bool is_live, const auto& before, const auto& after) {
              if (!(before == after)) changes.push_back({std::string(key), is_live});
            });
  return changes;
}

Config take_over(const Config& running, const Config& fresh) {
  Config taken = running;
  visit_all(taken, fresh, [](std::string_view, bool is_live, auto& before, const auto& after) {
    if (is_live) before = after;
  });
  return taken;
}

}  // namespace reconciled::core
