// Raw bodies and headers leave once they are old enough (promise 9); what rebuilding needs stands in
// classified columns and stays.
#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

// Few: others wait for the writer meanwhile.
constexpr std::int64_t kAtOnce = 128;

// Where `meta` has the number of the newest that was emptied.
constexpr const char* kEventsKey = "raw_events_to";
constexpr const char* kSnapshotsKey = "raw_snapshots_to";

struct Slice {
  std::int64_t last = 0;
  std::int64_t count = 0;
};

// Of rows with a number and a time, in order of the numbers: those in front that are older.
Slice older_in_front(Query query, std::int64_t seen, core::Time before) {
  Slice slice{.last = seen};
  query.with(seen, kAtOnce);
  while (query.next()) {
    Row row = query.row();
    const std::int64_t number = row.integer();
    if (row.time() >= before) break;
    slice.last = number;
    slice.count += 1;
  }
  return slice;
}

std::int64_t empty_events(Session& session, core::Time before) {
  const std::int64_t seen = load_number(session, kEventsKey);
  const Slice slice = older_in_front(
      session.query("SELECT event_id, received_at_ms FROM event WHERE event_id > ? "
                    "ORDER BY event_id LIMIT ?"),
      seen, before);
  if (slice.count == 0) return 0;
  session
      .query(
          "UPDATE event SET body = NULL, headers = NULL WHERE event_id > ? AND event_id <= ?"
          "  AND (body IS NOT NULL OR headers IS NOT NULL)")
      .with(seen, slice.last)
      .run();
  store_value(session, kEventsKey, std::to_string(slice.last));
  return slice.count;
}

std::int64_t empty_snapshots(Session& session, core::Time before) {
  const std::int64_t seen = load_number(session, kSnapshotsKey);
  const Slice slice = older_in_front(
      session.query("SELECT snapshot_id, asked_at_ms FROM snapshot WHERE snapshot_id > ? "
                    "ORDER BY snapshot_id LIMIT ?"),
      seen, before);
  if (slice.count == 0) return 0;
  session
      .query(
          "UPDATE snapshot SET body = NULL WHERE snapshot_id > ? AND snapshot_id <= ?"
          "  AND body IS NOT NULL")
      .with(seen, slice.last)
      .run();
  store_value(session, kSnapshotsKey, std::to_string(slice.last));
  return slice.count;
}

}  // namespace

Emptied empty_raw(Session& session, core::Time before) {
  Emptied emptied;
  emptied.events = empty_events(session, before);
  emptied.snapshots = empty_snapshots(session, before);
  emptied.has_more = emptied.events == kAtOnce || emptied.snapshots == kAtOnce;
  return emptied;
}

}  // namespace reconciled::storage
