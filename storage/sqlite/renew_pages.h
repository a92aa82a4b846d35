// Makes durable what a checkpoint whose sync failed had moved. For the checkpointer alone.
#pragma once

#include "storage/sqlite/sqlite_session.h"

namespace reconciled::storage {

// Writes the pages of the database that stand in the WAL over themselves; the next sync is for them
// too. An error code of SQLite, or SQLITE_OK.
//
// SQLite syncs the database with the checkpoint that moves the last page of the WAL. When that sync
// fails, Linux drops all that was to be written and keeps it in its cache: no later sync writes it
// (see renew_wal.h). SQLite moves again what this checkpoint moved, but not what earlier ones did
// that left some for later; then the WAL begins anew, and a power cut finds these pages nowhere.
//
// Through the files of the connection itself: closing another descriptor of the database would drop
// the process's locks. Nobody else may checkpoint meanwhile.
[[nodiscard]] int renew_pages(SqliteSession& session);

}  // namespace reconciled::storage
