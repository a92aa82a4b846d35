// A disk below the daemon that fails on demand, and power cuts made from its journal.
//
// Not under sanitizers: nothing can be preloaded below them.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "tests/e2e/child_process.h"
#include "tests/support/faulty_disk.h"
#include "tests/support/temporary_folder.h"

namespace reconciled::e2e {

struct DiskFault {
  std::string name;
  int write_error = 0;
  int sync_error = 0;
  bool is_short = false;
  unsigned one_in = 1;
  unsigned files = test::kDatabaseFile | test::kWalFile;
};

class FaultyDisk {
 public:
  enum class Journal { kNone, kKept };
  explicit FaultyDisk(Journal journal = Journal::kNone);
  ~FaultyDisk();
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  // `command` with this disk below it; its database is named `reconciled.db`.
  [[nodiscard]] Command below(Command command = {}) const;
  void fail(const DiskFault& fault);
  void heal() { fail({}); }
  // Slow commits: there is time for a kill within one.
  void slow_down(unsigned delay_us) { control_->commit_delay_us = delay_us; }
  [[nodiscard]] std::uint64_t faults() const { return control_->faults; }
  // One or two a checkpoint.
  [[nodiscard]] std::uint64_t database_syncs() const { return control_->database_syncs; }
  // How far the journal has come.
  [[nodiscard]] std::uint64_t journal_bytes() const { return control_->journal_bytes; }

  // Puts into `folder` what stands on the disk when the power fails after so much of the journal:
  // what was synced, and of the rest nothing or, with `random`, some of it. A failed sync leaves
  // what it was for unwritten for good, as Linux does.
  void cut_power(std::uint64_t at, std::mt19937* random, const std::string& folder) const;

 private:
  test::TemporaryFolder folder_;
  test::DiskControl* control_ = nullptr;
  bool keeps_journal_;
};

}  // namespace reconciled::e2e
