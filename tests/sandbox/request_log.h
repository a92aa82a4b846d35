// Counts REST calls per endpoint and keeps the newest, so that tests can assert on look-ups.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace reconciled::sandbox {

class RequestLog {
 public:
  struct Entry {
    std::string method;
    std::string target;
    std::string endpoint;  // "v1 GET /payments/{}", or "unknown"
    std::int64_t at_ms = 0;
  };

  void add(Entry entry) {
    const std::lock_guard lock(mutex_);
    ++counts_[entry.endpoint];
    entries_.push_back(std::move(entry));
    if (entries_.size() > kKept) entries_.pop_front();
  }
  [[nodiscard]] std::map<std::string, std::uint64_t> counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }
  [[nodiscard]] std::vector<Entry> newest() const {
    const std::lock_guard lock(mutex_);
    return {entries_.begin(), entries_.end()};
  }
  void reset() {
    const std::lock_guard lock(mutex_);
    counts_.clear();
    entries_.clear();
  }

 private:
  static constexpr std::size_t kKept = 1000;
  mutable std::mutex mutex_;
  std::map<std::string, std::uint64_t> counts_;
  std::deque<Entry> entries_;
};

}  // namespace reconciled::sandbox
