// What is wrong with the whole, not with one payment (interface §6, `warnings` in GET /stats).
//
// A part that notices trouble raises a warning, and lowers it when the trouble is over; each begins
// and ends with one log line. Any thread; never waits for anything. People read it in /stats, in
// `reconciled status` and as `reconciled_warning{kind}`.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/runtime/clock.h"

namespace reconciled {

class Metrics;

enum class WarningKind {
  kWebhookSignature,      // webhooks are refused for their signature, and none is good
  kWebhookNotConfigured,  // webhooks come for an API that the configuration does not have
  kPortoneUnauthorized,   // PortOne refuses our key or secret
  kPortoneUnreachable,    // no usable answer from PortOne at all
  kSweepFailing,          // PortOne's recent lists cannot be walked
  kUnreadableRows,        // PortOne's lists hold rows that cannot be read
  kDatabase,              // the database cannot be written
  kDiskLow,               // little room is left where the database stands
  kClock,                 // our clock differs from PortOne's, or stepped
  kLog,                   // whoever reads the log does not: lines are dropped
  kNotifyFailing,         // messages do not reach the shop's backend
  kAlertFailing,          // one of the URLs that people are told by takes nothing
  kInboxLag,              // stored events wait too long to be decided
  kFileDamaged            // rows of the database make no sense, or do not follow from the evidence
};
inline constexpr std::size_t kWarningKinds = 14;
[[nodiscard]] std::string_view to_word(WarningKind kind);

struct Warning {
  WarningKind kind;
  std::string about;  // which of several: "v1", "v2"; empty where there is but one
  core::Time since{};
  std::string detail;  // one sentence: what is wrong and what to do
};

class Warnings {
 public:
  Warnings(const Clock& clock, Metrics& metrics) : clock_(clock), metrics_(metrics) {}

  // It stands from now on, or goes on with a newer detail.
  void raise(WarningKind kind, std::string_view about, std::string detail);
  // It is over. Nothing happens where it did not stand.
  void lower(WarningKind kind, std::string_view about);

  // The oldest first.
  [[nodiscard]] std::vector<Warning> standing() const;

 private:
  struct Standing {
    core::Time since{};
    std::string detail;
  };
  using Key = std::pair<WarningKind, std::string>;

  void count(WarningKind kind);

  const Clock& clock_;
  Metrics& metrics_;
  mutable std::mutex mutex_;
  std::map<Key, Standing> standing_;
};

}  // namespace reconciled
