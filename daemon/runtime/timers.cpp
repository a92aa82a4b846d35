#include "daemon/runtime/timers.h"

#include <pthread.h>

#include "daemon/runtime/log.h"

namespace reconciled {

Timers::Timers() : thread_([this] { loop(); }) {}

Timers::~Timers() { stop(); }

void Timers::after(std::chrono::milliseconds delay, std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  entries_.push({std::chrono::steady_clock::now() + delay, std::move(call)});
  wake_.notify_one();
}

void Timers::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Timers::loop() {
  pthread_setname_np(pthread_self(), "timers");
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (entries_.empty()) {
      wake_.wait(lock);
      continue;
    }
    const auto due = entries_.top().due;
    if (std::chrono::steady_clock::now() < due) {
      wake_.wait_until(lock, due);
      continue;
    }
    const std::function<void()> call = entries_.top().call;
    entries_.pop();
    lock.unlock();
    try {
      call();
    } catch (const std::exception& error) {
      log_error("a deadline's call failed", {{"error", error.what()}});
    }
    lock.lock();
  }
}

}  // namespace reconciled
