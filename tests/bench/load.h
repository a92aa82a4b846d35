// A load generator: one thread, many connections, requests that were made before the clock starts.
//
// wrk cannot sign a webhook, so the benchmark brings its own. Closed loop: a connection sends its
// next request when the answer to the last one is complete, like a caller that waits.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace reconciled::bench {

struct LoadPlan {
  std::string address;  // 127.0.0.1:PORT
  int connections = 1;
  bool keep_alive = true;  // false: a connection for each request
  std::chrono::milliseconds duration{2'000};
  // The bytes of the next request, valid until the next call; empty: there are no more.
  std::function<std::string_view()> next;
  double per_second = 0;  // 0: as fast as answers come; else no more requests than this
  // Called for each answer with the number of its request, from 0.
  std::function<void(std::uint64_t number, int status)> answered{};
};

struct LoadResult {
  std::uint64_t accepted = 0;  // 2xx and 3xx
  std::uint64_t refused = 0;   // 503
  std::uint64_t other = 0;     // any other answer
  std::uint64_t broken = 0;    // connections that ended or failed without an answer
  double seconds = 0;
  std::vector<std::uint32_t> latencies_us;  // of accepted requests, sorted

  [[nodiscard]] double rate() const {
    return seconds > 0 ? static_cast<double>(accepted) / seconds : 0;
  }
  [[nodiscard]] double percentile_ms(double percent) const;
};

// Throws std::system_error where no connection can be made at all.
[[nodiscard]] LoadResult run_load(const LoadPlan& plan);

}  // namespace reconciled::bench
