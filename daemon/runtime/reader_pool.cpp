#include "daemon/runtime/reader_pool.h"

#include <pthread.h>

namespace reconciled {

ReaderPool::ReaderPool(const storage::Store& store, int threads,
                       std::function<void(const std::exception&)> failed)
    : store_(store), failed_(std::move(failed)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this, i] { loop(i); });
}

ReaderPool::~ReaderPool() { stop(); }

void ReaderPool::run(Task task, std::function<void()> failed) {
  {
    const std::lock_guard lock(mutex_);
    if (!stopping_ && queue_.size() < kCapacity) {
      queue_.push_back({std::move(task), std::move(failed)});
      wake_.notify_one();
      return;
    }
  }
  failed();
}

void ReaderPool::stop() {
  std::deque<Job> left;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    left.swap(queue_);
    wake_.notify_all();
  }
  for (const Job& job : left) job.failed();
  for (std::thread& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

void ReaderPool::loop(int number) {
  pthread_setname_np(pthread_self(), ("reader-" + std::to_string(number)).c_str());
  std::optional<storage::Reader> reader;
  for (;;) {
    Job job;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (stopping_) return;
      job = std::move(queue_.front());
      queue_.pop_front();
    }
    try {
      if (!reader) reader.emplace(store_);
      job.task(*reader);
    } catch (const std::exception& error) {
      // A connection in trouble is opened anew for the next task.
      reader.reset();
      failed_(error);
      job.failed();
    }
  }
}

}  // namespace reconciled
