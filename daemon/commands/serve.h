// `reconciled serve`: the daemon until SIGTERM or SIGINT.
#pragma once

#include <string>

#include "daemon/core/config/config.h"
#include "storage/writer.h"

namespace reconciled::commands {

// Runs on the main thread, which keeps the signals and the watchdog. SIGHUP rereads `config_path`.
// `writer`: how it writes.
int serve(core::Config config, const std::string& config_path, storage::WriterOptions writer = {});

}  // namespace reconciled::commands
