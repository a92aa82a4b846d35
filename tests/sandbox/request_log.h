// REST calls as the sandbox saw them: how many, which, when, and how many at once, so that tests
// can assert on what the daemon asks.
//
// Thread-safe; called from every HTTP thread. It outlives the calls that it counts.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "tests/sandbox/call.h"

namespace reconciled::sandbox {

class RequestLog {
 public:
  struct Entry {
    std::string method;
    std::string target;
    std::string body;
    std::string endpoint;  // "v1 GET /payments/{}", or "unknown"
    std::string place;     // "v1 single"
    std::int64_t at_ms = 0;
    std::optional<std::int64_t> ended_ms;  // absent while it is under way
  };
  struct State {
    std::map<std::string, std::uint64_t> counts;  // by endpoint
    std::deque<Entry> entries;                    // the newest, oldest first
    std::size_t in_flight = 0;
    // The most that were under way at once since the last reset.
    std::size_t max_in_flight = 0;
    std::map<std::string, std::size_t> max_by_endpoint;
    std::map<std::string, std::size_t> max_by_payment;  // payment and attempt ids
  };

  // Notes a call; it is under way until the last copy of what this gives is let go.
  [[nodiscard]] std::shared_ptr<void> begin(const Call& call, const std::string& endpoint);
  [[nodiscard]] State state() const;
  void reset();  // calls under way stay counted as such

 private:
  void end(std::uint64_t number, const std::string& endpoint, const Asked& asked);

  mutable std::mutex mutex_;
  State state_;
  std::uint64_t begun_ = 0;  // the number of the newest entry
  std::map<std::string, std::size_t> now_by_endpoint_;
  std::map<std::string, std::size_t> now_by_payment_;
};

}  // namespace reconciled::sandbox
