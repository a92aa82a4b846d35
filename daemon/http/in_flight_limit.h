// How many calls to one server may be in flight: as many as it takes.
//
// Begins low and doubles with each round of answers until it says that it is enough (429, 503,
// silence, or answers that take much longer than they usually do): then it is halved at once and grows
// by one a round. One answer of many that is slow says nothing; a call that began before the last cut
// neither. What is asked changes how long answers take, too: slowness alone never cuts below where it
// began. A call that hangs takes nobody's place: beyond some time it does not count, up to the most
// that is configured. Reads no clock. `now` from any thread, the rest from the loop's.
#pragma once

#include <atomic>
#include <chrono>
#include <set>

namespace reconciled::http {

class InFlightLimit {
 public:
  using Steady = std::chrono::steady_clock;

  explicit InFlightLimit(int most);

  [[nodiscard]] int now() const { return now_.load(std::memory_order_relaxed); }
  // How many hang, at the last look.
  [[nodiscard]] int hanging() const { return hanging_; }
  void began(Steady::time_point at);
  // A call that began then has ended; `is_well`: not by what says that it is too much.
  void ended(Steady::time_point began, Steady::time_point at, bool is_well);
  // Time went by.
  void look(Steady::time_point at);

  static constexpr int kFirst = 8;
  static constexpr std::chrono::seconds kHangs{2};

 private:
  void learn(Steady::time_point began, Steady::time_point at, bool is_well);
  void cut(Steady::time_point at, int least);
  [[nodiscard]] bool is_slower(Steady::duration took);

  const int most_;
  std::atomic<int> now_;
  std::multiset<Steady::time_point> in_flight_;  // when each began
  int limit_;                                    // of those that do not hang
  int hanging_ = 0;
  bool was_cut_ = false;
  double grown_ = 0;  // towards the next one more
  Steady::time_point cut_at_{};
  // Moving averages of how long answers take: of the last few, and of many.
  double recent_s_ = 0;
  double usual_s_ = 0;
};

}  // namespace reconciled::http
