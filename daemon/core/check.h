// A check of our own reasoning, in release builds too: where it fails the program ends, since what
// it would do next is not what was meant.
//
// For what only a mistake of ours can break (an optional, a variant, an index that is trusted),
// never for input, which has errors, and never for the world, which has exceptions.
#pragma once

#include <source_location>
#include <string_view>

namespace reconciled::core {

// Writes `what` and the place to standard error and aborts unless `holds`.
void check(bool holds, std::string_view what,
           std::source_location where = std::source_location::current());

// The value of an optional or a pointer that must be there.
template <class Holder>
[[nodiscard]] auto& must(Holder&& holder, std::string_view what,
                         std::source_location where = std::source_location::current()) {
  check(static_cast<bool>(holder), what, where);
  return *holder;
}

}  // namespace reconciled::core
