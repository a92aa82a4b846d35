// How many calls to one API of PortOne's may be in flight: as many as it takes.
//
// Begins low and doubles with each round of answers until PortOne says that it is enough (429, 503,
// silence, or answers that take much longer than they did): then it is halved at once and grows by
// one a round. One answer of many that is slow says nothing; a call that began before the last cut
// neither. Reads no clock. `now` from any thread, the rest from the loop's.
#pragma once

#include <atomic>
#include <chrono>

namespace reconciled::portone {

class InFlightLimit {
 public:
  using Steady = std::chrono::steady_clock;

  explicit InFlightLimit(int most);

  [[nodiscard]] int now() const { return now_.load(std::memory_order_relaxed); }
  // A call ended; `is_well`: not by what says that it is too much.
  void note(Steady::time_point begun, Steady::time_point ended, bool is_well);

  static constexpr int kFirst = 8;

 private:
  void cut(Steady::time_point at);
  [[nodiscard]] bool is_slower(Steady::duration took, Steady::time_point at);

  const int most_;
  std::atomic<int> now_;
  bool was_cut_ = false;
  double grown_ = 0;  // towards the next one more
  Steady::time_point cut_at_{};
  // The quickest answers of this stretch of time and of the one before: what PortOne takes by itself.
  Steady::time_point stretch_began_{};
  Steady::duration quickest_{Steady::duration::max()};
  Steady::duration quickest_before_{Steady::duration::max()};
  Steady::duration usual_{};  // a moving average
};

}  // namespace reconciled::portone
