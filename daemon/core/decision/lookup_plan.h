// The plan of one question to PortOne: when it is asked next, and what its answers come to
// (interface §3, behind the configuration).
//
// Pure: times come in, times go out. Called by storage, which keeps a plan as a row.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/core/decision/schedule.h"

namespace reconciled::core {

struct LookupPlan {
  Time anchor{};                  // the schedule counts from here
  std::int64_t begun_event = 0;   // the newest event that began the schedule anew
  std::int64_t begun_answer = 0;  // likewise the newest changed answer: its look-up
  std::int64_t doubted = 0;       // the first answer of a doubt that was asked about at once
  std::optional<Time> next_at;    // nothing: nothing more to ask
  std::optional<Time> asked_at;   // when the newest usable answer was asked for
  int failures = 0;               // unusable answers in a row
  int unread = 0;                 // of these, answers about it that could not be read
  std::optional<Time> unread_since;
  int unknown = 0;  // how often PortOne said that it does not know it
  std::optional<Time> unknown_at;
  friend bool operator==(const LookupPlan&, const LookupPlan&) = default;
};

// What begins a payment's schedule anew.
struct Restart {
  Time at{};
  std::int64_t event = 0;  // which event it is; 0: its registration
};

// Which questions about a payment are worth asking.
struct WorthAsking {
  bool v1_order = false;
  bool v2_payment = false;
};
// V1 attempts are asked for by order, which also finds those whose webhook was lost; an order that
// nothing is known of is asked about wherever it may have been paid.
[[nodiscard]] WorthAsking worth_asking(const DecisionPolicy& policy, const Decision& decision);

// Whether PortOne will be asked about an event; else its first decision is its last. A webhook of
// an API that was configured when it came, and is not now, waits for it.
[[nodiscard]] bool is_asked_about(const DecisionPolicy& policy, EventSource source,
                                  std::optional<Api> api, bool names_payment);

// Whether an attempt of that result holds money, or may yet take it: what we know of it must not
// stay as it is for good.
[[nodiscard]] bool holds_or_hopes(Result result);

// The newest of the events that begin the schedule, 0 where there is none: webhooks, and redirects
// about an attempt of the payment (anybody can invent others).
[[nodiscard]] std::int64_t newest_beginning(const PaymentEvidence& evidence,
                                            const Decision& decision);

// Where the schedule begins: with the newest of what begins it anew, each once.
void begin_anew(LookupPlan& plan, const Decision& decision, Time now,
                const std::optional<Restart>& restart);

// Plans the next time on what is known now.
struct PlanStep {
  bool is_over = false;        // nothing is left to ask: there is no plan any more
  bool ends_asking = false;    // nothing more will be asked, and it is still open
  bool ends_schedule = false;  // all that the schedule asks was asked once
};
[[nodiscard]] PlanStep go_on(LookupPlan& plan, const Schedule& schedule, const Decision& decision,
                             std::string_view id, Time now);

// How a question was answered, as far as plans hang on it.
struct PlannedAnswer {
  Time asked_at{};
  Time answered_at{};
  bool is_final = false;       // nothing is left to ask for now
  bool is_unreadable = false;  // an answer about this very thing, and nothing of it can be read
  bool is_unknown = false;     // PortOne does not know it
  std::optional<std::chrono::milliseconds> retry_after;
  bool named_by_webhook = false;  // a webhook asked for it
};
// Notes it, and plans the next time where PortOne gave no usable answer or does not know the thing.
// A mark where answers could not be read for long enough to tell (interface §1.3,
// unreadable_answer), or can be read again.
[[nodiscard]] std::optional<TimerMark::Kind> note_answer(LookupPlan& plan, const Schedule& schedule,
                                                         const PlannedAnswer& answer);

// It is due at `at` at the latest.
void hasten(LookupPlan& plan, Time at);

}  // namespace reconciled::core
