// Gives pages of the database that nothing stands on back to the disk. For the writer alone.
#pragma once

#include "storage/sqlite/sqlite_session.h"

namespace reconciled::storage {

// What PRAGMA auto_vacuum says of a file that can give pages back.
inline constexpr int kIncrementalVacuum = 2;

// Some of those that are more than what comes next can use, in a transaction: others wait meanwhile.
// Whether there are more. Of a file that was made before this was possible none: a copy of it
// (backup.h) can.
//
// Pages from the file's end take the places of free ones, so the file gets shorter
// (https://sqlite.org/pragma.html#pragma_incremental_vacuum); the next checkpoint cuts it.
[[nodiscard]] bool give_back_pages(SqliteSession& session);

}  // namespace reconciled::storage
