#include <cstdio>

#include "daemon/commands/commands.h"
#include "daemon/runtime/clock.h"
#include "storage/sqlite/database_lock.h"
#include "storage/sqlite/migrate.h"
#include "storage/rebuild.h"

namespace reconciled::commands {

int rebuild(const core::Config& config, bool check) {
  // Throws for a database newer than this program; an older one is not derived by new rules.
  if (!storage::pending_migrations(config.database_path).empty()) {
    std::fprintf(stderr, "%s has pending migrations: run migrate first\n",
                 config.database_path.c_str());
    return kFailed;
  }
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
