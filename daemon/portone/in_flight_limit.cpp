#include "daemon/portone/in_flight_limit.h"

#include <algorithm>
#include <iterator>

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

InFlightLimit::InFlightLimit(int most)
    : most_(most), now_(std::min(most, kFirst)), limit_(now_) {}

void InFlightLimit::began(Steady::time_point at) { in_flight_.insert(at); }

void InFlightLimit::ended(Steady::time_point began, Steady::time_point at, bool is_well) {
  if (const auto call = in_flight_.find(began); call != in_flight_.end()) in_flight_.erase(call);
  learn(began, at, is_well);
  look(at);
}

void InFlightLimit::look(Steady::time_point at) {
  const auto hanging =
      std::distance(in_flight_.begin(), in_flight_.upper_bound(at - Steady::duration(kHangs)));
  now_ = std::min(most_, limit_ + static_cast<int>(hanging));
}

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
  limit_ = std::max(std::min(most_, kLeast), limit_ / 2);
  was_cut_ = true;
  grown_ = 0;
  cut_at_ = at;
  usual_ = {};
}

void InFlightLimit::learn(Steady::time_point began, Steady::time_point at, bool is_well) {
  const bool is_too_much = !is_well || is_slower(at - began, at);
  if (is_too_much) {
    if (began >= cut_at_) cut(at);
    return;
  }
  grown_ += was_cut_ ? 1.0 / limit_ : 1.0;
  if (grown_ < 1) return;
  grown_ -= 1;
  limit_ = std::min(most_, limit_ + 1);
}

}  // namespace reconciled::portone
