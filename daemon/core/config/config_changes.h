// What differs between the running configuration and the one that SIGHUP read, key by key, and what
// of it can be taken over without a restart (interface §3).
//
// Pure; used by `App::reload`. Secrets are compared and never named by value. What needs a restart
// stays as it was for every part: an API that one part knew and another did not would be answered
// and never asked.
#pragma once

#include <string>
#include <vector>

#include "daemon/core/config/config.h"

namespace reconciled::core {

struct ConfigChange {
  std::string key;             // "portone.v1" where the whole table appears or goes
  bool is_taken_over = false;  // else it needs a restart

  friend bool operator==(const ConfigChange&, const ConfigChange&) = default;
};

// In the order of the interface.
[[nodiscard]] std::vector<ConfigChange> compare(const Config& old, const Config& fresh);

// `running` with those keys of `fresh` that need no restart.
[[nodiscard]] Config take_over(const Config& running, const Config& fresh);

}  // namespace reconciled::core
