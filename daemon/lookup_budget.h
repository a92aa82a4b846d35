// How often ids that only unauthenticated input named may be looked up (design §2): so that a
// flood of invented redirects neither makes us attack PortOne nor delays the honest.
//
// Token buckets, one for all and one for each source address. Used by the reconciler's thread.
#pragma once

#include <string>
#include <unordered_map>

#include "daemon/core/time.h"

namespace reconciled {

class LookupBudget {
 public:
  // Whether a look-up for that source may be made now; takes its share if so.
  [[nodiscard]] bool take(const std::string& source, core::Time now);

 private:
  struct Bucket {
    double tokens;
    core::Time at;
  };
  static bool refill_has_token(Bucket& bucket, double per_second, double burst, core::Time now);

  Bucket all_{kAllBurst, {}};
  std::unordered_map<std::string, Bucket> sources_;

  static constexpr double kAllPerSecond = 50;
  static constexpr double kAllBurst = 200;
  static constexpr double kSourcePerSecond = 10;
  static constexpr double kSourceBurst = 60;
  // Beyond this many sources all are forgotten and start full: memory stays bounded, and the
  // budget for all still holds.
  static constexpr std::size_t kMaxSources = 10'000;
};

}  // namespace reconciled
