// The threads that read the database for the listeners, each with a connection of its own.
//
// The edge's loops never wait for SQLite: they hand the reading here and hold the answer. The queue
// is bounded; what does not fit is refused at once.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "storage/reader.h"

namespace reconciled {

class ReaderPool {
 public:
  using Task = std::function<void(storage::Reader&)>;

  // `failed` hears of a task that threw; it runs on the reading thread.
  ReaderPool(std::string path, int threads, std::function<void(const std::string&)> failed);
  ~ReaderPool();  // stops
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  // Any thread. False: the queue is full, or the pool is stopping; the task will not run.
  [[nodiscard]] bool run(Task task);
  void stop();  // drops what is queued, waits for what runs

 private:
  void loop(int number);

  static constexpr std::size_t kCapacity = 4'096;
  std::string path_;
  std::function<void(const std::string&)> failed_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace reconciled
