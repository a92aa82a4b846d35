// A database file whose pages no longer fit together.
#pragma once

#include <exception>
#include <string>

#include "storage/session.h"

namespace reconciled::storage {

// What it says, and what to do.
[[nodiscard]] std::string damage_advice(const std::string& path, const std::exception& error);

}  // namespace reconciled::storage
