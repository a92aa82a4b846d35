#include "daemon/core/words/check.h"
#include "daemon/core/words/mark.h"
#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

std::optional<core::LookupPlan> load(Session& session, QuestionKind kind, const std::string& id) {
  Query query = session.query(
      "SELECT anchor_at_ms, begun_event, begun_answer, doubted, next_at_ms, asked_at_ms, failures,"
      "  unread, unread_since_ms, unknown, unknown_at_ms "
      "FROM lookup WHERE question = ? AND id = ?");
  if (!query.with(to_word(kind), id).next()) return std::nullopt;
  Row row = query.row();
  core::LookupPlan planned;
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

void store(Session& session, const Question& question, const core::LookupPlan& planned) {
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

core::Time received_at(Session& session, std::int64_t event) {
  Query query = session.query("SELECT received_at_ms FROM event WHERE event_id = ?");
  core::check(query.with(event).next(), "evidence has its event");
  return query.row().time();
}

void plan_one(Session& session, const DecisionContext& context, const Question& question,
              const core::PaymentEvidence& evidence, const core::Decision& decision, core::Time now,
              const std::optional<core::Restart>& restart, std::vector<core::TimerMark>& marks) {
  const std::optional<core::LookupPlan> known = load(session, question.kind, question.id);
  const std::int64_t newest = core::newest_beginning(evidence, decision);
  core::LookupPlan plan = known.value_or(
      core::LookupPlan{.anchor = restart ? restart->at : now, .begun_event = newest});
  core::begin_anew(plan, decision, now, restart);
  // An answer may be settled before the first decision about an event that came meanwhile.
  if (newest > plan.begun_event) {
    core::begin_anew(plan, decision, now, core::Restart{received_at(session, newest), newest});
  }
  const core::PlanStep step = core::go_on(plan, context.schedule, decision, question.id, now);
  if (step.is_over) {
    RECONCILED_MARK_IF(known, kPlanForgotten);
    if (known) forget_lookup(session, question);
    return;
  }
  const auto add = [&](core::TimerMark::Kind kind) {
    marks.push_back({.kind = kind, .up_to_event = plan.begun_event, .look_up = plan.begun_answer});
  };
  if (step.ends_asking) add(core::TimerMark::Kind::kAskingEnded);
  if (step.ends_schedule) add(core::TimerMark::Kind::kScheduleDone);
  if (plan != known) store(session, question, plan);
}

}  // namespace

std::vector<core::TimerMark> plan_lookups(Session& session, const DecisionContext& context,
                                          const core::PaymentEvidence& evidence,
                                          const core::Decision& decision, core::Time now,
                                          const std::optional<core::Restart>& restart) {
  std::vector<core::TimerMark> marks;
  const core::WorthAsking worth = core::worth_asking(context.policy, decision);
  for (const QuestionKind kind : {QuestionKind::kV1Order, QuestionKind::kV2Payment}) {
    const Question question{kind, evidence.payment_id.str(), evidence.payment_id};
    if (kind == QuestionKind::kV1Order ? worth.v1_order : worth.v2_payment) {
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
  core::LookupPlan plan = load(session, report.question.kind, report.question.id)
                              .value_or(core::LookupPlan{.anchor = report.asked_at});
  const bool is_usable = report.outcome != LookupReport::Outcome::kUnusable;
  const auto told =
      core::note_answer(plan, context.schedule,
                        {.asked_at = report.asked_at,
                         .answered_at = report.answered_at,
                         .is_final = report.is_final(),
                         .is_unreadable = report.is_unreadable && !is_usable,
                         .is_unknown = report.outcome == LookupReport::Outcome::kNotFound,
                         .retry_after = report.retry_after,
                         .named_by_webhook = named_by_webhook});
  store(session, report.question, plan);
  session
      .query(
          "UPDATE lookup SET outcome = ?, attempt_id = CASE WHEN ? = 1 THEN NULL ELSE attempt_id "
          "END "
          "WHERE question = ? AND id = ?")
      .with(report.detail, report.is_final(), to_word(report.question.kind), report.question.id)
      .run();
  if (!told) return std::nullopt;
  return core::TimerMark{.kind = *told, .look_up = report.number};
}

void forget_lookup(Session& session, const Question& question) {
  session.query("DELETE FROM lookup WHERE question = ? AND id = ?")
      .with(to_word(question.kind), question.id)
      .run();
}

void hasten_lookup(Session& session, const Question& question, core::Time at) {
  const std::optional<core::LookupPlan> known = load(session, question.kind, question.id);
  core::LookupPlan plan = known.value_or(core::LookupPlan{.anchor = at});
  RECONCILED_MARK_IF(!known, kFoundByList);
  RECONCILED_MARK_IF(known && known->next_at > at, kHastened);
  core::hasten(plan, at);
  store(session, question, plan);
  if (question.named_attempts.empty()) return;
  session.query("UPDATE lookup SET attempt_id = ? WHERE question = ? AND id = ?")
      .with(question.named_attempts.front(), to_word(question.kind), question.id)
      .run();
}

void note_swept(Session& session, const Swept& swept, core::Time now) {
  for (const Question& question : swept.found) hasten_lookup(session, question, now);
  store_value(session, last_sweep_key(swept.api), std::to_string(core::to_ms(swept.up_to)));
}

void note_backfilled(Session& session, const Backfilled& backfilled, core::Time now) {
  for (const Question& question : backfilled.found) {
    hasten_lookup(session, question, now);
    if (!backfilled.to_be_told || !question.payment_id) continue;
    Query query = session.query(
        "SELECT EXISTS (SELECT 1 FROM timer_mark WHERE payment_id = ? AND kind = 'to_be_told')");
    if (query.with(*question.payment_id).next() && query.row().flag()) continue;
    insert_mark(session, *question.payment_id, {.kind = core::TimerMark::Kind::kToBeTold}, now);
  }
  if (!backfilled.progress.empty()) store_value(session, kBackfillKey, backfilled.progress);
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
  session
      .query(
          "UPDATE notification SET next_at_ms = next_at_ms + ?1,"
          "  failing_since_ms = failing_since_ms + ?1 WHERE state = 'waiting' AND state <> 'sent'")
      .with(ms)
      .run();
  shift_preregistrations(session, by);
}

}  // namespace reconciled::storage
