// Whether the threads that must never stand still are moving.
//
// Each watched thread counts its rounds; one that has not counted for a while has stalled. Asked by
// the watchdog and /healthz; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace reconciled {

class Health {
 public:
  // `rounds` counts up at least once a second while the thread lives. Before the first `faults`.
  void watch(std::string name, std::function<std::uint64_t()> rounds);

  // The names of threads without a round for `patience`, as sentences.
  [[nodiscard]] std::vector<std::string> faults(std::chrono::seconds patience);

 private:
  struct Watched {
    std::string name;
    std::function<std::uint64_t()> rounds;
    std::uint64_t seen = 0;
    std::chrono::steady_clock::time_point moved_at;
  };
  std::mutex mutex_;
  std::vector<Watched> watched_;
};

}  // namespace reconciled
