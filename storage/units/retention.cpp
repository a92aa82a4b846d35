// Raw bodies and headers leave once they are old enough (promise 9); what rebuilding needs stands in
// classified columns and stays.
#include <algorithm>

#include "storage/units/notifications.h"
#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

// Few: others wait for the writer meanwhile.
constexpr std::int64_t kAtOnce = 128;
// So far is looked for the end of what a clock that ran ahead left: minutes of it.
constexpr std::int64_t kMostAhead = 20'000;

// A table that holds something raw; its rows have a number and a time, in order of the numbers.
struct RawTable {
  using Statement = Query (*)(Session&);
  const char* seen_key;  // where `meta` has the number of the newest that was emptied
  Statement rows;        // behind a number: number and time, so many of them
  Statement next;        // the time of the first in (?1, ?2] that is not later than ?3
  void (*empty)(Session&, std::int64_t after, std::int64_t to);
};

// Rows that shrink stay where they are, and no page comes free for what comes next. Given their own
// number anew they are taken out and put in again, and what is left of many shares a page.

void empty_events(Session& session, std::int64_t after, std::int64_t to) {
  session
      .query(
          "UPDATE event SET event_id = event_id, body = NULL, headers = NULL"
          "  WHERE event_id > ?1 AND event_id <= ?2 AND (body IS NOT NULL OR headers IS NOT NULL)")
      .with(after, to)
      .run();
}

void empty_snapshots(Session& session, std::int64_t after, std::int64_t to) {
  session.query("DELETE FROM snapshot_body WHERE snapshot_id > ?1 AND snapshot_id <= ?2")
      .with(after, to)
      .run();
  // Where they stood before.
  session
      .query(
          "UPDATE snapshot SET body = NULL"
          "  WHERE snapshot_id > ?1 AND snapshot_id <= ?2 AND body IS NOT NULL")
      .with(after, to)
      .run();
}

// One that still waits to be sent loses its body with its last try (note_try).
void empty_messages(Session& session, std::int64_t after, std::int64_t to) {
  session
      .query(
          "UPDATE notification SET notification_id = notification_id, body = ''"
          "  WHERE notification_id > ?1 AND notification_id <= ?2"
          "  AND state <> 'waiting' AND body <> ''")
      .with(after, to)
      .run();
}

constexpr RawTable kEvents{
    "raw_events_to",
    [](Session& session) {
      return session.query("SELECT event_id, received_at_ms FROM event WHERE event_id > ? "
                           "ORDER BY event_id LIMIT ?");
    },
    [](Session& session) {
      return session.query("SELECT received_at_ms FROM event WHERE event_id > ?1 AND event_id <= ?2"
                           "  AND received_at_ms <= ?3 ORDER BY event_id LIMIT 1");
    },
    empty_events};

constexpr RawTable kSnapshots{
    "raw_snapshots_to",
    [](Session& session) {
      return session.query("SELECT snapshot_id, asked_at_ms FROM snapshot WHERE snapshot_id > ? "
                           "ORDER BY snapshot_id LIMIT ?");
    },
    [](Session& session) {
      return session.query(
          "SELECT asked_at_ms FROM snapshot WHERE snapshot_id > ?1 AND snapshot_id <= ?2"
          "  AND asked_at_ms <= ?3 ORDER BY snapshot_id LIMIT 1");
    },
    empty_snapshots};

constexpr RawTable kMessages{
    kRawMessagesKey,
    [](Session& session) {
      return session.query(
          "SELECT notification_id, created_at_ms FROM notification WHERE notification_id > ? "
          "ORDER BY notification_id LIMIT ?");
    },
    [](Session& session) {
      return session.query(
          "SELECT created_at_ms FROM notification WHERE notification_id > ?1"
          "  AND notification_id <= ?2 AND created_at_ms <= ?3 ORDER BY notification_id LIMIT 1");
    },
    empty_messages};

struct Slice {
  std::int64_t last = 0;   // the newest that is older, or is known to be
  std::int64_t count = 0;  // up to it
  std::int64_t ahead_to = 0;     // behind it: those whose time has not come
  std::int64_t ahead_count = 0;
};

// Those in front that are older. A row whose time has not come was stored by a clock that ran ahead:
// it is as old as the next one that was stored by a right one.
Slice older_in_front(Query query, std::int64_t seen, const Retained& retained) {
  Slice slice{.last = seen};
  query.with(seen, kAtOnce);
  while (query.next()) {
    Row row = query.row();
    const std::int64_t number = row.integer();
    const core::Time at = row.time();
    if (at > retained.now) {
      slice.ahead_to = number;
      slice.ahead_count += 1;
      continue;
    }
    if (at >= retained.from) {
      slice.ahead_count = 0;
      break;
    }
    slice.last = number;
    slice.count += slice.ahead_count + 1;
    slice.ahead_count = 0;
  }
  return slice;
}

std::int64_t empty_some(Session& session, const RawTable& table, const Retained& retained) {
  const std::int64_t seen = load_number(session, table.seen_key);
  Slice slice = older_in_front(table.rows(session), seen, retained);
  if (slice.ahead_count > 0) {
    Query next = table.next(session);
    next.with(slice.ahead_to, slice.ahead_to + kMostAhead, retained.now);
    if (next.next() && next.row().time() < retained.from) {
      slice.last = slice.ahead_to;
      slice.count += slice.ahead_count;
    }
  }
  if (slice.count == 0) return 0;
  table.empty(session, seen, slice.last);
  store_value(session, table.seen_key, std::to_string(slice.last));
  return slice.count;
}

}  // namespace

Emptied empty_raw(Session& session, const Retained& retained) {
  Emptied emptied;
  emptied.events = empty_some(session, kEvents, retained);
  emptied.snapshots = empty_some(session, kSnapshots, retained);
  emptied.messages = empty_some(session, kMessages, retained);
  emptied.has_more = std::max({emptied.events, emptied.snapshots, emptied.messages}) == kAtOnce;
  return emptied;
}

}  // namespace reconciled::storage
