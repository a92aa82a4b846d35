// Deriving every payment anew from its evidence (promise 7).
//
// `check_rebuild` reads only and may run beside the daemon; `rebuild` writes and needs the daemon
// stopped. Called by the command `rebuild`.
#pragma once

#include <functional>
#include <string>

#include "daemon/core/words/time.h"
#include "storage/store.h"

namespace reconciled::storage {

struct RebuildCounts {
  std::int64_t payments = 0;   // looked at
  std::int64_t different = 0;  // whose state did not follow from the evidence
};

// Calls `tell` with a sentence for each difference. A payment about which evidence is just being
// decided is looked at again before it counts.
RebuildCounts check_rebuild(const Store& store,
                            const std::function<void(const std::string&)>& tell);

// Decides every payment from its evidence, under the configuration that it was decided under, and
// writes what differs, with history. The process owns the store.
RebuildCounts rebuild(const Store& store, core::Time now);

}  // namespace reconciled::storage
