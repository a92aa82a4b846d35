// Any bytes as the configuration file.
//
// Reading never throws; it gives faults fit for a log that tell no secret, or a configuration that
// the daemon can start with.
#include "daemon/core/config/config.h"
#include "daemon/core/messages/signature.h"
#include "tests/fuzz/invariant.h"

namespace {

namespace core = reconciled::core;
using reconciled::fuzz::invariant;
using reconciled::fuzz::is_one_line;
using namespace std::chrono_literals;

constexpr std::string_view kTold = "hunter2hunter2";

// A name's first letter picks what stands behind it.
core::Outcome<std::string, core::SecretError> secret(const core::SecretReference& reference) {
  switch (reference.name.front()) {
    case 'w':
      return std::string{"whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="};
    case 'l':
      return std::string(kTold) + "\nsecond line";
    case 'e':
      return std::string{};
    case 'x':
      return core::SecretError{"cannot be read"};
    default:
      return std::string(kTold);
  }
}

void check_listener(const core::ListenerConfig& listener) {
  const auto again = core::parse_listen_address(listener.listen.to_text());
  invariant(again && again->kind == listener.listen.kind && again->host == listener.listen.host &&
                again->port == listener.listen.port && again->path == listener.listen.path,
            "an address can be written and read again");
  invariant(listener.tls_cert.empty() == listener.tls_key.empty(),
            "certificate and key are a pair");
}

void check_schedule(const core::ReconcileConfig& reconcile) {
  invariant(!reconcile.lookup_schedule.empty(), "a schedule has steps");
  auto last = 0ms;
  for (const auto step : reconcile.lookup_schedule) {
    invariant(step > last && step <= 720h, "a schedule's steps are in order");
    last = step;
  }
  invariant(
      reconcile.sweep_every == 0ms || (reconcile.sweep_every >= 1s && reconcile.sweep_every <= 24h),
      "sweep_every");
  invariant(reconcile.lookups_in_flight >= 1 && reconcile.lookups_in_flight <= 64, "in flight");
}

void check_portone(const core::Config& config) {
  invariant(config.v1 || config.v2, "there is someone to ask");
  if (config.v1) {
    invariant(!config.v1->imp_key.empty() && !config.v1->imp_secret.empty(), "V1's secrets");
    invariant(config.v1->base_url.substr(0, 4) == "http", "V1's address");
  }
  if (config.v2) {
    invariant(!config.v2->api_secret.empty() && !config.v2->store_id.empty(), "V2's secrets");
    invariant(!config.v2->webhook_secrets.empty(), "V2's webhooks can be verified");
    const core::SignatureVerifier verifier{config.v2->webhook_secrets};
  }
}

void check(const core::Config& config) {
  check_listener(config.webhook);
  check_listener(config.redirect);
  check_listener(config.admin);
  check_schedule(config.reconcile);
  check_portone(config);
  invariant(config.admin.listen.is_loopback() ||
                (!config.admin.token.empty() && !config.admin.tls_cert.empty()),
            "the admin endpoint is never open to all");
  invariant(config.webhook.path != config.webhook.confirm_path, "two paths");
  invariant(config.webhook.path.front() == '/' && config.redirect.path.front() == '/', "paths");
  invariant(config.webhook.max_body_bytes >= 1024 && config.webhook.max_body_bytes <= 1'048'576,
            "max_body_bytes");
  invariant(
      config.redirect.mode == core::RedirectMode::kPage || !config.redirect.pending_url.empty(),
      "forwarding has somewhere to go");
  invariant(!config.database_path.empty() && config.retention_days >= 0, "storage");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view toml = reconciled::fuzz::text_of(data, size);
  if (toml.find(kTold) != std::string_view::npos) return 0;  // told by the file itself
  const auto config = core::read_config(toml, secret);
  if (config) {
    check(config.value());
    return 0;
  }
  invariant(!config.error().empty(), "a refusal says why");
  for (const core::ConfigFault& fault : config.error()) {
    invariant(!fault.message.empty() && is_one_line(fault.message) && is_one_line(fault.key),
              "a fault is one line");
    invariant(fault.message.find(kTold) == std::string::npos, "a fault tells no secret");
  }
  return 0;
}
