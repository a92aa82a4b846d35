// Database files that take long to make, kept in the build folder between runs of the benchmark.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace reconciled::bench {

// The file of this name for the schema as it is now; `make` writes it where it is not there yet.
// Nothing, and a line on standard error, where the disk has no room for it and a copy of it.
[[nodiscard]] std::optional<std::string> kept_file(
    const std::string& name, std::uintmax_t bytes,
    const std::function<void(const std::string& path)>& make);

}  // namespace reconciled::bench
