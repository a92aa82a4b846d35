#include "storage/sqlite/recent_events.h"

#include <algorithm>

namespace reconciled::storage {
namespace {

// Where `meta` has the newest event that is in the index; and the newest there is.
struct Span {
  std::int64_t indexed = 0;
  std::int64_t newest = 0;
};
Span load_span(Session& session) {
  Query query = session.query(
      "SELECT (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'events_indexed_to'),"
      "  (SELECT coalesce(max(event_id), 0) FROM event)");
  query.next();
  Row row = query.row();
  const std::int64_t indexed = row.integer();
  return {indexed, row.integer()};
}

}  // namespace

void open_recent_events(SqliteSession& session) {
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
  const Span span = load_span(session);
  return span.newest - span.indexed;
}

void index_recent_events(Session& session, std::int64_t most) {
  const Span span = load_span(session);
  const std::int64_t to = std::min(span.indexed + most, span.newest);
  session
      .query(
          "INSERT INTO event_moving (subject, dedupe_hash, event_id) "
          "SELECT coalesce(e.payment_id, e.attempt_id, ''), g.dedupe_hash, e.event_id "
          "FROM event e JOIN event_progress g USING (event_id) "
          "WHERE e.event_id > ? AND e.event_id <= ? ON CONFLICT DO NOTHING")
      .with(span.indexed, to)
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
  session.query("UPDATE meta SET value = CAST(?1 AS TEXT) WHERE key = 'events_indexed_to'")
      .with(to)
      .run();
}

}  // namespace reconciled::storage
