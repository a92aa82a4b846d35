// The units of work inside the writer's transaction; private to this folder.
//
// Each runs on the writer's thread within a savepoint. They read no clock: times come in.
#pragma once

#include <functional>
#include <set>

#include "daemon/core/decision/lookup_plan.h"
#include "storage/backfill_records.h"
#include "storage/records.h"
#include "storage/session.h"
#include "storage/units/notifications.h"

namespace reconciled::storage {

// What decisions and schedules hang on, as configured now.
struct DecisionContext {
  std::function<core::Decision(const core::PaymentEvidence&, const core::DecisionPolicy&)> decide =
      core::decide;
  core::DecisionPolicy policy;
  std::int64_t configuration_id = 0;
  core::Schedule schedule;
  bool writes_lookups = true;  // false: leaves look-ups, watches and marks as they are
  NotificationBody notification_body;  // empty: nobody is told
  bool has_backend = true;  // false: only of payments that were told of before, for when it is back
};

// Why a payment is decided anew: goes into its history.
struct Cause {
  const char* kind;  // event | snapshot | order | resolution | timer | rebuild
  std::optional<std::int64_t> id;
  bool restores = false;  // rebuild: the payment's row may have been taken away
};

// Where there is no text there is no value.
[[nodiscard]] inline std::optional<std::string_view> if_any(std::string_view text) {
  if (text.empty()) return std::nullopt;
  return text;
}

// accept.cpp
[[nodiscard]] bool needs_reconciling(const core::Event& event);
// Under which it is found: 64 bits of a hash that nobody can aim at another's message, because a
// forged copy would make us swallow a genuine event.
[[nodiscard]] std::int64_t dedupe_hash(const core::Event& event);
// `hash`: the event's.
Accepted insert_event(Session& session, const NewEvent& event, std::int64_t hash);
// Stores the question and its answer; a copy gets the first one's answer. `is_late`: "cannot tell" was
// answered already.
Confirmed answer_confirm(Session& session, const NewEvent& question, bool is_late);
void take_back_confirm(Session& session, core::EventId question);
void insert_rejected(Session& session, const RejectedDelivery& delivery);
// Makes the events that name only the attempt findable under the payment that it belongs to.
void index_attempt_events(Session& session, const core::AttemptId& attempt,
                          const core::PaymentId& payment);

// meta.cpp
// Single values that the daemon keeps for itself; 0 where there is none.
[[nodiscard]] std::int64_t load_number(Session& session, const char* key);
void store_value(Session& session, const std::string& key, const std::string& value);

// evidence.cpp
// As a snapshot's row keeps them; nothing where its answer cannot carry them.
[[nodiscard]] std::optional<std::string> disputes_text(
    const std::optional<std::vector<core::Dispute>>& list);
[[nodiscard]] core::PaymentEvidence load_evidence(Session& session,
                                                  const core::PaymentId& payment_id);
[[nodiscard]] std::optional<core::ExpectedOrder> load_order(Session& session,
                                                            const core::PaymentId& payment_id);
void insert_mark(Session& session, const core::PaymentId& payment_id, const core::TimerMark& mark,
                 core::Time at);
// The answer's row; one that PortOne repeats unchanged is counted on the row that said it first.
core::SnapshotId insert_snapshot(Session& session, const core::Snapshot& snapshot);

// payments.cpp
// The columns of a payment that history tells of; a change of any is a new version.
struct PaymentRow {
  core::Result result = core::Result::kNone;
  std::optional<core::Authority> authority;
  bool deliverable = false;
  bool unverified = false;
  bool unobstructed = false;
  core::UiState ui_state = core::UiState::kNone;
  core::Result webhook_status = core::Result::kNone;
  std::optional<std::string> currency;
  std::optional<std::int64_t> expected_amount;
  std::optional<std::string> expected_currency;
  std::optional<std::int64_t> total_amount;
  std::optional<std::int64_t> cancelled_amount;
  std::optional<std::string> winner;
  friend bool operator==(const PaymentRow&, const PaymentRow&) = default;
};
struct StoredPayment {
  PaymentRow row;
  std::optional<core::SnapshotId> deciding_snapshot;
  std::optional<core::Time> decided_at;
  std::int64_t version = 0;
  std::int64_t configuration_id = 0;
  std::int64_t number = 0;  // what belongs to it is kept by this
};
[[nodiscard]] std::optional<StoredPayment> load_stored(Session& session,
                                                       const core::PaymentId& payment_id);
[[nodiscard]] PaymentRow row_of(const core::PaymentEvidence& evidence,
                                const core::Decision& decision);
[[nodiscard]] core::Standing standing_of(const PaymentRow& row);
// A redirect alone makes no payment (interface §5).
[[nodiscard]] bool may_exist(const core::PaymentEvidence& evidence, const core::Decision& decision);

// Decides the payment from all evidence and writes what changed, with history, findings and
// look-ups. `restart`: its schedule begins anew, once an event. Nothing where nothing changed.
std::optional<Settled> redecide(Session& session, const DecisionContext& context,
                                const core::PaymentId& payment_id, const Cause& cause,
                                core::Time now, const std::optional<core::Restart>& restart);

// Where the payment may not be decided now: takes back that it is deliverable, if the answer says
// anything else than what that stands on (promise 4).
std::optional<Settled> withhold(Session& session, const DecisionContext& context,
                                const core::PaymentId& payment_id, const LookupReport& report,
                                const Cause& cause);
// findings.cpp
struct OpenedFindings {
  std::vector<core::FindingKind> kinds;
  std::vector<std::int64_t> ids;
};
// Opens and closes the payment's findings as the decision says.
OpenedFindings write_findings(Session& session, const core::PaymentId& payment_id,
                              const core::Decision& decision, core::Time now);
// A person closes a finding, for good; what it held is decided anew.
ResolveOutcome resolve_finding(Session& session, const DecisionContext& context,
                               const ResolveRequest& request, std::optional<Settled>& settled);
// Tells the shop's backend of a finding that no decision opened, and of nothing else.
[[nodiscard]] NotificationCounts tell_of_finding(Session& session, const DecisionContext& context,
                                                 const core::PaymentId& payment_id,
                                                 std::int64_t finding, core::Time now);

// lookups.cpp
// Brings the look-ups of a registered or bound payment in line with its decision. Gives the marks
// that follow: the whole schedule was asked, or nothing more will be.
[[nodiscard]] std::vector<core::TimerMark> plan_lookups(
    Session& session, const DecisionContext& context, const core::PaymentEvidence& evidence,
    const core::Decision& decision, core::Time now, const std::optional<core::Restart>& restart);
// Notes on the question's row that it was asked, and plans the next time where PortOne gave no
// usable answer or does not know the thing. `named_by_webhook`: a webhook asked for it. A mark
// where its answers could not be read for long enough to tell, or can be read again.
std::optional<core::TimerMark> note_answer(Session& session, const DecisionContext& context,
                                           const LookupReport& report, bool named_by_webhook);
void forget_lookup(Session& session, const Question& question);
// The question is due at `at` at the latest, for the first of its named attempts too.
void hasten_lookup(Session& session, const Question& question, core::Time at);
// What a sweep found is due now, and the sweep came so far: one commit tells both.
void note_swept(Session& session, const Swept& swept, core::Time now);
// What a backfill found is due now, and the backfill came so far, likewise.
void note_backfilled(Session& session, const Backfilled& backfilled, core::Time now);
// Our clock was set: what is planned keeps its distance from now.
void shift_plans(Session& session, std::chrono::milliseconds by);

// settle.cpp
// Before the first look-up: decides the payment that the event names from what is known. Together
// with others nothing is decided on a suspect.
SettledReport begin_event(Session& session, const DecisionContext& context, core::EventId event,
                          core::Time now, TryMode mode);
// Leaves in the report those of its events that still wait for an answer.
SettledReport settle_report(Session& session, const DecisionContext& context, LookupReport& report,
                            TryMode mode);
// The webhooks that should have come by now: marks them overdue and decides their payments anew.
SettledReport fire_watches(Session& session, const DecisionContext& context, core::Time now);
// Takes over a changed configuration: a row of evidence. Returns its id.
std::int64_t adopt_policy(Session& session, const core::DecisionPolicy& policy, core::Time now);
[[nodiscard]] core::DecisionPolicy load_policy(Session& session, std::int64_t configuration_id);

// forget.cpp
// Removes some of the events that no registered order, signed webhook or answer of PortOne names:
// older than 7 days, or the oldest of too many (promise 9). `too_many` remembers, from one call to
// the next, how many more are too many; they are counted where it is not above 0.
Forgotten forget_unvouched(Session& session, core::Time now, std::int64_t& too_many);

// retention.cpp
// Empties some of the raw bodies and headers of what came before, and of messages to the shop.
Emptied empty_raw(Session& session, const Retained& retained);

// tries.cpp
// How far an event is that is to be decided on together with others.
struct TryState {
  bool is_in_inbox = false;
  bool is_parked = false;
  std::int64_t tries = 0;  // that did not end well: above 0 it is a suspect
};
[[nodiscard]] TryState try_state(Session& session, core::EventId event);
// They were being decided on together, and that failed or never ended.
void make_suspects(Session& session, const std::vector<core::EventId>& events);
// Which events the commit that is being made leaves to be decided on together right after it, so that
// a start after an unclean end makes exactly these suspects.
void note_deciding(Session& session, const std::vector<core::EventId>& events);
[[nodiscard]] std::vector<core::EventId> noted_deciding(Session& session);
// Counts one more try of each event that is still in the inbox; one that was tried three times in
// vain is parked with a finding instead.
[[nodiscard]] CountedTries count_tries_alone(Session& session, const DecisionContext& context,
                                             const std::vector<core::EventId>& events,
                                             core::Time now);
// The newest try ended well, or it was not their fault. Earlier ones still count: they may have
// failed at another step.
void take_back_tries(Session& session, const std::vector<core::EventId>& events);
// All is decided.
void clear_tries(Session& session, const std::vector<core::EventId>& events);
// Puts a stored event back into the inbox; false: there is no such event.
bool replay_event(Session& session, core::EventId event);

// preregistrations.cpp
// PortOne is to be told of that version of the order, through each API that is configured. What it
// has taken already stands.
void plan_preregistration(Session& session, const DecisionContext& context, std::int64_t order_id,
                          core::Time now);
// Whether PortOne is, was or may have been told of any version of it.
[[nodiscard]] bool was_preregistered(Session& session, const core::PaymentId& payment_id);
// The money stays the same, so does what PortOne said of it.
void move_preregistrations(Session& session, std::int64_t from_order, std::int64_t to_order);
// PortOne is told no more.
void drop_preregistrations(Session& session, const core::PaymentId& payment_id,
                           std::string_view reason, core::Time now);
// False where nobody waits for it any more.
bool settle_preregistration(Session& session, const PreregistrationReport& report);
// Our clock was set: what is planned keeps its distance from now.
void shift_preregistrations(Session& session, std::chrono::milliseconds by);

// orders.cpp
OrderOutcome register_order(Session& session, const DecisionContext& context,
                            const OrderRequest& request, std::optional<Settled>& settled);
OrderOutcome withdraw_order(Session& session, const DecisionContext& context,
                            const core::PaymentId& payment_id, core::Time now,
                            std::optional<Settled>& settled);

}  // namespace reconciled::storage
