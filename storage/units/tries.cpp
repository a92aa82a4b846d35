#include <algorithm>
#include <charconv>

#include "daemon/core/decision/trials.h"
#include "daemon/core/words/mark.h"
#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

NotificationCounts park(Session& session, const DecisionContext& context, core::EventId event,
                        core::Time now) {
  session.query("UPDATE event_progress SET processed_at_ms = ?, parked = 1 WHERE event_id = ?")
      .with(now, event)
      .run();
  std::optional<std::int64_t> finding;
  std::optional<core::PaymentId> payment_id;
  {
    Query query = session.query(
        "INSERT INTO finding (payment_id, kind, cause, open, detail, opened_at_ms) "
        "SELECT coalesce(payment_id, attempt_id, ''), ?1, ?2, 1, ?3, ?4 FROM event "
        "WHERE event_id = ?5 ON CONFLICT DO NOTHING RETURNING finding_id, payment_id");
    query.with(core::FindingKind::kPoisoned, std::to_string(event.value),
               "Deciding on event " + std::to_string(event.value) +
                   " failed three times and it was put aside. Its evidence is kept: look at the "
                   "log, update reconciled, then replay the event.",
               now, event);
    if (query.next()) {
      Row row = query.row();
      finding = row.integer();
      payment_id = row.optional_payment_id();
      query.next();
    }
  }
  if (!finding || !payment_id) return {};
  return tell_of_finding(session, context, *payment_id, *finding, now);
}

constexpr const char* kDecidingKey = "deciding";

}  // namespace

TryState try_state(Session& session, core::EventId event) {
  Query query = session.query(
      "SELECT processed_at_ms IS NULL, parked, tries FROM event_progress WHERE event_id = ?");
  TryState state;
  if (!query.with(event).next()) return state;
  Row row = query.row();
  state.is_in_inbox = row.flag();
  state.is_parked = row.flag();
  state.tries = row.integer();
  return state;
}

void make_suspects(Session& session, const std::vector<core::EventId>& events) {
  for (const core::EventId event : events) {
    [[maybe_unused]] const int made =
        session
            .query(
                "UPDATE event_progress SET tries = 1 "
                "WHERE event_id = ? AND tries = 0 AND processed_at_ms IS NULL")
            .with(event)
            .run();
    RECONCILED_MARK_IF(made > 0, kSuspectOfCrash);
  }
}

// As ranges, "7-9,12-12": most events are decided in the order in which they came.
void note_deciding(Session& session, const std::vector<core::EventId>& events) {
  std::vector<std::int64_t> ids;
  for (const core::EventId event : events) ids.push_back(event.value);
  std::sort(ids.begin(), ids.end());
  std::string ranges;
  for (std::size_t i = 0; i < ids.size();) {
    std::size_t last = i;
    while (last + 1 < ids.size() && ids[last + 1] <= ids[last] + 1) ++last;
    if (!ranges.empty()) ranges += ',';
    ranges += std::to_string(ids[i]) + '-' + std::to_string(ids[last]);
    i = last + 1;
  }
  store_value(session, kDecidingKey, ranges);
}

std::vector<core::EventId> noted_deciding(Session& session) {
  Query query = session.query("SELECT value FROM meta WHERE key = ?");
  std::vector<core::EventId> events;
  if (!query.with(kDecidingKey).next()) return events;
  const std::string ranges = query.row().text();
  const char* at = ranges.data();
  const char* const end = at + ranges.size();
  while (at < end) {
    std::int64_t first = 0;
    std::int64_t last = 0;
    at = std::from_chars(at, end, first).ptr + 1;
    at = std::from_chars(std::min(at, end), end, last).ptr + 1;
    for (std::int64_t id = first; id <= last; ++id) events.push_back({id});
  }
  return events;
}

CountedTries count_tries_alone(Session& session, const DecisionContext& context,
                               const std::vector<core::EventId>& events, core::Time now) {
  CountedTries all;
  for (const core::EventId event : events) {
    const TryState state = try_state(session, event);
    if (state.is_parked) all.parked.push_back(event);
    if (!state.is_in_inbox) continue;
    if (!core::may_be_tried_again(state.tries)) {
      all.notifications = all.notifications + park(session, context, event, now);
      all.parked.push_back(event);
      continue;
    }
    RECONCILED_MARK(kTriedAlone);
    session.query("UPDATE event_progress SET tries = tries + 1 WHERE event_id = ?")
        .with(event)
        .run();
    all.counted.push_back(event);
  }
  return all;
}

void take_back_tries(Session& session, const std::vector<core::EventId>& events) {
  for (const core::EventId event : events) {
    session.query("UPDATE event_progress SET tries = tries - 1 WHERE event_id = ? AND tries > 0")
        .with(event)
        .run();
  }
}

void clear_tries(Session& session, const std::vector<core::EventId>& events) {
  for (const core::EventId event : events) {
    session.query("UPDATE event_progress SET tries = 0 WHERE event_id = ? AND tries > 0")
        .with(event)
        .run();
  }
}

bool replay_event(Session& session, core::EventId event) {
  return session
             .query(
                 "UPDATE event_progress SET tries = 0, parked = 0, processed_at_ms ="
                 "  CASE WHEN EXISTS (SELECT 1 FROM event e WHERE e.event_id = ?1"
                 "      AND e.kind = 'payment' AND e.source <> 'confirm'"
                 "      AND coalesce(e.payment_id, e.attempt_id) IS NOT NULL)"
                 "    THEN NULL ELSE processed_at_ms END "
                 "WHERE event_id = ?1")
             .with(event)
             .run() > 0;
}

}  // namespace reconciled::storage
