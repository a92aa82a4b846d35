// The clock as the daemon's parts see it: handed in, so that tests own the time.
//
// It drives schedules and is shown to people; what is newer than what is decided by numbers.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>

#include "daemon/core/words/time.h"

namespace reconciled {

class Clock {
 public:
  virtual ~Clock() = default;
  // Goes on evenly: what is planned is planned by it.
  [[nodiscard]] virtual core::Time now() const = 0;
  // What the machine's clock says, for comparing with another machine's.
  [[nodiscard]] virtual core::Time wall() const { return now(); }
  // From the machine's time at the start on, the time that has passed, whoever sets the clock: for
  // what lives some minutes in the hands of others.
  [[nodiscard]] virtual core::Time paced() const { return now(); }
  // By how much the machine's clock was set and `now` was not yet.
  [[nodiscard]] virtual std::chrono::milliseconds step() const { return {}; }
  // `now` takes that much of the step over: what was planned was moved along.
  virtual void adopt(std::chrono::milliseconds step) { static_cast<void>(step); }
};

// The machine's clock. Where somebody sets it, `now` keeps its pace (a deadline of ten minutes takes
// ten minutes) until the step is adopted; what a time server corrects in small parts is followed.
// Any thread.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] core::Time now() const override;
  [[nodiscard]] core::Time wall() const override;
  [[nodiscard]] core::Time paced() const override;
  [[nodiscard]] std::chrono::milliseconds step() const override;
  void adopt(std::chrono::milliseconds step) override;

 private:
  using Milliseconds = std::chrono::milliseconds::rep;
  void notice(Milliseconds offset) const;

  mutable std::mutex mutex_;  // guards noticing a step, which is rare
  // How far the machine's clock is ahead of the one that is never set, as it was seen last.
  mutable std::atomic<Milliseconds> offset_ = measure();
  mutable std::atomic<Milliseconds> step_{0};

  static Milliseconds measure();
  const Milliseconds first_offset_ = measure();
};

}  // namespace reconciled
