// Makes durable what a new process finds in the WAL. For the writer alone, when it opens.
#pragma once

#include <string>

#include "storage/sqlite/sqlite_session.h"

namespace reconciled::storage {

// Writes the bytes of `path`-wal over themselves and syncs them, under the write lock.
//
// When a sync fails, Linux drops the pages from the list of what is to be written and keeps them in
// its cache: no later sync writes them. The process whose commit failed writes these pages of the
// WAL again with its next commit. But if it ends before, the next one takes the failed commit for a
// good one, since the cache has it whole, and appends to it; a power cut then leaves a hole, and
// everything behind the hole is lost, acknowledged or not. Throws where the WAL cannot be written.
void renew_wal(SqliteSession& session, const std::string& path);

}  // namespace reconciled::storage
