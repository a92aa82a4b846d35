// `reconciled check --online`: asks PortOne itself whether the secrets, the store and the channel
// are right, and how far our clock is off.
//
// Changes nothing anywhere. Takes ten seconds at most, whatever PortOne and DNS do.
#pragma once

#include <string>
#include <vector>

#include "daemon/core/config/config.h"

namespace reconciled::commands {

struct OnlineReport {
  std::vector<std::string> good;         // a line each
  std::vector<core::ConfigFault> wrong;  // with the key that is to blame
  bool is_late = false;                  // a thread still waits for PortOne: leave by _exit
};

[[nodiscard]] OnlineReport ask_portone(const core::Config& config);

}  // namespace reconciled::commands
