// What a backfill hands to the writer.
#pragma once

#include <string>
#include <vector>

#include "storage/records.h"

namespace reconciled::storage {

// What a backfill found, to be asked about now, and how far it is.
struct Backfilled {
  std::vector<Question> found;
  bool to_be_told = false;   // also what happened before the daemon's first start
  std::string progress;      // replaces what kBackfillKey has; empty: leaves it
  core::Time at{};
};
// Where a backfill's progress is kept, as its owner wrote it.
inline constexpr const char* kBackfillKey = "backfill";

}  // namespace reconciled::storage
