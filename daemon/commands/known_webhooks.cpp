#include "daemon/commands/known_webhooks.h"

#include <algorithm>
#include <vector>

namespace reconciled::commands {
namespace {

std::string key_of_id(const core::RecordedWebhook& webhook) { return "id " + webhook.id; }
std::string key_of_change(const core::RecordedWebhook& webhook) { return "of " + webhook.about; }
std::string key_of_made(const core::RecordedWebhook& webhook) { return "made " + webhook.about; }
std::string key_of_wait(const core::RecordedWebhook& webhook) { return "wait " + webhook.about; }

// V1's are all made, and none of them is ever recorded.
bool stands_in(const core::RecordedWebhook& webhook) {
  return webhook.is_made && webhook.api == core::Api::kV2;
}

}  // namespace

bool KnownWebhooks::is_due(const core::RecordedWebhook& webhook, Steady::time_point now) {
  if (stands_in(webhook)) {
    static_cast<void>(has(key_of_made(webhook), now));
    if (has(key_of_change(webhook), now)) return false;
    return now - see(key_of_wait(webhook), now).first >= kGrace;
  }
  const bool was_made = has(key_of_made(webhook), now);
  static_cast<void>(has(key_of_change(webhook), now));
  return !has(key_of_id(webhook), now) && !was_made;
}

void KnownWebhooks::add(const core::RecordedWebhook& webhook, Steady::time_point now) {
  see(key_of_id(webhook), now);
  see(key_of_change(webhook), now);
  if (stands_in(webhook)) see(key_of_made(webhook), now);
}

void KnownWebhooks::forget(Steady::time_point now) {
  std::erase_if(seen_, [&](const auto& one) { return now - one.second.last > keep_; });
  if (seen_.size() <= kMost) return;
  std::vector<Steady::time_point> times;
  for (const auto& [key, seen] : seen_) times.push_back(seen.first);
  const auto cut = times.begin() + static_cast<std::ptrdiff_t>(seen_.size() - kMost);
  std::nth_element(times.begin(), cut, times.end());
  std::erase_if(seen_, [&](const auto& one) { return one.second.first < *cut; });
}

bool KnownWebhooks::has(const std::string& key, Steady::time_point now) {
  const auto found = seen_.find(key);
  if (found == seen_.end()) return false;
  found->second.last = now;
  return true;
}

KnownWebhooks::Seen& KnownWebhooks::see(const std::string& key, Steady::time_point now) {
  Seen& seen = seen_.try_emplace(key, Seen{now, now}).first->second;
  seen.last = now;
  return seen;
}

}  // namespace reconciled::commands
