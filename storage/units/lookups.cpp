#include <algorithm>

#include "daemon/core/words/check.h"
#include "daemon/core/words/mark.h"
#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

using namespace std::chrono_literals;

constexpr auto kDoubtAsking = std::chrono::days(30);
// Interface §1.3, unreadable_answer.
constexpr auto kUnreadPatience = 10min;
constexpr int kLeastUnread = 3;

// A row of `lookup`, but for its key and the outcome.
struct PlannedLookup {
  core::Time anchor{};
  std::int64_t begun_event = 0;
  std::int64_t begun_answer = 0;
  std::int64_t doubted = 0;
  std::optional<core::Time> next_at;
  std::optional<core::Time> asked_at;
  int failures = 0;
  int unread = 0;
  std::optional<core::Time> unread_since;
  int unknown = 0;
  std::optional<core::Time> unknown_at;
  friend bool operator==(const PlannedLookup&, const PlannedLookup&) = default;
};

std::optional<PlannedLookup> load(Session& session, QuestionKind kind, const std::string& id) {
  Query query = session.query(
      "SELECT anchor_at_ms, begun_event, begun_answer, doubted, next_at_ms, asked_at_ms, failures,"
      "  unread, unread_since_ms, unknown, unknown_at_ms "
      "FROM lookup WHERE question = ? AND id = ?");
  if (!query.with(to_word(kind), id).next()) return std::nullopt;
  Row row = query.row();
  PlannedLookup planned;
  planned.anchor = row.time();
  planned.begun_event = row.integer();
  planned.begun_answer = row.integer();
  planned.doubted = row.integer();
  planned.next_at = row.optional_time();
  planned.asked_at = row.optional_time();
  planned.failures = static_cast<int>(row.integer());
  planned.unread = static_cast<int>(row.integer());
  planned.unread_since = row.optional_time();
  planned.unknown = static_cast<int>(row.integer());
  planned.unknown_at = row.optional_time();
  return planned;
}

void store(Session& session, const Question& question, const PlannedLookup& planned) {
  session
      .query(
          "INSERT INTO lookup (question, id, payment_id, anchor_at_ms, begun_event, begun_answer,"
          "  doubted, next_at_ms, asked_at_ms, failures, unread, unread_since_ms, unknown,"
          "  unknown_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14) "
          "ON CONFLICT (question, id) DO UPDATE SET payment_id = ?3, anchor_at_ms = ?4,"
          "  begun_event = ?5, begun_answer = ?6, doubted = ?7, next_at_ms = ?8, asked_at_ms = ?9,"
          "  failures = ?10, unread = ?11, unread_since_ms = ?12, unknown = ?13,"
          "  unknown_at_ms = ?14")
      .with(to_word(question.kind), question.id, question.payment_id, planned.anchor,
            planned.begun_event, planned.begun_answer, planned.doubted, planned.next_at,
            planned.asked_at, planned.failures, planned.unread, planned.unread_since,
            planned.unknown, planned.unknown_at)
      .run();
}

bool is_configured(const DecisionContext& context, QuestionKind kind) {
  return kind == QuestionKind::kV2Payment ? context.policy.v2_store_id.has_value()
                                          : context.policy.v1_configured;
}

// The newest of the events that begin the schedule: webhooks, and redirects about an attempt of the
// payment (anybody can invent others).
std::int64_t newest_beginning(const core::PaymentEvidence& evidence,
                              const core::Decision& decision) {
  std::int64_t newest = 0;
  for (const core::WebhookFact& webhook : evidence.webhooks) {
    newest = std::max(newest, webhook.event.value);
  }
  for (const core::RedirectFact& redirect : evidence.redirects) {
    const bool is_ours = std::any_of(decision.attempts.begin(), decision.attempts.end(),
                                     [&](const core::AttemptState& attempt) {
                                       return attempt.attempt_id == redirect.attempt_id;
                                     });
    if (is_ours) newest = std::max(newest, redirect.event.value);
  }
  return newest;
}

core::Time received_at(Session& session, std::int64_t event) {
  Query query = session.query("SELECT received_at_ms FROM event WHERE event_id = ?");
  core::check(query.with(event).next(), "evidence has its event");
  return query.row().time();
}

// V1 attempts are asked for by order, which also finds those whose webhook was lost; an order that
// nothing is known of is asked about wherever it may have been paid.
std::vector<QuestionKind> questions_about(const DecisionContext& context,
                                          const core::Decision& decision) {
  const auto any_of = [&](core::Api api) {
    return std::any_of(decision.attempts.begin(), decision.attempts.end(),
                       [&](const core::AttemptState& attempt) { return attempt.api == api; });
  };
  const bool unknown = decision.attempts.empty();
  std::vector<QuestionKind> kinds;
  if (context.policy.v1_configured && (unknown || any_of(core::Api::kV1))) {
    kinds.push_back(QuestionKind::kV1Order);
  }
  const bool ask_v2 = unknown || any_of(core::Api::kV2) || !context.policy.v1_configured;
  if (context.policy.v2_store_id && ask_v2) kinds.push_back(QuestionKind::kV2Payment);
  return kinds;
}

// Where the schedule begins: with the newest of what begins it anew, each once.
void begin_anew(PlannedLookup& planned, const core::Decision& decision, core::Time now,
                const std::optional<Restart>& restart) {
  if (decision.changed_at && decision.changed_look_up > planned.begun_answer) {
    RECONCILED_MARK(kBegunByAnswer);
    planned.begun_answer = decision.changed_look_up;
    planned.anchor = std::max(planned.anchor, *decision.changed_at);
  }
  if (restart && (restart->event == 0 || restart->event > planned.begun_event)) {
    RECONCILED_MARK_IF(restart->event > 0, kBegunByEvent);
    planned.begun_event = std::max(planned.begun_event, restart->event);
    planned.anchor = std::max(planned.anchor, restart->at);
  }
  // Nothing begins in the future, whatever clock said so.
  planned.anchor = std::min(planned.anchor, now);
}

// When to ask next; nothing: the schedule is over. A fresh doubt is asked about at once, and if
// that answer settles nothing, by the schedule.
std::optional<core::Time> next_time(PlannedLookup& planned, const DecisionContext& context,
                                    const core::Decision& decision, const Question& question,
                                    core::Time now, core::Time until) {
  if (decision.suspect_look_up && planned.doubted == 0) {
    RECONCILED_MARK(kDoubtAskedAtOnce);
    planned.doubted = *decision.suspect_look_up;
    planned.anchor = now;
    return now;
  }
  if (!decision.suspect_look_up) planned.doubted = 0;
  const core::Time after =
      std::min(now, std::max(planned.asked_at.value_or(planned.anchor), planned.anchor));
  std::optional<core::Time> next =
      core::next_scheduled(context.schedule, planned.anchor, after, until);
  if (next) *next += core::jitter(question.id, *next - after);
  return next;
}

void plan_one(Session& session, const DecisionContext& context, const Question& question,
              const core::PaymentEvidence& evidence, const core::Decision& decision, core::Time now,
              const std::optional<Restart>& restart, std::vector<core::TimerMark>& marks) {
  const std::optional<PlannedLookup> known = load(session, question.kind, question.id);
  const std::int64_t newest = newest_beginning(evidence, decision);
  PlannedLookup planned =
      known.value_or(PlannedLookup{.anchor = restart ? restart->at : now, .begun_event = newest});
  begin_anew(planned, decision, now, restart);
  // An answer may be settled before the first decision about an event that came meanwhile.
  if (newest > planned.begun_event) {
    begin_anew(planned, decision, now, Restart{received_at(session, newest), newest});
  }
  std::optional<core::Time> until = core::asking_ends(decision, planned.anchor);
  // An unconfirmed step backwards keeps even a paid payment on the schedule.
  if (!until && decision.suspect_look_up) {
    until = (planned.doubted == 0 ? now : planned.anchor) + kDoubtAsking;
  }
  // What has no usable answer yet is asked until it has one, even where nothing else is left to
  // ask: a webhook may wait for it, and it may say that a paid payment is cancelled.
  if (!until && planned.failures == 0) {
    RECONCILED_MARK_IF(known, kPlanForgotten);
    if (known) forget_lookup(session, question);
    return;
  }
  RECONCILED_MARK_IF(!until, kFailingPlanKept);
  // While it fails the back-off, or Retry-After, goes first.
  if (planned.failures == 0) {
    planned.next_at = next_time(planned, context, decision, question, now, *until);
    const core::TimerMark mark{.up_to_event = planned.begun_event, .look_up = planned.begun_answer};
    const auto add = [&](core::TimerMark::Kind kind) {
      marks.push_back(mark);
      marks.back().kind = kind;
    };
    const bool is_open = !core::is_decided(decision.result) || decision.waits_for_webhook;
    if (!planned.next_at && is_open) {
      RECONCILED_MARK(kAskingEnded);
      add(core::TimerMark::Kind::kAskingEnded);
    }
    const core::Time asked = planned.asked_at.value_or(planned.anchor);
    if (asked >= core::unknown_ends(context.schedule, planned.anchor)) {
      RECONCILED_MARK(kScheduleDone);
      add(core::TimerMark::Kind::kScheduleDone);
    }
  }
  if (planned != known) store(session, question, planned);
}

}  // namespace

std::vector<core::TimerMark> plan_lookups(Session& session, const DecisionContext& context,
                                          const core::PaymentEvidence& evidence,
                                          const core::Decision& decision, core::Time now,
                                          const std::optional<Restart>& restart) {
  std::vector<core::TimerMark> marks;
  const std::vector<QuestionKind> wanted = questions_about(context, decision);
  for (const QuestionKind kind : {QuestionKind::kV1Order, QuestionKind::kV2Payment}) {
    const Question question{kind, evidence.payment_id.str(), evidence.payment_id};
    if (std::find(wanted.begin(), wanted.end(), kind) != wanted.end()) {
      plan_one(session, context, question, evidence, decision, now, restart, marks);
    } else if (is_configured(context, kind) || core::is_decided(decision.result)) {
      forget_lookup(session, question);
    } else {
      RECONCILED_MARK(kPlanWaitsForItsApi);  // until it is configured again
    }
  }
  return marks;
}

std::optional<core::TimerMark> note_answer(Session& session, const DecisionContext& context,
                                           const LookupReport& report, bool named_by_webhook) {
  PlannedLookup planned = load(session, report.question.kind, report.question.id)
                              .value_or(PlannedLookup{.anchor = report.asked_at});
  std::optional<core::TimerMark> mark;
  const core::TimerMark this_one{.look_up = report.number};
  const auto give = [&](core::TimerMark::Kind kind) {
    mark = this_one;
    mark->kind = kind;
  };
  if (report.is_unreadable && report.outcome == LookupReport::Outcome::kUnusable) {
    planned.unread += 1;
    if (!planned.unread_since) planned.unread_since = report.answered_at;
    if (planned.unread >= kLeastUnread &&
        report.answered_at - *planned.unread_since >= kUnreadPatience) {
      RECONCILED_MARK(kUnreadableForLong);
      give(core::TimerMark::Kind::kUnreadable);
    }
  } else if (report.is_final()) {
    RECONCILED_MARK_IF(planned.unread > 0, kReadableAgain);
    if (planned.unread >= kLeastUnread) give(core::TimerMark::Kind::kReadable);
    planned.unread = 0;
    planned.unread_since.reset();
  }
  if (!report.is_final()) {
    RECONCILED_MARK_IF(report.retry_after, kRetryAfterHeeded);
    planned.failures += 1;
    planned.next_at =
        report.answered_at + report.retry_after.value_or(core::failure_delay(planned.failures));
  } else {
    planned.failures = 0;
    planned.asked_at = report.asked_at;
    planned.next_at.reset();
    if (named_by_webhook) {
      RECONCILED_MARK_IF(report.outcome == LookupReport::Outcome::kNotFound, kAskedOnForWebhook);
      planned.next_at = core::next_scheduled(context.schedule, planned.anchor, report.asked_at,
                                             core::unknown_ends(context.schedule, planned.anchor));
    }
  }
  if (report.outcome == LookupReport::Outcome::kNotFound) {
    planned.unknown += 1;
    planned.unknown_at = report.asked_at;
  }
  store(session, report.question, planned);
  session
      .query(
          "UPDATE lookup SET outcome = ?, attempt_id = CASE WHEN ? = 1 THEN NULL ELSE attempt_id "
          "END "
          "WHERE question = ? AND id = ?")
      .with(report.detail, report.is_final(), to_word(report.question.kind), report.question.id)
      .run();
  return mark;
}

void forget_lookup(Session& session, const Question& question) {
  session.query("DELETE FROM lookup WHERE question = ? AND id = ?")
      .with(to_word(question.kind), question.id)
      .run();
}

void hasten_lookup(Session& session, const Question& question, core::Time at) {
  const std::optional<PlannedLookup> known = load(session, question.kind, question.id);
  PlannedLookup planned = known.value_or(PlannedLookup{.anchor = at});
  RECONCILED_MARK_IF(!known, kFoundByList);
  RECONCILED_MARK_IF(known && known->next_at > at, kHastened);
  if (!planned.next_at || *planned.next_at > at) planned.next_at = at;
  store(session, question, planned);
  if (question.named_attempts.empty()) return;
  session.query("UPDATE lookup SET attempt_id = ? WHERE question = ? AND id = ?")
      .with(question.named_attempts.front(), to_word(question.kind), question.id)
      .run();
}

void note_swept(Session& session, const Swept& swept) {
  for (const Question& question : swept.found) hasten_lookup(session, question, swept.up_to);
  store_value(session, last_sweep_key(swept.api), std::to_string(core::to_ms(swept.up_to)));
}

void shift_plans(Session& session, std::chrono::milliseconds by) {
  RECONCILED_MARK(kPlansShifted);
  const std::int64_t ms = by.count();
  session
      .query(
          "UPDATE lookup SET anchor_at_ms = anchor_at_ms + ?1, next_at_ms = next_at_ms + ?1,"
          "  asked_at_ms = asked_at_ms + ?1, unread_since_ms = unread_since_ms + ?1")
      .with(ms)
      .run();
  session.query("UPDATE webhook_watch SET due_at_ms = due_at_ms + ?1").with(ms).run();
}

}  // namespace reconciled::storage
