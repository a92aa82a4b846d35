#include <algorithm>

#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

// Where `meta` has the newest event that is in the index.
constexpr const char* kIndexedKey = "events_indexed_to";

}  // namespace

core::EventId newest_event(Session& session) {
  Query query = session.query("SELECT coalesce(max(event_id), 0) FROM event");
  query.next();
  return core::EventId{query.row().integer()};
}

void open_recent_events(Session& session) {
  session.exec("PRAGMA temp_store = MEMORY");
  session.exec(
      "CREATE TEMP TABLE event_recent ("
      "  subject TEXT NOT NULL, dedupe_hash INTEGER NOT NULL, event_id INTEGER NOT NULL,"
      "  PRIMARY KEY (subject, dedupe_hash)) STRICT, WITHOUT ROWID");
  // Those that are being moved into the index, in its order: each of its pages is written once.
  session.exec(
      "CREATE TEMP TABLE event_moving ("
      "  subject TEXT NOT NULL, dedupe_hash INTEGER NOT NULL, event_id INTEGER NOT NULL,"
      "  PRIMARY KEY (subject, dedupe_hash)) STRICT, WITHOUT ROWID");
  session.exec(
      "INSERT INTO event_recent "
      "SELECT coalesce(e.payment_id, e.attempt_id, ''), g.dedupe_hash, e.event_id "
      "FROM event e JOIN event_progress g USING (event_id) WHERE e.event_id > "
      "  (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'events_indexed_to')");
  session.exec(
      "CREATE TEMP VIEW event_by_subject AS "
      "SELECT subject, dedupe_hash, event_id FROM main.event_index UNION ALL "
      "SELECT subject, dedupe_hash, event_id FROM event_recent");
}

std::int64_t recent_events(Session& session) {
  return newest_event(session).value - load_number(session, kIndexedKey);
}

void index_events(Session& session, std::int64_t most) {
  const std::int64_t from = load_number(session, kIndexedKey);
  const std::int64_t to = std::min(from + most, newest_event(session).value);
  session
      .query(
          "INSERT INTO event_moving (subject, dedupe_hash, event_id) "
          "SELECT coalesce(e.payment_id, e.attempt_id, ''), g.dedupe_hash, e.event_id "
          "FROM event e JOIN event_progress g USING (event_id) "
          "WHERE e.event_id > ? AND e.event_id <= ? ON CONFLICT DO NOTHING")
      .with(from, to)
      .run();
  session
      .query(
          "INSERT INTO event_index (subject, dedupe_hash, event_id) "
          "SELECT subject, dedupe_hash, event_id FROM event_moving WHERE 1 ON CONFLICT DO NOTHING")
      .run();
  session
      .query(
          "DELETE FROM event_recent WHERE (subject, dedupe_hash) IN ("
          "  SELECT subject, dedupe_hash FROM event_moving)")
      .run();
  session.query("DELETE FROM event_moving").run();
  store_value(session, kIndexedKey, std::to_string(to));
}

}  // namespace reconciled::storage
