// A database file whose pages no longer fit together.
//
// What is still taken in may be lost with the rest: nothing is stored any more, and a person is told.
#pragma once

#include <exception>
#include <string>

namespace reconciled::storage {

// Whether SQLite met pages that make no sense, or a file that is no database.
[[nodiscard]] bool is_damage(const std::exception& error);

// What it says, and what to do.
[[nodiscard]] std::string damage_advice(const std::string& path, const std::exception& error);

}  // namespace reconciled::storage
