// A value that several threads use, reachable only with its lock held.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace reconciled {

template <class T>
class LockGuarded {
 public:
  template <class... Args>
  explicit LockGuarded(Args&&... args) : value_(std::forward<Args>(args)...) {}
  LockGuarded(const LockGuarded&) = delete;
  LockGuarded& operator=(const LockGuarded&) = delete;

  // Holds the lock as long as it lives: for a few lines, and never across a wait of another kind.
  class Held {
   public:
    explicit Held(LockGuarded& guarded) : guarded_(guarded), lock_(guarded.mutex_) {}
    T* operator->() { return &guarded_.value_; }
    T& operator*() { return guarded_.value_; }
    // Lets go of the lock until `ready` or the time is over; whether it is.
    template <class Duration, class Ready>
    bool wait_for(std::condition_variable& wake, Duration at_most, Ready ready) {
      return wake.wait_for(lock_, at_most, std::move(ready));
    }
    template <class Ready>
    void wait(std::condition_variable& wake, Ready ready) {
      wake.wait(lock_, std::move(ready));
    }

   private:
    LockGuarded& guarded_;
    std::unique_lock<std::mutex> lock_;
  };
  [[nodiscard]] Held lock() { return Held(*this); }
  // Reading, where the value itself is const.
  template <class Read>
  [[nodiscard]] auto read(Read read) const {
    const std::lock_guard lock(mutex_);
    return read(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

}  // namespace reconciled
