// What happened in each of the last 24 hours: received, decided, refused, and how long it took.
//
// Counted from the process's own totals, so it costs the way of a webhook nothing; kept as one value
// in the database, so a restart loses a minute at most. Any thread.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/words/time.h"
#include "daemon/runtime/metrics.h"

namespace reconciled::dashboard {

struct Hour {
  std::int64_t number = 0;  // since 1970, UTC
  std::uint64_t received = 0;
  std::uint64_t refused = 0;
  std::uint64_t decided = 0;
  std::uint64_t lag_ms = 0;  // of all that was decided, together

  [[nodiscard]] std::uint64_t mean_lag_ms() const { return decided == 0 ? 0 : lag_ms / decided; }
  [[nodiscard]] core::Time begins() const { return core::from_ms(number * 3'600'000); }
};

class Hours {
 public:
  static constexpr std::size_t kKept = 24;

  // `text`: as `to_text` gave it; what cannot be read is left.
  void restore(std::string_view text);
  // Adds what was counted since the last time to the hour of `now`.
  void sample(core::Time now, const Metrics::Totals& totals);

  // The newest 24 up to `now`'s, the oldest first; where nothing happened it says so.
  [[nodiscard]] std::vector<Hour> last_day(core::Time now) const;
  [[nodiscard]] std::string to_text() const;

 private:
  Hour& hour_of(std::int64_t number);

  mutable std::mutex mutex_;
  std::array<Hour, kKept> hours_{};  // guarded by mutex_; by number % kKept
  Metrics::Totals last_{};           // guarded by mutex_
};

}  // namespace reconciled::dashboard
