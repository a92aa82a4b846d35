#include "daemon/reader_pool.h"

#include <pthread.h>

namespace reconciled {

ReaderPool::ReaderPool(std::string path, int threads,
                       std::function<void(const std::string&)> failed)
    : path_(std::move(path)), failed_(std::move(failed)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this, i] { loop(i); });
}

ReaderPool::~ReaderPool() { stop(); }

bool ReaderPool::run(Task task) {
  const std::lock_guard lock(mutex_);
  if (stopping_ || queue_.size() >= kCapacity) return false;
  queue_.push_back(std::move(task));
  wake_.notify_one();
  return true;
}

void ReaderPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
    wake_.notify_all();
  }
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void ReaderPool::loop(int number) {
  pthread_setname_np(pthread_self(), ("reader-" + std::to_string(number)).c_str());
  std::optional<storage::Reader> reader;
  for (;;) {
    Task task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    try {
      if (!reader) reader.emplace(path_);
      task(*reader);
    } catch (const std::exception& error) {
      // A connection in trouble is opened anew for the next task.
      reader.reset();
      failed_(error.what());
    }
  }
}

}  // namespace reconciled
