// Calls things later: the deadlines of held answers.
//
// One thread, one heap. Callbacks run on that thread and must not block.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <queue>
#include <thread>
#include <vector>

namespace reconciled {

class Timers {
 public:
  Timers();
  ~Timers();  // stops; what is not due yet is dropped
  Timers(const Timers&) = delete;
  Timers& operator=(const Timers&) = delete;

  void after(std::chrono::milliseconds delay, std::function<void()> call);
  void stop();

 private:
  struct Entry {
    std::chrono::steady_clock::time_point due;
    std::function<void()> call;
    bool operator>(const Entry& other) const { return due > other.due; }
  };
  void loop();

  std::mutex mutex_;
  std::condition_variable wake_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> entries_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace reconciled
