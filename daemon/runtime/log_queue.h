// Between those who log and standard error: whoever reads it, or does not, nobody waits for it.
//
// Used by the log alone. Any thread puts lines in; the thread `log` takes them out in their order
// and writes them. Where the reader stands still or the disk is full, lines are dropped and
// counted: the queue is bounded. The thread may hang in a write for ever; it is left behind then.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace reconciled {

class LogQueue {
 public:
  static constexpr std::size_t kMaxLines = 8'192;
  static constexpr std::size_t kMaxBytes = 2 * 1024 * 1024;

  // Writes to `fd`, which stays the caller's and open. Starts the thread.
  explicit LogQueue(int fd);
  // Waits `kLastPatience` at most for what is queued to be written, and drops the rest.
  ~LogQueue();
  LogQueue(const LogQueue&) = delete;
  LogQueue& operator=(const LogQueue&) = delete;

  static constexpr std::chrono::milliseconds kLastPatience{200};

  // `line` with its line end. Never blocks on the reader.
  void put(std::string line);
  // Whether everything that was put in before has been written or dropped within `patience`.
  bool flush(std::chrono::milliseconds patience);
  // Lines that nobody will read.
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // the thread's, too: it may outlive us
};

}  // namespace reconciled
