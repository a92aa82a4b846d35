#include "storage/units.h"

namespace reconciled::storage {
namespace {

// Promise 8: three tries, then the line moves on.
constexpr std::int64_t kMaxTries = 3;

void park(Session& session, core::EventId event, core::Time now) {
  session
      .query("UPDATE event_progress SET processed_at_ms = ?, parked = 1 WHERE event_id = ?")
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

}  // namespace

std::vector<core::EventId> count_tries(Session& session, const std::vector<core::EventId>& events,
                                       core::Time now, std::set<core::EventId>& counted) {
  std::vector<core::EventId> may_be_tried;
  for (const core::EventId event : events) {
    std::optional<std::int64_t> tries;
    {
      Query query = session.query(
          "SELECT tries FROM event_progress WHERE event_id = ? AND processed_at_ms IS NULL");
      if (query.with(event).next()) tries = query.row().integer();
    }
    if (!tries) continue;
    if (counted.contains(event)) {
      may_be_tried.push_back(event);
      continue;
    }
    if (*tries >= kMaxTries) {
      park(session, event, now);
      continue;
    }
    session.query("UPDATE event_progress SET tries = tries + 1 WHERE event_id = ?")
        .with(event)
        .run();
    counted.insert(event);
    may_be_tried.push_back(event);
  }
  return may_be_tried;
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
