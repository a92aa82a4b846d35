// What this machine has of what the configuration names, for `check` and `serve`.
#pragma once

#include <vector>

#include "daemon/core/config/config.h"

namespace reconciled::commands {

// Faults of the configuration that only this machine can tell, each with its key: certificates and
// keys that cannot be used, a database or socket path where something else stands.
[[nodiscard]] std::vector<core::ConfigFault> faults_of_machine(const core::Config& config);

}  // namespace reconciled::commands
