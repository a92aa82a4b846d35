// The units of work inside the writer's transaction; private to this folder.
//
// Each runs on the writer's thread within a savepoint. They read no clock: times come in.
#pragma once

#include "storage/records.h"
#include "storage/session.h"

namespace reconciled::storage {

// What decisions and schedules hang on, as configured now.
struct DecisionContext {
  core::DecisionPolicy policy;
  std::int64_t configuration_id = 0;
  core::Schedule schedule;
};

// Why a payment is decided anew: goes into its history.
struct Cause {
  const char* kind;  // event | snapshot | order | configuration
  std::optional<std::int64_t> id;
};

// accept.cpp
[[nodiscard]] bool needs_reconciling(const core::Event& event);
Accepted insert_event(Session& session, const NewEvent& event);
// Stores the question and its answer; a copy gets the first one's answer.
core::ConfirmAnswer answer_confirm(Session& session, const NewEvent& question);
void insert_rejected(Session& session, const RejectedDelivery& delivery);
// Makes the events that name only the attempt findable under the payment that it belongs to.
void index_attempt_events(Session& session, const core::AttemptId& attempt,
                          const core::PaymentId& payment);

// evidence.cpp
[[nodiscard]] core::PaymentEvidence load_evidence(Session& session,
                                                  const core::PaymentId& payment_id);
[[nodiscard]] std::optional<core::ExpectedOrder> load_order(Session& session,
                                                            const core::PaymentId& payment_id);
core::SnapshotId insert_snapshot(Session& session, const core::Snapshot& snapshot);

// payments.cpp
// Decides the payment from all evidence and writes what changed, with history, findings and
// look-ups. `restart` begins its schedule anew at that time. Nothing where nothing changed.
std::optional<Settled> redecide(Session& session, const DecisionContext& context,
                                const core::PaymentId& payment_id, const Cause& cause,
                                core::Time now, std::optional<core::Time> restart);

// lookups.cpp
// Brings the look-ups of a registered or bound payment in line with its decision.
void plan_lookups(Session& session, const DecisionContext& context,
                  const core::PaymentId& payment_id, const core::Decision& decision,
                  core::Time now, std::optional<core::Time> restart);
// Notes on the question's row that it was asked, and plans the next time where PortOne gave no
// usable answer or does not know the thing. `named_by_webhook`: a webhook asked for it.
void note_answer(Session& session, const DecisionContext& context, const LookupReport& report,
                 bool named_by_webhook);
void forget_lookup(Session& session, const Question& question);

// settle.cpp
// Before the first look-up: decides the payments that the events name from what is known.
SettledReport begin_events(Session& session, const DecisionContext& context,
                           const std::vector<core::EventId>& events, core::Time now);
SettledReport settle_report(Session& session, const DecisionContext& context,
                            const LookupReport& report);
// Takes over a changed configuration: a row of evidence. Returns its id.
std::int64_t adopt_policy(Session& session, const core::DecisionPolicy& policy, core::Time now);
[[nodiscard]] core::DecisionPolicy load_policy(Session& session, std::int64_t configuration_id);

// orders.cpp
OrderOutcome register_order(Session& session, const DecisionContext& context,
                            const OrderRequest& request, std::optional<Settled>& settled);
OrderOutcome withdraw_order(Session& session, const DecisionContext& context,
                            const core::PaymentId& payment_id, core::Time now,
                            std::optional<Settled>& settled);

}  // namespace reconciled::storage
