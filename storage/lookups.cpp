#include <algorithm>
#include <array>

#include "storage/units.h"

namespace reconciled::storage {
namespace {

using namespace std::chrono_literals;

constexpr auto kSuspectAsking = std::chrono::days(30);

struct PlannedLookup {
  core::Time anchor{};
  std::optional<core::Time> next_at;
  std::optional<core::Time> asked_at;
  int failures = 0;
};

std::optional<PlannedLookup> load(Session& session, QuestionKind kind, const std::string& id) {
  Query query = session.query(
      "SELECT anchor_at_ms, next_at_ms, asked_at_ms, failures FROM lookup "
      "WHERE question = ? AND id = ?");
  if (!query.with(to_word(kind), id).next()) return std::nullopt;
  Row row = query.row();
  PlannedLookup planned;
  planned.anchor = row.time();
  planned.next_at = row.optional_time();
  planned.asked_at = row.optional_time();
  planned.failures = static_cast<int>(row.integer());
  return planned;
}

void store(Session& session, const Question& question, const PlannedLookup& planned) {
  session
      .query(
          "INSERT INTO lookup (question, id, payment_id, anchor_at_ms, next_at_ms, asked_at_ms,"
          "  failures) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
          "ON CONFLICT (question, id) DO UPDATE SET payment_id = ?3, anchor_at_ms = ?4,"
          "  next_at_ms = ?5, asked_at_ms = ?6, failures = ?7 "
          "WHERE payment_id IS NOT ?3 OR anchor_at_ms <> ?4 OR next_at_ms IS NOT ?5"
          "  OR asked_at_ms IS NOT ?6 OR failures <> ?7")
      .with(to_word(question.kind), question.id, question.payment_id, planned.anchor,
            planned.next_at, planned.asked_at, planned.failures)
      .run();
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

}  // namespace

std::string_view to_word(QuestionKind kind) {
  static constexpr std::array<std::string_view, 3> kWords{"v1_attempt", "v1_order", "v2_payment"};
  return kWords.at(static_cast<std::size_t>(kind));
}

std::vector<core::TimerMark> plan_lookups(Session& session, const DecisionContext& context,
                                          const core::PaymentId& payment_id,
                                          const core::Decision& decision, core::Time now,
                                          std::optional<core::Time> restart) {
  std::vector<core::TimerMark> marks;
  const std::vector<QuestionKind> wanted = questions_about(context, decision);
  for (const QuestionKind kind : {QuestionKind::kV1Order, QuestionKind::kV2Payment}) {
    const Question question{kind, payment_id.str(), payment_id};
    if (std::find(wanted.begin(), wanted.end(), kind) == wanted.end()) {
      forget_lookup(session, question);
      continue;
    }
    PlannedLookup planned =
        load(session, kind, question.id).value_or(PlannedLookup{.anchor = now});
    if (restart) planned.anchor = std::max(planned.anchor, *restart);
    if (decision.changed_at) planned.anchor = std::max(planned.anchor, *decision.changed_at);
    std::optional<core::Time> until = core::asking_ends(decision, planned.anchor);
    // An unconfirmed step backwards keeps even a paid payment on the schedule.
    if (!until && decision.suspect_at) until = *decision.suspect_at + kSuspectAsking;
    // What has no usable answer yet is asked until it has one, even where nothing else is left to
    // ask: a webhook may wait for it, and it may say that a paid payment is cancelled.
    if (!until && planned.failures == 0) {
      forget_lookup(session, question);
      continue;
    }
    if (planned.failures > 0) {
      // The back-off, or Retry-After, goes first.
    } else if (decision.suspect_at && planned.asked_at.value_or(now) <= *decision.suspect_at) {
      // Once at once; if that answer settles nothing, the schedule goes on.
      planned.next_at = now + 1s;
    } else {
      const core::Time after = std::max(planned.asked_at.value_or(planned.anchor), planned.anchor);
      planned.next_at = core::next_scheduled(context.schedule, planned.anchor, after, *until);
      if (planned.next_at) {
        *planned.next_at += core::jitter(question.id, *planned.next_at - after);
      } else if (!core::is_decided(decision.result)) {
        marks.push_back({core::TimerMark::Kind::kAskingEnded, {}, {}, planned.anchor});
      }
      if (after >= core::unknown_ends(context.schedule, planned.anchor)) {
        marks.push_back({core::TimerMark::Kind::kScheduleDone, {}, {}, planned.anchor});
      }
    }
    store(session, question, planned);
  }
  return marks;
}

void note_answer(Session& session, const DecisionContext& context, const LookupReport& report,
                 bool named_by_webhook) {
  PlannedLookup planned = load(session, report.question.kind, report.question.id)
                              .value_or(PlannedLookup{.anchor = report.asked_at});
  if (report.outcome == LookupReport::Outcome::kUnusable) {
    planned.failures += 1;
    planned.next_at = report.answered_at + report.retry_after.value_or(
                                               core::failure_delay(planned.failures));
  } else {
    planned.failures = 0;
    planned.asked_at = std::max(planned.asked_at.value_or(report.asked_at), report.asked_at);
    planned.next_at.reset();
    if (named_by_webhook) {
      planned.next_at = core::next_scheduled(context.schedule, planned.anchor, report.asked_at,
                                             core::unknown_ends(context.schedule, planned.anchor));
    }
  }
  store(session, report.question, planned);
  session.query("UPDATE lookup SET outcome = ? WHERE question = ? AND id = ?")
      .with(report.detail, to_word(report.question.kind), report.question.id)
      .run();
}

void forget_lookup(Session& session, const Question& question) {
  session.query("DELETE FROM lookup WHERE question = ? AND id = ?")
      .with(to_word(question.kind), question.id)
      .run();
}

}  // namespace reconciled::storage
