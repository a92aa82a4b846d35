// The warning `log`: stands while lines of the log are being dropped, and for a while after.
//
// One thread, now and then. The log itself cannot tell: who reads it does not.
#pragma once

#include <cstdint>

#include "daemon/runtime/warnings.h"

namespace reconciled {

class LogWatch {
 public:
  explicit LogWatch(Warnings& warnings) : warnings_(warnings) {}

  // `dropped`: lines since the start of the process (log_dropped). `is_flowing`: nothing is queued.
  void look(core::Time now, std::uint64_t dropped, bool is_flowing);

 private:
  Warnings& warnings_;
  std::uint64_t seen_ = 0;
  std::uint64_t before_ = 0;  // when the warning was raised
  core::Time calm_at_{};
  bool stands_ = false;
};

}  // namespace reconciled
