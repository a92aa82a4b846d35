// What the listeners work with: the parts that `app` makes and owns.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "daemon/clock.h"
#include "daemon/core/config/config.h"
#include "daemon/metrics.h"
#include "daemon/reader_pool.h"
#include "daemon/reconciler.h"
#include "daemon/timers.h"
#include "daemon/warnings.h"
#include "storage/writer.h"

namespace reconciled {

struct Services {
  const core::Config& config;
  const Clock& clock;
  storage::Writer& writer;
  ReaderPool& readers;
  Reconciler& reconciler;
  Metrics& metrics;
  Warnings& warnings;
  core::Time started_at;
  Timers& timers;
};

}  // namespace reconciled
