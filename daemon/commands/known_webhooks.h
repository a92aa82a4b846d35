// Which webhooks `reconciled listen` has dealt with, so that each is delivered once.
//
// PortOne's lists show a webhook again at every look. They may record one some moments after its
// payment has changed; until then one is made of the payment's state (webhook_record.h), and which
// of the two comes first stands for both. Reads no clock.
#pragma once

#include <chrono>
#include <map>
#include <string>

#include "daemon/core/messages/webhook_record.h"

namespace reconciled::commands {

class KnownWebhooks {
 public:
  using Steady = std::chrono::steady_clock;

  // How long one that is made waits for a recorded one.
  static constexpr std::chrono::seconds kGrace{4};
  static constexpr std::size_t kMost = 50'000;

  // `keep`: for how long the lists may show a webhook again.
  explicit KnownWebhooks(std::chrono::milliseconds keep) : keep_(keep) {}

  // Whether it is new and its time has come.
  [[nodiscard]] bool is_due(const core::RecordedWebhook& webhook, Steady::time_point now);
  // It was dealt with.
  void add(const core::RecordedWebhook& webhook, Steady::time_point now);
  // Drops what was not listed for so long, and the oldest where it is too much.
  void forget(Steady::time_point now);

 private:
  struct Seen {
    Steady::time_point first;
    Steady::time_point last;
  };
  [[nodiscard]] bool has(const std::string& key, Steady::time_point now);
  Seen& see(const std::string& key, Steady::time_point now);

  const std::chrono::milliseconds keep_;
  std::map<std::string, Seen> seen_;
};

}  // namespace reconciled::commands
