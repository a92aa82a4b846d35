// Messages to the shop's backend (interface §7), as the notifier and the admin endpoint see them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "storage/records.h"

namespace reconciled::storage {

// What a message says, as its body: the payment as it is now, and the finding that it is about.
using NotificationBody =
    std::function<std::string(core::NotificationType, core::Time, const PaymentDetail&,
                              const FindingView* finding)>;

// One that is due.
struct DueNotification {
  std::int64_t id = 0;
  std::int64_t payment = 0;  // its number
  core::NotificationType type;
  core::Time created_at{};
  std::string body;
};

// How a try ended.
struct NotificationTry {
  std::int64_t id = 0;
  std::int64_t payment = 0;  // as DueNotification has it; 0 for a finding's
  core::Time at{};
  bool is_taken = false;  // the shop answered 2xx
  std::string outcome;    // for people, one line
  std::optional<std::chrono::milliseconds> retry_after;
};

// Which are sent again: those made in that time that the shop took or that were given up; or only
// those that fail or were given up.
struct ResendRequest {
  core::Time since{};
  core::Time until{};  // before it
  bool failed_only = false;
};
// One slice of them; a next one begins behind the place where this ended.
struct ResendSlice {
  core::Time from{};
  std::int64_t after_id = 0;
  std::int64_t resent = 0;      // in this slice
  std::int64_t superseded = 0;  // no longer true, and not sent
  std::int64_t expired = 0;     // its body has left, and it is not sent
  bool has_more = false;
};
// kExpired: its body has left (storage.retention_days).
enum class ResendOutcome { kResent, kSuperseded, kExpired, kAbsent };

struct NotificationOutlook {
  std::int64_t waiting = 0;
  std::int64_t parked = 0;
  std::optional<core::Time> failing_since;  // the longest that one fails
  std::string outcome;                      // of that one's newest try
};

// Where the store keeps the newest message whose body has left.
inline constexpr const char* kRawMessagesKey = "raw_messages_to";
// Where the store keeps that a person has messages wait.
inline constexpr const char* kNotifyPausedKey = "notify_paused";

}  // namespace reconciled::storage
