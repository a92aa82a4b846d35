#include "daemon/core/decision/lookup_plan.h"

#include <algorithm>

#include "daemon/core/words/mark.h"

namespace reconciled::core {
namespace {

using namespace std::chrono_literals;

constexpr auto kDoubtAsking = std::chrono::days(30);
// Interface §1.3, unreadable_answer.
constexpr auto kUnreadPatience = 10min;
constexpr int kLeastUnread = 3;

// When to ask next; nothing: the schedule is over. A fresh doubt is asked about at once, and if
// that answer settles nothing, by the schedule.
std::optional<Time> next_time(LookupPlan& plan, const Schedule& schedule, const Decision& decision,
                              std::string_view id, Time now, Time until) {
  if (decision.suspect_look_up && plan.doubted == 0) {
    RECONCILED_MARK(kDoubtAskedAtOnce);
    plan.doubted = *decision.suspect_look_up;
    plan.anchor = now;
    return now;
  }
  if (!decision.suspect_look_up) plan.doubted = 0;
  const Time after = std::min(now, std::max(plan.asked_at.value_or(plan.anchor), plan.anchor));
  std::optional<Time> next = next_scheduled(schedule, plan.anchor, after, until);
  if (next) *next += jitter(id, *next - after);
  return next;
}

}  // namespace

WorthAsking worth_asking(const DecisionPolicy& policy, const Decision& decision) {
  const auto any_of = [&](Api api) {
    return std::any_of(decision.attempts.begin(), decision.attempts.end(),
                       [&](const AttemptState& attempt) { return attempt.api == api; });
  };
  const bool unknown = decision.attempts.empty();
  const bool ask_v2 = unknown || any_of(Api::kV2) || !policy.v1_configured;
  return {.v1_order = policy.v1_configured && (unknown || any_of(Api::kV1)),
          .v2_payment = policy.v2_store_id.has_value() && ask_v2};
}

bool is_asked_about(const DecisionPolicy& policy, EventSource source, std::optional<Api> api,
                    bool names_payment) {
  if (source == EventSource::kWebhook) return api != Api::kV2 || names_payment;
  const bool by_v1 = api != Api::kV2 && policy.v1_configured;
  const bool by_v2 = api != Api::kV1 && policy.v2_store_id.has_value() && names_payment;
  return by_v1 || by_v2;
}

bool holds_or_hopes(Result result) {
  switch (result) {
    case Result::kPending:
    case Result::kAwaitingDeposit:
    case Result::kPaid:
    case Result::kPartiallyCancelled:
      return true;
    case Result::kNone:
    case Result::kReady:
    case Result::kCancelled:
    case Result::kFailed:
      return false;
  }
  return false;
}

std::int64_t newest_beginning(const PaymentEvidence& evidence, const Decision& decision) {
  std::int64_t newest = 0;
  for (const WebhookFact& webhook : evidence.webhooks) {
    newest = std::max(newest, webhook.event.value);
  }
  for (const RedirectFact& redirect : evidence.redirects) {
    const bool is_ours = std::any_of(
        decision.attempts.begin(), decision.attempts.end(),
        [&](const AttemptState& attempt) { return attempt.attempt_id == redirect.attempt_id; });
    if (is_ours) newest = std::max(newest, redirect.event.value);
  }
  return newest;
}

void begin_anew(LookupPlan& plan, const Decision& decision, Time now,
                const std::optional<Restart>& restart) {
  if (decision.changed_at && decision.changed_look_up > plan.begun_answer) {
    RECONCILED_MARK(kBegunByAnswer);
    plan.begun_answer = decision.changed_look_up;
    plan.anchor = std::max(plan.anchor, *decision.changed_at);
  }
  if (restart && (restart->event == 0 || restart->event > plan.begun_event)) {
    RECONCILED_MARK_IF(restart->event > 0, kBegunByEvent);
    plan.begun_event = std::max(plan.begun_event, restart->event);
    plan.anchor = std::max(plan.anchor, restart->at);
  }
  // Nothing begins in the future, whatever clock said so.
  plan.anchor = std::min(plan.anchor, now);
}

PlanStep go_on(LookupPlan& plan, const Schedule& schedule, const Decision& decision,
               std::string_view id, Time now) {
  std::optional<Time> until = asking_ends(decision, plan.anchor);
  // An unconfirmed step backwards keeps even a paid payment on the schedule.
  if (!until && decision.suspect_look_up) {
    until = (plan.doubted == 0 ? now : plan.anchor) + kDoubtAsking;
  }
  // A webhook that says otherwise keeps it on the schedule once.
  if (!until && decision.is_contradicted) until = unknown_ends(schedule, plan.anchor);
  // What has no usable answer yet is asked until it has one, even where nothing else is left to
  // ask: a webhook may wait for it, and it may say that a paid payment is cancelled.
  if (!until && plan.failures == 0) return {.is_over = true};
  RECONCILED_MARK_IF(!until, kFailingPlanKept);
  PlanStep step;
  // While it fails the back-off, or Retry-After, goes first.
  if (plan.failures > 0) return step;
  plan.next_at = next_time(plan, schedule, decision, id, now, *until);
  step.ends_asking = !plan.next_at && (!is_decided(decision.result) || decision.waits_for_webhook);
  step.ends_schedule = plan.asked_at.value_or(plan.anchor) >= unknown_ends(schedule, plan.anchor);
  RECONCILED_MARK_IF(step.ends_asking, kAskingEnded);
  RECONCILED_MARK_IF(step.ends_schedule, kScheduleDone);
  return step;
}

std::optional<TimerMark::Kind> note_answer(LookupPlan& plan, const Schedule& schedule,
                                           const PlannedAnswer& answer) {
  std::optional<TimerMark::Kind> mark;
  if (answer.is_unreadable) {
    plan.unread += 1;
    if (!plan.unread_since) plan.unread_since = answer.answered_at;
    if (plan.unread >= kLeastUnread && answer.answered_at - *plan.unread_since >= kUnreadPatience) {
      RECONCILED_MARK(kUnreadableForLong);
      mark = TimerMark::Kind::kUnreadable;
    }
  } else if (answer.is_final) {
    RECONCILED_MARK_IF(plan.unread > 0, kReadableAgain);
    if (plan.unread >= kLeastUnread) mark = TimerMark::Kind::kReadable;
    plan.unread = 0;
    plan.unread_since.reset();
  }
  if (!answer.is_final) {
    RECONCILED_MARK_IF(answer.retry_after, kRetryAfterHeeded);
    plan.failures += 1;
    plan.next_at = answer.answered_at + answer.retry_after.value_or(failure_delay(plan.failures));
  } else {
    plan.failures = 0;
    plan.asked_at = answer.asked_at;
    plan.next_at.reset();
    if (answer.named_by_webhook) {
      RECONCILED_MARK_IF(answer.is_unknown, kAskedOnForWebhook);
      plan.next_at = next_scheduled(schedule, plan.anchor, answer.asked_at,
                                    unknown_ends(schedule, plan.anchor));
    }
  }
  if (answer.is_unknown) {
    plan.unknown += 1;
    plan.unknown_at = answer.asked_at;
  }
  return mark;
}

void hasten(LookupPlan& plan, Time at) {
  if (!plan.next_at || *plan.next_at > at) plan.next_at = at;
}

}  // namespace reconciled::core
