#include "daemon/runtime/clock.h"

#include <cstdlib>

namespace reconciled {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

// Time servers correct less than this at once, and nothing here hangs on it.
constexpr milliseconds kSmallest = 2s;

milliseconds steady() {
  return std::chrono::floor<milliseconds>(std::chrono::steady_clock::now().time_since_epoch());
}

milliseconds system() {
  return std::chrono::floor<milliseconds>(std::chrono::system_clock::now().time_since_epoch());
}

}  // namespace

SystemClock::Milliseconds SystemClock::measure() { return (system() - steady()).count(); }

core::Time SystemClock::wall() const { return core::from_ms(system().count()); }

core::Time SystemClock::paced() const {
  return core::from_ms(steady().count() + first_offset_);
}

core::Time SystemClock::now() const {
  const milliseconds at = system();
  const Milliseconds offset = (at - steady()).count();
  const Milliseconds known = offset_.load(std::memory_order_relaxed);
  if (std::abs(offset - known) > kSmallest.count()) {
    notice(offset);
  } else if (offset != known) {
    offset_.store(offset, std::memory_order_relaxed);
  }
  return core::from_ms(at.count() - step_.load(std::memory_order_relaxed));
}

void SystemClock::notice(Milliseconds offset) const {
  const std::lock_guard lock(mutex_);
  const Milliseconds moved = offset - offset_.load(std::memory_order_relaxed);
  if (std::abs(moved) <= kSmallest.count()) return;  // another thread was here
  step_.fetch_add(moved, std::memory_order_relaxed);
  offset_.store(offset, std::memory_order_relaxed);
}

milliseconds SystemClock::step() const {
  (void)now();
  return milliseconds(step_.load(std::memory_order_relaxed));
}

void SystemClock::adopt(milliseconds step) {
  step_.fetch_sub(step.count(), std::memory_order_relaxed);
}

}  // namespace reconciled
