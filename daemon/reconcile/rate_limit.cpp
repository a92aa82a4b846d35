#include "daemon/reconcile/rate_limit.h"

#include <algorithm>
#include <chrono>

namespace reconciled {

bool RateLimit::refill_has_token(Bucket& bucket, double per_second, double burst,
                                    core::Time now) {
  const std::chrono::duration<double> passed = now - bucket.at;
  if (passed.count() > 0) {
    bucket.tokens = std::min(burst, bucket.tokens + passed.count() * per_second);
    bucket.at = now;
  }
  return bucket.tokens >= 1;
}

bool RateLimit::take(const std::string& source, core::Time now) {
  if (sources_.size() >= kMaxSources && !sources_.contains(source)) sources_.clear();
  Bucket& own = sources_.try_emplace(source, Bucket{rates_.burst, now}).first->second;
  const bool source_may = refill_has_token(own, rates_.per_second, rates_.burst, now);
  const bool all_may = refill_has_token(all_, rates_.all_per_second, rates_.all_burst, now);
  if (!source_may || !all_may) return false;
  own.tokens -= 1;
  all_.tokens -= 1;
  return true;
}

}  // namespace reconciled
