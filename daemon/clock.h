// The clock as the daemon's parts see it: handed in, so that tests own the time.
#pragma once

#include <chrono>

#include "daemon/core/time.h"

namespace reconciled {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual core::Time now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] core::Time now() const override {
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  }
};

}  // namespace reconciled
