#include "daemon/payment_waiters.h"

#include "daemon/core/states.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;
constexpr auto kAskAgain = 2s;

}  // namespace

void PaymentWaiters::wait(const core::PaymentId& payment_id, std::chrono::milliseconds at_most,
                          std::function<void()> finish) {
  std::uint64_t number = 0;
  {
    std::unique_lock lock(mutex_);
    if (stopped_) {
      lock.unlock();
      finish();
      return;
    }
    number = next_number_++;
    waiters_[payment_id].emplace(number, std::move(finish));
  }
  services_.reconciler.ask_about(payment_id);
  services_.timers.after(kAskAgain, [this, payment_id, number] { remind(payment_id, number); });
  services_.timers.after(at_most, [this, payment_id, number] { end(payment_id, number); });
}

void PaymentWaiters::remind(const core::PaymentId& payment_id, std::uint64_t number) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiters_.find(payment_id);
    if (found == waiters_.end() || !found->second.contains(number)) return;
  }
  services_.reconciler.ask_about(payment_id);
  services_.timers.after(kAskAgain, [this, payment_id, number] { remind(payment_id, number); });
}

void PaymentWaiters::end(const core::PaymentId& payment_id, std::uint64_t number) {
  std::function<void()> finish;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiters_.find(payment_id);
    if (found == waiters_.end()) return;
    const auto waiter = found->second.find(number);
    if (waiter == found->second.end()) return;
    finish = std::move(waiter->second);
    found->second.erase(waiter);
    if (found->second.empty()) waiters_.erase(found);
  }
  finish();
}

void PaymentWaiters::stop() {
  std::map<core::PaymentId, std::map<std::uint64_t, std::function<void()>>> ended;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    ended.swap(waiters_);
  }
  for (auto& [payment_id, waiters] : ended) {
    for (auto& [number, finish] : waiters) finish();
  }
}

void PaymentWaiters::committed(const storage::CommitNotice& notice) {
  std::vector<std::function<void()>> finished;
  {
    const std::lock_guard lock(mutex_);
    if (waiters_.empty()) return;
    for (const storage::Settled& settled : notice.changed) {
      if (!core::is_decided(settled.to)) continue;
      const auto found = waiters_.find(settled.payment_id);
      if (found == waiters_.end()) continue;
      for (auto& [number, finish] : found->second) finished.push_back(std::move(finish));
      waiters_.erase(found);
    }
  }
  for (const auto& finish : finished) finish();
}

}  // namespace reconciled
