#include "daemon/runtime/log_queue.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string_view>
#include <thread>
#include <utility>

namespace reconciled {
namespace {

// How far `text` was written; short of its end where the descriptor refuses.
std::size_t write_all(int fd, std::string_view text) {
  std::size_t written = 0;
  while (written < text.size()) {
    const ssize_t count = ::write(fd, text.data() + written, text.size() - written);
    if (count > 0) {
      written += static_cast<std::size_t>(count);
    } else if (count < 0 && errno == EINTR) {
      continue;
    } else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      // Another process made the shared descriptor so.
      pollfd ready{fd, POLLOUT, 0};
      ::poll(&ready, 1, -1);
    } else {
      break;
    }
  }
  return written;
}

}  // namespace

struct LogQueue::State {
  std::mutex mutex;
  std::condition_variable filled;
  std::condition_variable emptied;
  std::deque<std::string> lines;
  std::size_t bytes = 0;
  bool is_writing = false;
  bool stopping = false;
  bool ended = false;
  std::atomic<std::uint64_t> dropped{0};

  void run(int fd);
  [[nodiscard]] std::string take(std::unique_lock<std::mutex>& lock, std::uint64_t& count);
  [[nodiscard]] bool is_idle() const { return lines.empty() && !is_writing; }
};

// As many whole lines as a pipe takes at once, so that none is torn by another writer.
std::string LogQueue::State::take(std::unique_lock<std::mutex>& lock, std::uint64_t& count) {
  filled.wait(lock, [this] { return stopping || !lines.empty(); });
  std::string text;
  count = 0;
  while (!lines.empty() && (count == 0 || text.size() + lines.front().size() <= PIPE_BUF)) {
    bytes -= lines.front().size();
    text += lines.front();
    lines.pop_front();
    ++count;
  }
  return text;
}

void LogQueue::State::run(int fd) {
  bool is_torn = false;
  std::unique_lock lock(mutex);
  for (;;) {
    std::uint64_t count = 0;
    std::string text = take(lock, count);
    if (count == 0) break;
    is_writing = true;
    lock.unlock();
    // Half a line that a full disk left must not run into the next one.
    if (is_torn) text.insert(text.begin(), '\n');
    const std::size_t written = write_all(fd, text);
    if (written < text.size()) dropped += count;
    if (written > 0) is_torn = text[written - 1] != '\n';
    lock.lock();
    is_writing = false;
    if (is_idle()) emptied.notify_all();
  }
  ended = true;
  emptied.notify_all();
}

LogQueue::LogQueue(int fd) : state_(std::make_shared<State>()) {
  // Signals are for the main thread; a broken pipe is an error like others.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread([state = state_, fd] {
    pthread_setname_np(pthread_self(), "log");
    state->run(fd);
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  thread.detach();
}

LogQueue::~LogQueue() {
  flush(kLastPatience);
  std::unique_lock lock(state_->mutex);
  state_->lines.clear();
  state_->bytes = 0;
  state_->stopping = true;
  state_->filled.notify_all();
  // A thread that hangs in a write is not waited for.
  if (!state_->is_writing) state_->emptied.wait(lock, [this] { return state_->ended; });
}

void LogQueue::put(std::string line) {
  bool was_empty = false;
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->lines.size() >= kMaxLines || state_->bytes + line.size() > kMaxBytes) {
      ++state_->dropped;
      return;
    }
    was_empty = state_->lines.empty();
    state_->bytes += line.size();
    state_->lines.push_back(std::move(line));
  }
  if (was_empty) state_->filled.notify_one();
}

bool LogQueue::flush(std::chrono::milliseconds patience) {
  std::unique_lock lock(state_->mutex);
  return state_->emptied.wait_for(lock, patience, [this] { return state_->is_idle(); });
}

std::uint64_t LogQueue::dropped() const { return state_->dropped; }

}  // namespace reconciled
