// The threads that read the database for the listeners, each with a connection of its own.
//
// The edge's loops never wait for SQLite: they hand the reading here and hold the answer. The queue
// is bounded; what does not fit is refused at once.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "storage/reader.h"
#include "storage/store.h"

namespace reconciled {

class ReaderPool {
 public:
  using Task = std::function<void(storage::Reader&)>;

  // `failed` hears of each error; it runs on the reading thread.
  ReaderPool(const storage::Store& store, int threads,
             std::function<void(const std::exception&)> failed);
  ~ReaderPool();  // stops
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  // Any thread. Calls `failed` where the task threw or could not be run: the database cannot be
  // opened, the queue is full (on the caller's thread, then), the pool is stopping.
  void run(Task task, std::function<void()> failed);
  void stop();  // what is queued fails; waits for what runs

 private:
  struct Job {
    Task task;
    std::function<void()> failed;
  };
  void loop(int number);

  static constexpr std::size_t kCapacity = 4'096;
  const storage::Store& store_;
  std::function<void(const std::exception&)> failed_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Job> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace reconciled
