// What a test and the library below the daemon (faulty_disk.cpp) share: a mapped file with the
// faults of now, and a journal of what was written and synced.
//
// The library touches the database and its WAL alone, by their names. The test sets members at any
// time; they hold for the next call.
#pragma once

#include <atomic>
#include <cstdint>

namespace reconciled::test {

inline constexpr const char* kDiskControl = "FAULTY_DISK_CONTROL";    // the mapped file's path
inline constexpr const char* kDiskDatabase = "FAULTY_DISK_DATABASE";  // the database's file name
inline constexpr const char* kDiskJournal = "FAULTY_DISK_JOURNAL";    // unset: there is none

inline constexpr std::uint8_t kDatabaseFile = 1;
inline constexpr std::uint8_t kWalFile = 2;

struct DiskControl {
  std::atomic<int> write_error{0};  // what writes fail with, an errno; 0: they do not
  std::atomic<int> sync_error{0};   // fsync and fdatasync
  // Writes end early. With `write_error` the rest of a page is what fails.
  std::atomic<bool> is_short{false};
  std::atomic<unsigned> files{kDatabaseFile | kWalFile};  // which of them fail
  std::atomic<unsigned> one_in{1};                        // each n-th call that could fail does
  std::atomic<unsigned> commit_delay_us{0};  // before the first write to the WAL after a sync
  // By the library:
  std::atomic<std::uint64_t> calls{0};   // that could fail
  std::atomic<std::uint64_t> faults{0};  // that did
  std::atomic<std::uint64_t> database_syncs{0};
  std::atomic<std::uint64_t> journal_bytes{0};
};

// One entry of the journal; the bytes follow a write.
struct DiskRecord {
  enum class Kind : std::uint8_t { kWrite, kSync, kFailedSync, kTruncate, kRemove };
  Kind kind = Kind::kWrite;
  std::uint8_t file = 0;
  std::uint32_t size = 0;
  std::uint64_t offset = 0;  // a truncated file's new size
};

}  // namespace reconciled::test
