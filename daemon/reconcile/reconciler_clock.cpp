// What the reconciler does where somebody sets our clock.
#include "daemon/reconcile/reconciler.h"
#include "daemon/runtime/log.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;

constexpr core::Time::duration kNoteClock = 30s;

}  // namespace

// A schedule of ten minutes takes ten minutes, whoever sets the clock meanwhile. The file remembers
// what time it was, so that a start can tell that the clock went back before it.
void Reconciler::follow_clock() {
  if (const auto adopted = adopted_step_.exchange(0ms); adopted != 0ms) move_memory(adopted);
  const core::Time now = clock_.now();
  const std::chrono::milliseconds step = clock_.step();
  if (step != 0ms && followed_step_.load() == 0ms) {
    followed_step_ = step;
    log_warn("the clock was set", {{"by_ms", static_cast<std::int64_t>(step.count())}});
    writer_.shift_plans(step, now, [this, step](const auto& outcome) {
      if (outcome.ok()) {
        clock_.adopt(step);
        adopted_step_ = step;
      }
      const std::lock_guard lock(mutex_);
      followed_step_ = 0ms;
      has_mail_ = true;
      wake_.notify_one();
    });
  }
  if (step == 0ms && (now < clock_noted_at_ || now >= clock_noted_at_ + kNoteClock)) {
    clock_noted_at_ = now;
    writer_.put(storage::kClockSeenKey, std::to_string(core::to_ms(now)));
  }
}

// What waits in memory keeps its distance from now, too; what only spares PortOne begins anew.
void Reconciler::move_memory(std::chrono::milliseconds step) {
  std::multimap<core::Time, core::EventId> moved;
  for (const auto& [until, event] : postponed_) moved.emplace(until + step, event);
  postponed_.swap(moved);
  unknown_ = {};
  budget_ = LookupBudget{kStrangerRates};
  payment_budget_ = LookupBudget{kPaymentRates};
  ask_unwritten_at_ = claim_due_at_ = {};
  forget_at_ = core::Time{};
}

}  // namespace reconciled
