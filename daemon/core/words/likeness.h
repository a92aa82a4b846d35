// What somebody who mistyped a word may have meant: for keys of the configuration and the command
// line. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace reconciled::core {

// The one of `known` that `word` is like, or an empty text; a view into `known`.
[[nodiscard]] std::string_view nearest(std::string_view word,
                                       const std::vector<std::string>& known);

}  // namespace reconciled::core
