#include "storage/rebuild.h"

#include <cstdio>

#include "daemon/commands/commands.h"
#include "daemon/runtime/clock.h"
#include "storage/store.h"

namespace reconciled::commands {

int rebuild(const core::Config& config, bool check) {
  storage::Store store(config.database_path);
  // Throws for a database newer than this program; an older one is not derived by new rules.
  if (!store.pending_migrations().empty()) {
    std::fprintf(stderr, "%s has pending migrations: run migrate first\n",
                 store.location().c_str());
    return kFailed;
  }
  if (check) {
    const storage::RebuildCounts counts = storage::check_rebuild(
        store, [](const std::string& sentence) { std::printf("%s\n", sentence.c_str()); });
    std::printf("%lld payment(s) checked, %lld differ from their evidence\n",
                static_cast<long long>(counts.payments), static_cast<long long>(counts.different));
    return counts.different == 0 ? kDone : kDifferences;
  }
  store.own();
  const storage::RebuildCounts counts = storage::rebuild(store, SystemClock{}.now());
  std::printf("%lld payment(s) derived anew, %lld changed\n",
              static_cast<long long>(counts.payments), static_cast<long long>(counts.different));
  return kDone;
}

}  // namespace reconciled::commands
