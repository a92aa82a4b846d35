// Messages to the shop's backend, in the transaction of what they tell (interface §7); private to
// storage.
//
// A message waits with a time (`next_at_ms`) or, behind an earlier one of the same payment, without:
// what is due can be sent in any order.
#pragma once

#include "daemon/core/decision/announcement.h"
#include "storage/notification_records.h"
#include "storage/session.h"

namespace reconciled::storage {

// A payment around a decision.
struct Told {
  const core::PaymentId& payment_id;
  std::int64_t payment = 0;  // its number
  std::int64_t version = 0;  // after it
  core::Standing before{};
  core::Standing now{};
  std::vector<std::int64_t> opened{};  // findings
  // PortOne's answer stepped back and is not confirmed: messages wait until it is (interface §1.1).
  bool waits = false;
};

// Writes the messages that follow, and takes back those that have not left and hold no more.
NotificationCounts announce(Session& session, const NotificationBody& body_of, const Told& told,
                            core::Time now);

// What became of the message; nothing where there is none of that number.
std::optional<core::NotificationState> note_try(Session& session, const NotificationTry& tried);

// Sends a message again, under its own id and in its payment's order; one that says that the payment
// may be delivered only while that holds.
ResendOutcome resend(Session& session, std::int64_t id, core::Time now);
// Some of many, the oldest first.
ResendSlice resend_some(Session& session, const ResendRequest& request, const ResendSlice& last,
                        core::Time now);
// The shop takes messages again: some of those that failed are due now, and what follows counts anew,
// as they were not at fault. Whether there may be more.
bool hasten_some(Session& session, core::Time now);

}  // namespace reconciled::storage
