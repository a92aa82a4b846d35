#include "daemon/core/decision/trials.h"
#include "daemon/core/words/mark.h"
#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

void park(Session& session, core::EventId event, core::Time now) {
  session.query("UPDATE event_progress SET processed_at_ms = ?, parked = 1 WHERE event_id = ?")
      .with(now, event)
      .run();
  session
      .query(
          "INSERT INTO finding (payment_id, kind, cause, open, detail, opened_at_ms) "
          "SELECT coalesce(payment_id, attempt_id, ''), ?1, ?2, 1, ?3, ?4 FROM event "
          "WHERE event_id = ?5 ON CONFLICT DO NOTHING")
      .with(core::FindingKind::kPoisoned, std::to_string(event.value),
            "Deciding on event " + std::to_string(event.value) +
                " failed three times and it was put aside. Its evidence is kept: look at the log, "
                "update reconciled, then replay the event.",
            now, event)
      .run();
}

// Of an event that is in the inbox; nothing for others, and those parked go to `counted`.
std::optional<std::int64_t> tries_of(Session& session, core::EventId event, CountedTries& counted) {
  Query query = session.query(
      "SELECT tries, parked FROM event_progress "
      "WHERE event_id = ? AND (processed_at_ms IS NULL OR parked = 1)");
  if (!query.with(event).next()) return std::nullopt;
  Row row = query.row();
  const std::int64_t tries = row.integer();
  if (!row.flag()) return tries;
  counted.parked.push_back(event);
  return std::nullopt;
}

void count_try(Session& session, core::EventId event) {
  session.query("UPDATE event_progress SET tries = tries + 1 WHERE event_id = ?").with(event).run();
}

}  // namespace

CountedTries count_tries(Session& session, const std::vector<core::EventId>& events,
                         std::set<core::EventId>& counted) {
  CountedTries all;
  for (const core::EventId event : events) {
    const std::optional<std::int64_t> tries = tries_of(session, event, all);
    if (!tries) continue;
    switch (core::first_try(*tries, counted.contains(event))) {
      case core::FirstTry::kBegins:
        count_try(session, event);
        counted.insert(event);
        all.counted.push_back(event);
        break;
      case core::FirstTry::kUnderWay:
        all.under_way.push_back(event);
        break;
      case core::FirstTry::kSuspect:
        RECONCILED_MARK(kSuspectOfCrash);
        all.suspects.push_back({event, *tries});
        break;
    }
  }
  return all;
}

CountedTries count_tries_alone(Session& session, const std::vector<core::EventId>& events,
                               core::Time now) {
  CountedTries all;
  for (const core::EventId event : events) {
    const std::optional<std::int64_t> tries = tries_of(session, event, all);
    if (!tries) continue;
    if (!core::may_be_tried_again(*tries)) {
      park(session, event, now);
      all.parked.push_back(event);
      continue;
    }
    RECONCILED_MARK(kTriedAlone);
    count_try(session, event);
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
