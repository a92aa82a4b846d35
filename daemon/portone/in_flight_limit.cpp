#include "daemon/portone/in_flight_limit.h"

#include <algorithm>

namespace reconciled::portone {
namespace {

using namespace std::chrono_literals;

constexpr auto kStretch = 10s;
// Slower than this many times the quickest, and than that plus some, is too much.
constexpr int kTimes = 3;
constexpr auto kAndSome = 50ms;
constexpr int kAverageOf = 8;
// Fewer would have one answer that takes long hold up all others.
constexpr int kLeast = 2;

}  // namespace

InFlightLimit::InFlightLimit(int most) : most_(most), now_(std::min(most, kFirst)) {}

bool InFlightLimit::is_slower(Steady::duration took, Steady::time_point at) {
  if (at - stretch_began_ >= kStretch) {
    stretch_began_ = at;
    quickest_before_ = quickest_;
    quickest_ = Steady::duration::max();
  }
  quickest_ = std::min(quickest_, took);
  usual_ += (took - usual_) / kAverageOf;
  const auto quickest = std::min(quickest_, quickest_before_);
  return usual_ > quickest * kTimes + kAndSome;
}

void InFlightLimit::cut(Steady::time_point at) {
  now_ = std::max(std::min(most_, kLeast), now_ / 2);
  was_cut_ = true;
  grown_ = 0;
  cut_at_ = at;
  usual_ = {};
}

void InFlightLimit::note(Steady::time_point begun, Steady::time_point ended, bool is_well) {
  const bool is_too_much = !is_well || is_slower(ended - begun, ended);
  if (is_too_much) {
    if (begun >= cut_at_) cut(ended);
    return;
  }
  grown_ += was_cut_ ? 1.0 / now_ : 1.0;
  if (grown_ < 1) return;
  grown_ -= 1;
  now_ = std::min(most_, now_ + 1);
}

}  // namespace reconciled::portone
