// The days that tests of the books speak of, in Seoul, which has no summer time.
#pragma once

#include <chrono>
#include <string>

#include "daemon/core/words/time.h"

namespace reconciled::e2e {

inline constexpr std::chrono::hours kSeoul{9};

// Noon, so many days ago.
inline core::Time noon(int days_ago) {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const auto today = std::chrono::floor<std::chrono::days>(now + kSeoul);
  return core::Time(today - std::chrono::days(days_ago) + std::chrono::hours(12) - kSeoul);
}
inline std::string noon_text(int days_ago) { return core::to_rfc3339(noon(days_ago)); }
inline std::string date(int days_ago) {
  return core::to_rfc3339(noon(days_ago) + kSeoul).substr(0, 10);
}

}  // namespace reconciled::e2e
