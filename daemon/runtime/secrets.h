// Where secrets come from: files, systemd's credentials and the environment (interface §3).
//
// Used by whoever reads the configuration, at start and on SIGHUP; any thread, as long as nobody
// changes the environment. An error names the place, never what stood there.
#pragma once

#include <cstddef>
#include <string>

#include "daemon/core/config/config.h"

namespace reconciled {

inline constexpr std::size_t kMaxSecretBytes = 64 * 1024;

// Where credentials stand when systemd does not hand them over: /etc/reconciled/credentials, and
// for the configuration of an instance, /etc/reconciled/SHOP.toml, the folder SHOP below it.
[[nodiscard]] std::string credential_folder(const std::string& config_path);

// The text behind a reference as it stands there: a regular file of at most `kMaxSecretBytes`, an
// environment variable, or a credential. This is looked for in $CREDENTIALS_DIRECTORY, else in
// `folder`.
[[nodiscard]] core::SecretSource secrets_with(std::string folder);

// The same for SIGHUP and for who judges a file before it: a credential that cannot be read is no
// fault, but stands as `kUnreadCredential`. systemd hands credentials over at the start only, and
// shows them to no other process of the unit, so a changed one needs a restart anyway.
using core::kUnreadCredential;
[[nodiscard]] core::SecretSource secrets_for_reload(std::string folder);

}  // namespace reconciled
