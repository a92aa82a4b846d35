// Whether a WAL can be read up to its end.
//
// SQLite reads a WAL that a killed process left up to the first frame whose checksum does not fit, and
// takes that for the end: of a power cut it is, since what was acknowledged was synced before. Where a
// disk changed a frame in the middle, all commits behind it would vanish without a word. So the end is
// compared with what tells of more: the index beside it (`-shm`), which a commit is written to once it
// is synced, and frames behind that go on from a commit which cannot be read. A power cut leaves none of
// these, nor does a commit whose sync failed, which the next one was written over.
#pragma once

#include <stdexcept>
#include <string>

namespace reconciled::storage {

// Says what to do.
struct DamagedWal : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// Before anything opens the database, which would write the index anew; the caller holds the
// DatabaseLock. Changes nothing. Throws DamagedWal.
void check_wal_end(const std::string& path);

}  // namespace reconciled::storage
