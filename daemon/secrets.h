// Where secrets come from: files, systemd's credentials and the environment (interface §3).
//
// Called by whoever reads the configuration, at start and on SIGHUP; any thread, as long as nobody
// changes the environment. An error names the place, never what stood there.
#pragma once

#include <cstddef>

#include "daemon/core/config.h"

namespace reconciled {

inline constexpr std::size_t kMaxSecretBytes = 64 * 1024;

// The text behind `reference`, without one newline at its end: a regular file of at most
// `kMaxSecretBytes`, `$CREDENTIALS_DIRECTORY/NAME`, or an environment variable. May be empty.
// Fits core::SecretSource.
[[nodiscard]] core::Outcome<std::string, core::SecretError> read_secret(
    const core::SecretReference& reference);

}  // namespace reconciled
