#include "daemon/admin/payment_waiters.h"

#include "daemon/core/words/states.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;
using core::Result;

constexpr auto kAskAgain = 2s;

// A deposit comes in hours, and its webhook tells of it: asking for it every 2 s tells nothing.
bool may_change_any_moment(Result result) {
  return result == Result::kNone || result == Result::kReady || result == Result::kPending;
}

}  // namespace

bool PaymentWaiters::is_fulfilled(const Wish& wish, const State& state) {
  if (wish.above_version) return state.version > *wish.above_version;
  return core::is_decided(state.result) || state.result == Result::kAwaitingDeposit;
}

void PaymentWaiters::wait(const Wish& wish, const std::optional<State>& now,
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
    waiters_[wish.payment_id].emplace(
        number, Waiter{wish, now ? now->result : Result::kNone, std::move(finish)});
  }
  lookups_.look_up_soon(wish.payment_id);
  timers_.after(kAskAgain, [this, id = wish.payment_id, number] { remind(id, number); });
  timers_.after(wish.at_most, [this, id = wish.payment_id, number] { end(id, number); });
}

void PaymentWaiters::wait_for_any(std::chrono::milliseconds at_most, std::function<void()> finish) {
  std::uint64_t number = 0;
  {
    std::unique_lock lock(mutex_);
    if (stopped_) {
      lock.unlock();
      finish();
      return;
    }
    number = next_number_++;
    for_any_.emplace(number, std::move(finish));
  }
  timers_.after(at_most, [this, number] { end_any(number); });
}

bool PaymentWaiters::wait_for_telling(const core::PaymentId& payment_id,
                                      std::chrono::milliseconds at_most,
                                      std::function<void()> finish) {
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return false;
    number = next_number_++;
    for_telling_[payment_id].emplace(number, std::move(finish));
  }
  timers_.after(at_most, [this, payment_id, number] { end_telling(payment_id, number); });
  return true;
}

void PaymentWaiters::end_telling(const core::PaymentId& payment_id, std::uint64_t number) {
  std::function<void()> finish;
  {
    const std::lock_guard lock(mutex_);
    const auto found = for_telling_.find(payment_id);
    if (found == for_telling_.end()) return;
    const auto waiter = found->second.find(number);
    if (waiter == found->second.end()) return;
    finish = std::move(waiter->second);
    found->second.erase(waiter);
    if (found->second.empty()) for_telling_.erase(found);
  }
  finish();
}

void PaymentWaiters::remind(const core::PaymentId& payment_id, std::uint64_t number) {
  bool asks = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiters_.find(payment_id);
    if (found == waiters_.end()) return;
    const auto waiter = found->second.find(number);
    if (waiter == found->second.end()) return;
    asks = may_change_any_moment(waiter->second.result);
  }
  if (asks) lookups_.look_up_soon(payment_id);
  timers_.after(kAskAgain, [this, payment_id, number] { remind(payment_id, number); });
}

void PaymentWaiters::end(const core::PaymentId& payment_id, std::uint64_t number) {
  std::function<void()> finish;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiters_.find(payment_id);
    if (found == waiters_.end()) return;
    const auto waiter = found->second.find(number);
    if (waiter == found->second.end()) return;
    finish = std::move(waiter->second.finish);
    found->second.erase(waiter);
    if (found->second.empty()) waiters_.erase(found);
  }
  finish();
}

void PaymentWaiters::end_any(std::uint64_t number) {
  std::function<void()> finish;
  {
    const std::lock_guard lock(mutex_);
    const auto found = for_any_.find(number);
    if (found == for_any_.end()) return;
    finish = std::move(found->second);
    for_any_.erase(found);
  }
  finish();
}

void PaymentWaiters::stop() {
  decltype(waiters_) ended;
  decltype(for_any_) ended_any;
  decltype(for_telling_) ended_telling;
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
    ended.swap(waiters_);
    ended_any.swap(for_any_);
    ended_telling.swap(for_telling_);
  }
  for (auto& [payment_id, waiters] : ended) {
    for (auto& [number, waiter] : waiters) waiter.finish();
  }
  for (auto& [number, finish] : ended_any) finish();
  for (auto& [payment_id, waiters] : ended_telling) {
    for (auto& [number, finish] : waiters) finish();
  }
}

void PaymentWaiters::committed(const storage::CommitNotice& notice) {
  if (notice.changed.empty() && notice.told.empty()) return;
  std::vector<std::function<void()>> finished;
  {
    const std::lock_guard lock(mutex_);
    for (const core::PaymentId& told : notice.told) {
      const auto found = for_telling_.find(told);
      if (found == for_telling_.end()) continue;
      for (auto& [number, finish] : found->second) finished.push_back(std::move(finish));
      for_telling_.erase(found);
    }
    if (!notice.changed.empty()) {
      for (auto& [number, finish] : for_any_) finished.push_back(std::move(finish));
      for_any_.clear();
    }
    if (waiters_.empty() && finished.empty()) return;
    for (const storage::Settled& settled : notice.changed) {
      const auto found = waiters_.find(settled.payment_id);
      if (found == waiters_.end()) continue;
      for (auto it = found->second.begin(); it != found->second.end();) {
        Waiter& waiter = it->second;
        waiter.result = settled.to;
        if (is_fulfilled(waiter.wish, {settled.to, settled.version})) {
          finished.push_back(std::move(waiter.finish));
          it = found->second.erase(it);
        } else {
          ++it;
        }
      }
      if (found->second.empty()) waiters_.erase(found);
    }
  }
  for (const auto& finish : finished) finish();
}

}  // namespace reconciled
