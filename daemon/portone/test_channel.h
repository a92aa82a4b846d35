// The webhooks of PortOne's test channel, read out of its lists, for `reconciled listen`.
//
// Belongs to the loop's thread and must outlive its tasks. It keeps nothing of what it reads.
#pragma once

#include <optional>
#include <vector>

#include "daemon/core/messages/webhook_record.h"
#include "daemon/portone/v1.h"
#include "daemon/portone/v2.h"
#include "daemon/runtime/metrics.h"
#include "daemon/runtime/warnings.h"

namespace reconciled::portone {

struct WebhookReading {
  std::vector<core::RecordedWebhook> webhooks;  // the oldest first
  std::vector<core::UnreadableRow> unreadable;
  bool is_cut = false;  // there were more than are read at once: these are the newest
};

class TestChannel {
 public:
  TestChannel(const core::Config& config, http::ClientLoop& loop, const Clock& clock);
  TestChannel(const TestChannel&) = delete;
  TestChannel& operator=(const TestChannel&) = delete;

  // So many pages of payments are read at once, with so many webhooks and bytes of their bodies,
  // and a page more.
  static constexpr int kMaxPages = 20;
  static constexpr std::size_t kMaxWebhooks = 5'000;
  static constexpr std::size_t kMaxBytes = 8 * 1024 * 1024;

  // The webhooks of the payments that changed since then. V1's payments, which V2's API shows as
  // well, are told by V1 where it is configured.
  Task<Asked<WebhookReading>> read(core::Api api, core::Time since);

 private:
  Task<Asked<core::WebhookPage>> page(core::Api api, core::Time from, core::Time until, int number);

  const Clock& clock_;
  Metrics metrics_;
  Warnings warnings_;
  AccessWatch watch_;
  http::InFlightLimit v1_limit_;
  http::InFlightLimit v2_limit_;
  std::optional<Calls> v1_calls_;
  std::optional<Calls> v2_calls_;
  std::optional<V1Client> v1_;
  std::optional<V2Client> v2_;
};

}  // namespace reconciled::portone
