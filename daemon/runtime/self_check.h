// What the daemon looks at now and then of the world that it stands in: room on the disk, and
// whether what was stored is decided in time. Raises and lowers warnings.
//
// Called by the main thread, between its signals; reading is handed to the reader threads.
#pragma once

#include "daemon/core/config/config.h"
#include "daemon/runtime/reader_pool.h"
#include "daemon/runtime/warnings.h"

namespace reconciled {

class SelfCheck {
 public:
  SelfCheck(const core::Config& config, const Clock& clock, ReaderPool& readers, Warnings& warnings)
      : config_(config), clock_(clock), readers_(readers), warnings_(warnings) {}

  // At most every few seconds does more than return.
  void look();

 private:
  void look_at_disk();
  void look_at_inbox(storage::Reader& reader);

  const core::Config& config_;
  const Clock& clock_;
  ReaderPool& readers_;
  Warnings& warnings_;
  std::chrono::steady_clock::time_point next_{};
};

}  // namespace reconciled
