// The configuration as somebody else may see it: which keys are set, and the values that are neither
// secrets nor anybody's data. For `bugreport`.
//
// Pure. What is shown is listed; of a key that nobody knows not even the name is, for it may be a
// secret in the wrong place.
#pragma once

#include <string>
#include <string_view>

namespace reconciled::core {

// One `key = value` a line; where `toml` is none, where it breaks.
[[nodiscard]] std::string shown_config(std::string_view toml);

}  // namespace reconciled::core
