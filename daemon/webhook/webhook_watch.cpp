#include "daemon/webhook/webhook_watch.h"

#include <string>

namespace reconciled {
namespace {

using namespace std::chrono_literals;

constexpr int kMostRefused = 5;
constexpr auto kLongestStretch = 1min;
constexpr auto kQuiet = 10min;

const char* advice(core::SignatureVerdict verdict) {
  switch (verdict) {
    case core::SignatureVerdict::kNoMatch:
      return "webhooks are refused: no signature fits portone.v2.webhook_secrets. Compare them "
             "with "
             "the webhook secrets in PortOne's console; live and test have their own";
    case core::SignatureVerdict::kTimestampTooOld:
    case core::SignatureVerdict::kTimestampTooNew:
      return "webhooks are refused: their time is more than 5 minutes from this machine's. Check "
             "its clock, and whether something holds webhooks back";
    case core::SignatureVerdict::kMissingHeaders:
      return "webhooks are refused: they carry no signature. Issue a webhook secret in PortOne's "
             "console, and see in GET /rejected who sends them";
    case core::SignatureVerdict::kMalformedHeaders:
    case core::SignatureVerdict::kValid:
      break;
  }
  return "webhooks are refused: their signature headers are malformed. See whether a proxy changes "
         "or repeats webhook-id, webhook-timestamp or webhook-signature";
}

}  // namespace

void WebhookWatch::signature_refused(core::SignatureVerdict verdict, Now now) {
  const std::lock_guard lock(mutex_);
  if (refused_.fetch_add(1, std::memory_order_relaxed) == 0) refused_since_ = now;
  const bool is_stretch = refused_.load(std::memory_order_relaxed) >= kMostRefused ||
                          now - refused_since_ > kLongestStretch;
  if (is_raised_ || !is_stretch) return;
  is_raised_ = true;
  warnings_.raise(WarningKind::kWebhookSignature, "", advice(verdict));
}

void WebhookWatch::signature_good() {
  if (refused_.load(std::memory_order_relaxed) == 0) return;
  const std::lock_guard lock(mutex_);
  refused_.store(0, std::memory_order_relaxed);
  is_raised_ = false;
  warnings_.lower(WarningKind::kWebhookSignature, "");
}

void WebhookWatch::not_configured(core::Api api, Now now) {
  const std::lock_guard lock(mutex_);
  Unconfigured& state = of(api);
  state.newest = now;
  if (state.is_raised) return;
  state.is_raised = true;
  const std::string word(core::to_word(api));
  warnings_.raise(WarningKind::kWebhookNotConfigured, word,
                  "webhooks come for " + word + ", and the configuration has no [portone." + word +
                      "]: add it, or take this address out of PortOne's console");
  look_again(api, kQuiet);
}

void WebhookWatch::configured(core::Api api) {
  const std::lock_guard lock(mutex_);
  of(api).is_raised = false;
  warnings_.lower(WarningKind::kWebhookNotConfigured, core::to_word(api));
}

void WebhookWatch::look_again(core::Api api, std::chrono::milliseconds delay) {
  timers_.after(delay, [this, api] { end_if_quiet(api, std::chrono::steady_clock::now()); });
}

void WebhookWatch::end_if_quiet(core::Api api, Now now) {
  const std::lock_guard lock(mutex_);
  Unconfigured& state = of(api);
  if (!state.is_raised) return;
  const auto quiet = std::chrono::duration_cast<std::chrono::milliseconds>(now - state.newest);
  if (quiet < kQuiet) {
    look_again(api, kQuiet - quiet + 1ms);
    return;
  }
  state.is_raised = false;
  warnings_.lower(WarningKind::kWebhookNotConfigured, core::to_word(api));
}

}  // namespace reconciled
