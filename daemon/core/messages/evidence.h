// What is known of a payment: the messages that arrived, PortOne's answers, the shop's orders.
//
// These are the shapes that classifying makes, storage keeps and deciding reads. Plain values:
// no clock, no I/O. Optional means "the message did not say", never "empty".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/words/ids.h"
#include "daemon/core/words/money.h"
#include "daemon/core/words/states.h"
#include "daemon/core/words/time.h"

namespace reconciled::core {

// One thing that arrived, as classified (dossier §0). Ids, status and amounts are the sender's
// claims; only `signed_by_portone` makes them more than that.
struct Event {
  EventSource source = EventSource::kWebhook;
  std::optional<Api> api;  // absent where the message does not show it
  EventKind kind = EventKind::kUnknown;
  std::string type;  // PortOne's own word: "Transaction.Paid", V1 "paid", "ISSUE_BILLING_KEY"
  std::optional<PaymentId> payment_id;
  std::optional<AttemptId> attempt_id;
  std::string cancellation_id;
  std::string store_id;
  // The result that the message claims; for webhooks of kind kPayment only. A V1 or V2 word that
  // changes nothing by itself (CancelPending, disputes) leaves it absent.
  std::optional<Result> status;
  // V2: the time of what happened, constant over retries.
  std::optional<PortoneTime> said_at;
  // What a confirm call asks for: V1 a decimal in major units, V2 an integer in minor units.
  std::string asked_amount;
  // What a redirect said; kNone for anything else.
  UiState hint = UiState::kNone;
  // A redirect's code and message as the payment window gave them: valid UTF-8, clipped.
  std::string reason_code;
  std::string reason_message;
  bool signed_by_portone = false;
  // Names the copies of this event: two messages with equal text are one event (interface §4).
  std::string dedupe_text;
  // The body (webhook, confirm) or query (redirect) as stored: paymentToken and
  // billingIssueToken are cut out.
  std::string stored_body;
};

struct VirtualAccount {
  std::string bank;
  std::string number;
  std::string holder;
  std::optional<PortoneTime> due_at;
  friend bool operator==(const VirtualAccount&, const VirtualAccount&) = default;
};

struct Dispute {
  std::string id;  // its createdAt: the PG's own id is optional and may come later
  bool resolved = false;
  friend bool operator==(const Dispute&, const Dispute&) = default;
};

// PortOne's own answer about one attempt.
struct Snapshot {
  Api api = Api::kV1;      // the API that answered
  Api version = Api::kV1;  // the attempt's own version: V2's API shows V1 payments too
  PaymentId payment_id;
  AttemptId attempt_id;
  Result result = Result::kReady;
  std::string status;  // PortOne's own word, "paid" or "PARTIAL_CANCELLED"
  std::int64_t total_amount = 0;      // minor units
  std::int64_t cancelled_amount = 0;  // minor units
  Currency currency;
  std::string store_id;            // V2
  std::optional<Channel> channel;  // V2 channel.type, V1 sandbox; absent where not said
  std::string pg_provider;
  std::string method;
  std::optional<VirtualAccount> virtual_account;
  std::string failure_reason;  // PortOne's own, for the buyer
  std::string pg_number;       // the gateway's own; to be found by, decides nothing
  std::optional<PortoneTime> started_at;
  // Newest of paid, cancelled, failed: when the present status came about.
  std::optional<PortoneTime> status_at;
  std::optional<PortoneTime> paid_at;
  std::optional<PortoneTime> updated_at;  // V2
  // Absent where the answer's shape cannot carry disputes (V1, and V2 from /transactions).
  std::optional<std::vector<Dispute>> disputes;
  std::vector<std::string> chargebacks;  // ids of cancellations that a charge-back triggered
  std::int64_t look_up = 0;              // its number: orders the answers (interface §1.1)
  Time asked_at{};                       // when the look-up began, for people and schedules
  std::string stored_body;               // redacted JSON: no buyer, card or custom data
};

// One version of what the shop registered; `deleted` where it withdrew the order.
struct ExpectedOrder {
  std::int64_t amount = 0;  // minor units
  Currency currency;
  std::string name;
  bool deleted = false;
  Time registered_at{};
};

}  // namespace reconciled::core
