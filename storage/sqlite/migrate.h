// Numbered migrations, embedded at build time, applied one after the other.
//
// Called at the start of `serve` and by `migrate`, before any other connection is open.
#pragma once

#include <string>
#include <vector>

#include "daemon/core/words/embedded_file.h"
#include "storage/store.h"

namespace reconciled::storage {

// In order; the n-th (from 1) leads to user_version n. Generated from `migrations/`.
[[nodiscard]] const std::vector<core::EmbeddedFile>& migrations();

// Creates the file if need be, applies what is missing, all in one transaction, and says what was
// applied. Throws NewerDatabase, or std::runtime_error where the file is none of ours.
std::vector<std::string> migrate(const std::string& path);

// The migrations that `migrate` would apply; the file may be absent. Changes nothing.
[[nodiscard]] std::vector<std::string> pending_migrations(const std::string& path);

}  // namespace reconciled::storage
