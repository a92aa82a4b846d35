// Long polls: those who wait for a payment to be decided.
//
// `GET /payments/{id}?wait=` adds one; the writer's commits and the timers end them. No thread
// waits. Any thread.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

#include "daemon/core/ids.h"
#include "daemon/services.h"

namespace reconciled {

class PaymentWaiters {
 public:
  explicit PaymentWaiters(Services& services) : services_(services) {}

  // Calls `finish` once: when the payment is decided, or after `at_most`. Asks PortOne at once and
  // every 2 s meanwhile.
  void wait(const core::PaymentId& payment_id, std::chrono::milliseconds at_most,
            std::function<void()> finish);
  // Ends all of them now, and lets nobody wait any more.
  void stop();
  // What the writer committed.
  void committed(const storage::CommitNotice& notice);

 private:
  void remind(const core::PaymentId& payment_id, std::uint64_t number);
  void end(const core::PaymentId& payment_id, std::uint64_t number);

  Services& services_;
  std::mutex mutex_;
  bool stopped_ = false;
  std::uint64_t next_number_ = 0;
  std::map<core::PaymentId, std::map<std::uint64_t, std::function<void()>>> waiters_;
};

}  // namespace reconciled
