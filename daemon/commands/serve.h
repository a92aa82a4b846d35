// `reconciled serve`: the daemon until SIGTERM or SIGINT.
#pragma once

#include <string>

#include "daemon/alert/digest.h"
#include "daemon/core/config/config.h"
#include "storage/writer.h"

namespace reconciled::commands {

// Runs on the main thread, which keeps the signals and the watchdog. SIGHUP rereads `config_path`.
// `writer`: how it writes. `timing`: how long people wait to be told.
int serve(core::Config config, const std::string& config_path, storage::WriterOptions writer = {},
          const alert::Timing& timing = {});

}  // namespace reconciled::commands
