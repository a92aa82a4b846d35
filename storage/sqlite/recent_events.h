// The index of events by subject has random keys, and a page of it to write for nearly every event.
// So the writer writes it behind the events: what is newer stands in a table of its own connection,
// in memory, and `event_by_subject` is both. (Other connections have a view of the same name.)
#pragma once

#include "storage/sqlite/sqlite_session.h"

namespace reconciled::storage {

// On the writer's connection, once.
void open_recent_events(SqliteSession& session);
// How many events, at most, are not in the index yet.
[[nodiscard]] std::int64_t recent_events(Session& session);
// Indexes the oldest of them, `most` at most.
void index_recent_events(Session& session, std::int64_t most);

}  // namespace reconciled::storage
