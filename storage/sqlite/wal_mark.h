// Which database a `-wal` belongs to.
//
// SQLite lays any `-wal` whose checksums fit over the file beside it. Where a backup is copied over
// a database whose process was killed, the frames of the old file are laid over the new one, and
// what comes out is neither. So each time when everything stands in the database, the writer has
// the next commit write a new mark with the one before it, and every commit counts itself behind the
// mark: a WAL then says which state of which file it goes on from. The file beside it is in that
// state, or has the WAL's own mark; any other file is not its own.
//
// Not seen: a copy that was made since the newest mark. Where it was copied page by page, as
// sqlite3's `.backup` does, the WAL belongs to it as well, and the outcome is whole.
#pragma once

#include <stdexcept>
#include <string>

#include "storage/session.h"

namespace reconciled::storage {

// Says what to do.
struct ForeignWal : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Before anything opens the database for writing; the caller holds the DatabaseLock. Changes
// nothing. Throws ForeignWal, and DamagedWal (wal_end.h). What cannot be told is let be: a file without a mark, or one that a
// checkpoint was cut short in.
void check_wal(const std::string& path);

// Which commit of a WAL writes its mark: the second where the first one did not know that the WAL
// would begin anew with it.
enum class MarkAt { kFirstCommit, kSecondCommit };

// In a transaction of the writer's, while the newest mark stands in the database itself.
void mark_wal(Session& session, MarkAt at);
// In every other transaction that changes the file.
void count_commit(Session& session);

// Whether nothing waits in the WAL of a database that was just opened.
[[nodiscard]] bool is_wal_empty(const std::string& path);

}  // namespace reconciled::storage
