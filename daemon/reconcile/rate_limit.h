// How often what unauthenticated input names may be looked up and decided on (design §2): so that a
// flood of invented redirects neither makes us attack PortOne nor delays the honest.
//
// Token buckets, one for all and one for each source. Used by the reconciler's thread.
#pragma once

#include <string>
#include <unordered_map>

#include "daemon/core/words/time.h"

namespace reconciled {

struct Rates {
  double per_second;  // of one source, which has saved up `burst`
  double burst;
  double all_per_second;
  double all_burst;
};
// Ids that nobody vouches for: the source is the sender's address.
inline constexpr Rates kStrangerRates{10, 60, 50, 200};
// Known payments, whose ids every buyer may learn: the source is the payment. It bears what PortOne
// and a buyer say of it, but deciding on it costs the more the more was said.
inline constexpr Rates kPaymentRates{0.1, 30, 1'000, 5'000};

class RateLimit {
 public:
  explicit RateLimit(const Rates& rates)
      : rates_(rates), all_{rates.all_burst, core::Time{}} {}

  // Whether a look-up for that source may be made now; takes its share if so.
  [[nodiscard]] bool take(const std::string& source, core::Time now);

 private:
  struct Bucket {
    double tokens;
    core::Time at;
  };
  static bool refill_has_token(Bucket& bucket, double per_second, double burst, core::Time now);

  Rates rates_;
  Bucket all_;
  std::unordered_map<std::string, Bucket> sources_;

  // Beyond this many sources all are forgotten and start full: memory stays bounded, and the
  // budget for all still holds.
  static constexpr std::size_t kMaxSources = 10'000;
};

}  // namespace reconciled
