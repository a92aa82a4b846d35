// Raw bodies and headers leave once they are old enough (promise 9); what rebuilding needs stands in
// classified columns and stays.
#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

// Few: others wait for the writer meanwhile.
constexpr std::int64_t kAtOnce = 128;

// Rows in the order of their numbers, of which each older than `before` is emptied.
struct Kept {
  const char* cursor;  // where `meta` has the number of the newest that was emptied
  const char* select;  // number and time behind a number, in order
  const char* update;  // empties those behind the first number and up to the second
};

constexpr Kept kEvents{
    "raw_events_to",
    "SELECT event_id, received_at_ms FROM event WHERE event_id > ? ORDER BY event_id LIMIT ?",
    "UPDATE event SET body = NULL, headers = NULL WHERE event_id > ? AND event_id <= ?"
    "  AND (body IS NOT NULL OR headers IS NOT NULL)"};
constexpr Kept kSnapshots{
    "raw_snapshots_to",
    "SELECT snapshot_id, asked_at_ms FROM snapshot WHERE snapshot_id > ? ORDER BY snapshot_id LIMIT ?",
    "UPDATE snapshot SET body = NULL WHERE snapshot_id > ? AND snapshot_id <= ?"
    "  AND body IS NOT NULL"};

std::int64_t empty_some(Session& session, const Kept& kept, core::Time before, bool& has_more) {
  const std::int64_t seen = load_number(session, kept.cursor);
  std::int64_t last = seen;
  std::int64_t count = 0;
  {
    Query query = session.query(kept.select);
    query.with(seen, kAtOnce);
    while (query.next()) {
      Row row = query.row();
      const std::int64_t number = row.integer();
      if (row.time() >= before) break;
      last = number;
      ++count;
    }
  }
  if (last == seen) return 0;
  session.query(kept.update).with(seen, last).run();
  store_value(session, kept.cursor, std::to_string(last));
  has_more = has_more || count == kAtOnce;
  return count;
}

}  // namespace

Emptied empty_raw(Session& session, core::Time before) {
  Emptied emptied;
  emptied.events = empty_some(session, kEvents, before, emptied.has_more);
  emptied.snapshots = empty_some(session, kSnapshots, before, emptied.has_more);
  return emptied;
}

}  // namespace reconciled::storage
