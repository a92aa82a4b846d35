// What the listeners work with: the parts that `app` makes and owns.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "daemon/core/config/config.h"
#include "daemon/reconcile/reconciler.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/metrics.h"
#include "daemon/runtime/reader_pool.h"
#include "daemon/runtime/timers.h"
#include "daemon/runtime/warnings.h"
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
