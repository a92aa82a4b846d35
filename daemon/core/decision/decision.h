// The decision: what a payment is, from all the evidence about it (interface §1.1 to §1.3).
//
// `decide` is a pure function of a set: the same evidence in any order and with any repetition
// gives the same state (promise 2). It is called by storage, inside the transaction that writes
// what it says, and by tests. No clock, no I/O, no logging.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/core/messages/evidence.h"

namespace reconciled::core {

// The settings that decisions hang on; stored as evidence.
struct DecisionPolicy {
  bool wait_for_webhook = false;        // reconcile.missing_webhook = "wait"
  bool accept_unregistered = false;     // reconcile.unregistered_orders = "accept"
  Channel channel = Channel::kLive;     // portone.channel
  bool v1_configured = false;
  std::optional<std::string> v2_store_id;  // absent: V2 is not configured
  friend bool operator==(const DecisionPolicy&, const DecisionPolicy&) = default;
};

// A webhook that claims this payment: kind payment, whatever it says. Events are numbered as they
// are stored: that number, and no clock, says which came first.
struct WebhookFact {
  EventId event;
  Api api = Api::kV1;
  bool is_signed = false;
  std::optional<AttemptId> attempt_id;
  std::optional<Result> status;
  std::optional<PortoneTime> said_at;  // V2
};

// A redirect that claims this payment, or one of its attempts without naming a payment.
struct RedirectFact {
  EventId event;
  std::optional<AttemptId> attempt_id;
  UiState hint = UiState::kReturnedUnknown;
  std::int64_t arrival = 0;  // of its newest copy; only grows
  bool is_answered = false;  // a look-up that began after its newest copy was answered
};

struct SnapshotFact {
  SnapshotId id;
  Snapshot snapshot;
  // Numbers of later look-ups that brought the same answer again, unchanged.
  std::vector<std::int64_t> repeats;
};

// What a timer, or the looking-up itself, found in the course of time.
struct TimerMark {
  enum class Kind {
    kWebhookOverdue,  // decided by look-up, and 10 minutes later no webhook
    kScheduleDone,    // the whole look-up schedule was asked once
    kAskingEnded,     // nothing more will be asked, and it is still open
    kUnreadable,      // PortOne's answers could not be read for a while
    kReadable,        // and then one could
    kToBeTold         // a person has what happened before our time told, too (`backfill --notify`)
  };
  Kind kind = Kind::kScheduleDone;
  std::optional<AttemptId> attempt_id;  // kWebhookOverdue
  std::optional<Result> result;         // kWebhookOverdue
  // The schedules begin anew with events and with changed answers: the newest of each that this one
  // began with.
  std::int64_t up_to_event = 0;
  std::int64_t look_up = 0;  // kUnreadable, kReadable: which look-up it was
};

// A finding that a person closed.
struct Resolution {
  FindingKind kind;
  std::string cause;
};

struct PaymentEvidence {
  PaymentId payment_id;
  std::optional<ExpectedOrder> order;  // the newest version; absent also where it was withdrawn
  bool is_withdrawn = false;           // the order: there was one
  std::vector<WebhookFact> webhooks;
  std::vector<RedirectFact> redirects;
  // All answers about any attempt that an answer binds, or a signed webhook says belongs, to this
  // payment; also answers that bind such an attempt elsewhere.
  std::vector<SnapshotFact> snapshots;
  std::vector<TimerMark> marks;
  std::vector<Resolution> resolutions;
  // When the daemon first started: what happened long before it is taken in silently.
  std::optional<Time> first_started_at;
};

struct AttemptState {
  AttemptId attempt_id;
  Api api = Api::kV1;
  Result result = Result::kNone;          // none: only a signed webhook named it yet
  std::optional<SnapshotId> snapshot_id;  // the answer that counts
};

struct FindingDraft {
  FindingKind kind;
  std::string cause;   // its cause key, interface §1.3
  std::string detail;  // what happened and what to do, one or two sentences
};

struct Decision {
  Result result = Result::kNone;
  std::optional<Authority> authority;  // absent while none
  bool deliverable = false;
  bool unverified = false;
  // Every condition of `deliverable` holds but the result's: a partial cancel of such a payment
  // still shows the buyer `paid`.
  bool unobstructed = false;
  UiState ui_state = UiState::kNone;
  Result webhook_status = Result::kNone;
  std::optional<AttemptId> winner;
  std::optional<SnapshotId> deciding_snapshot;
  std::optional<Currency> currency;
  std::optional<std::int64_t> total_amount;
  std::optional<std::int64_t> cancelled_amount;
  std::vector<AttemptState> attempts;   // by attempt_id
  std::vector<FindingDraft> findings;   // those that stand open on this evidence
  // An answer went backwards and is not confirmed yet: the look-up that brought it. Ask again.
  std::optional<std::int64_t> suspect_look_up;
  // The newest change in PortOne's answers: which look-up brought it, and when that began.
  std::int64_t changed_look_up = 0;
  std::optional<Time> changed_at;
  // `missing_webhook = "wait"`: an attempt that PortOne calls paid counts for less, as no webhook has
  // announced it. Money may have moved: it is asked about like an open payment.
  bool waits_for_webhook = false;
  // The newest authentic word about an attempt calls it decided, and no answer about that attempt ever
  // said so: PortOne's answers may lag behind its webhooks. Ask again.
  bool is_contradicted = false;
  // Everything was asked that the schedule asks, and nothing came since.
  bool is_asking_over = false;
  // Decided by look-up where PortOne sends a webhook: one should come for the winner's result.
  bool expects_webhook = false;
  // Nobody named it, and all of it happened before the daemon's first start: it is taken in without
  // findings and messages (interface §7).
  bool is_silent = false;
  // When the winner's virtual account must be paid.
  std::optional<PortoneTime> deposit_due_at;
};

[[nodiscard]] Decision decide(const PaymentEvidence& evidence, const DecisionPolicy& policy);

}  // namespace reconciled::core
