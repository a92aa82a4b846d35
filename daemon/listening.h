// Where the daemon's three listeners listen, and for how many at once.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "daemon/core/config/config.h"
#include "daemon/http/edge.h"
#include "daemon/runtime/sd_notify.h"

namespace reconciled {

// `inherited` goes before the address of the configuration.
[[nodiscard]] http::ListenerOptions options_of(const std::string& name,
                                               const core::ListenerConfig& config,
                                               const core::Config& all,
                                               const std::vector<InheritedSocket>& inherited);
// A flood of one listener leaves an eighth of the descriptors that the process may open to the
// others, the database and the look-ups.
[[nodiscard]] std::size_t connections_of_one(std::size_t wanted);
// Whoever connects to a socket that nobody accepts from waits for ever: a mistyped name is told.
void tell_unused(const std::vector<InheritedSocket>& inherited);

}  // namespace reconciled
