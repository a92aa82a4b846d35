#include "daemon/http/in_flight_limit.h"

#include <algorithm>
#include <iterator>

namespace reconciled::http {
namespace {

// So much slower than usual, and than that plus some, is too much.
constexpr double kTimes = 2;
constexpr double kAndSomeSeconds = 0.05;
constexpr double kRecent = 16;  // answers
constexpr double kUsual = 512;
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
  hanging_ = static_cast<int>(
      std::distance(in_flight_.begin(), in_flight_.upper_bound(at - Steady::duration(kHangs))));
  now_ = std::min(most_, limit_ + hanging_);
}

bool InFlightLimit::is_slower(Steady::duration took) {
  const double seconds = std::chrono::duration<double>(took).count();
  if (usual_s_ == 0) recent_s_ = usual_s_ = seconds;
  recent_s_ += (seconds - recent_s_) / kRecent;
  usual_s_ += (seconds - usual_s_) / kUsual;
  return recent_s_ > usual_s_ * kTimes + kAndSomeSeconds;
}

void InFlightLimit::cut(Steady::time_point at, int least) {
  limit_ = std::max(std::min(limit_, least), limit_ / 2);
  was_cut_ = true;
  grown_ = 0;
  cut_at_ = at;
}

void InFlightLimit::learn(Steady::time_point began, Steady::time_point at, bool is_well) {
  const bool is_too_much = !is_well || is_slower(at - began);
  if (is_too_much) {
    if (began >= cut_at_) cut(at, is_well ? kFirst : kLeast);
    return;
  }
  grown_ += was_cut_ ? 1.0 / limit_ : 1.0;
  if (grown_ < 1) return;
  grown_ -= 1;
  limit_ = std::min(most_, limit_ + 1);
}

}  // namespace reconciled::http
