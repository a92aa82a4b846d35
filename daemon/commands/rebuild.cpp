#include <cstdio>

#include "daemon/clock.h"
#include "daemon/commands/commands.h"
#include "storage/database_lock.h"
#include "storage/rebuild.h"

namespace reconciled::commands {

int rebuild(const core::Config& config, bool check) {
  if (check) {
    const storage::RebuildCounts counts =
        storage::check_rebuild(config.database_path, [](const std::string& sentence) {
          std::printf("%s\n", sentence.c_str());
        });
    std::printf("%lld payment(s) checked, %lld differ from their evidence\n",
                static_cast<long long>(counts.payments),
                static_cast<long long>(counts.different));
    return counts.different == 0 ? kDone : kDifferences;
  }
  const storage::DatabaseLock lock(config.database_path);
  const storage::RebuildCounts counts =
      storage::rebuild(config.database_path, SystemClock{}.now());
  std::printf("%lld payment(s) derived anew, %lld changed\n",
              static_cast<long long>(counts.payments), static_cast<long long>(counts.different));
  return kDone;
}

}  // namespace reconciled::commands
