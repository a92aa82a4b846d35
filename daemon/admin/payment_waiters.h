// Long polls: those who wait for a payment, or for any payment, to change, or for what PortOne says to
// an order.
//
// `GET /payments/{id}?wait=`, `GET /changes?wait=` and `PUT /orders/{id}` add them; the writer's
// commits and the timers end them. No thread waits. Any thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "daemon/core/words/ids.h"
#include "daemon/runtime/lookup_requests.h"
#include "daemon/runtime/timers.h"
#include "storage/writer.h"

namespace reconciled {

class PaymentWaiters {
 public:
  // What is waited for: a version above this one, or without it a result that is decided or
  // `awaiting_deposit`.
  struct Wish {
    core::PaymentId payment_id;
    std::optional<std::int64_t> above_version;
    std::chrono::milliseconds at_most{0};
  };
  struct State {
    core::Result result = core::Result::kNone;
    std::int64_t version = 0;
  };
  [[nodiscard]] static bool is_fulfilled(const Wish& wish, const State& state);

  PaymentWaiters(LookupRequests& lookups, Timers& timers) : lookups_(lookups), timers_(timers) {}

  // Calls `finish` once: when the wish is fulfilled, or after its time. Asks PortOne at once, and
  // every 2 s while the result, `now` or later, is one that the buyer's own doing changes.
  void wait(const Wish& wish, const std::optional<State>& now, std::function<void()> finish);
  // Calls `finish` once: when any payment changes, or after that time.
  void wait_for_any(std::chrono::milliseconds at_most, std::function<void()> finish);
  // Calls `finish` once: when PortOne was told of the payment, however it took it, or after that time.
  // False once they have ended: nobody waits.
  [[nodiscard]] bool wait_for_telling(const core::PaymentId& payment_id,
                                      std::chrono::milliseconds at_most,
                                      std::function<void()> finish);
  // Ends all of them now, and lets nobody wait any more.
  void stop();
  // What the writer committed.
  void committed(const storage::CommitNotice& notice);

 private:
  struct Waiter {
    Wish wish;
    core::Result result = core::Result::kNone;  // as far as it is known
    std::function<void()> finish;
  };
  void remind(const core::PaymentId& payment_id, std::uint64_t number);
  void end(const core::PaymentId& payment_id, std::uint64_t number);
  void end_any(std::uint64_t number);
  void end_telling(const core::PaymentId& payment_id, std::uint64_t number);

  LookupRequests& lookups_;
  Timers& timers_;
  std::mutex mutex_;
  bool stopped_ = false;
  std::uint64_t next_number_ = 0;
  std::map<core::PaymentId, std::map<std::uint64_t, Waiter>> waiters_;
  std::map<std::uint64_t, std::function<void()>> for_any_;
  std::map<core::PaymentId, std::map<std::uint64_t, std::function<void()>>> for_telling_;
};

}  // namespace reconciled
