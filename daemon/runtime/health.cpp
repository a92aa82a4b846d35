#include "daemon/runtime/health.h"

namespace reconciled {

void Health::watch(std::string name, std::function<std::uint64_t()> rounds) {
  const std::lock_guard lock(mutex_);
  watched_.push_back({std::move(name), std::move(rounds), 0, std::chrono::steady_clock::now()});
}

std::vector<std::string> Health::faults(std::chrono::seconds patience) {
  const std::lock_guard lock(mutex_);
  const auto now = std::chrono::steady_clock::now();
  std::vector<std::string> faults;
  for (Watched& watched : watched_) {
    const std::uint64_t rounds = watched.rounds();
    if (rounds != watched.seen) {
      watched.seen = rounds;
      watched.moved_at = now;
    } else if (now - watched.moved_at >= patience) {
      faults.push_back("the thread " + watched.name + " does not move");
    }
  }
  return faults;
}

}  // namespace reconciled
