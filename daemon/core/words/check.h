// A check of our own reasoning, in release builds too: where it fails the program ends, since what
// it would do next is not what was meant.
//
// For what only a mistake of ours can break (an optional, a variant, an index that is trusted),
// never for input, which has errors, and never for the world, which has exceptions.
#pragma once

#include <string_view>

namespace reconciled::core {

// Writes `what` and the caller's place to standard error and aborts unless `holds`.
void check(bool holds, std::string_view what, const char* file = __builtin_FILE(),
           int line = __builtin_LINE());

// What an optional or a pointer holds, which must be there.
template <class Holder>
[[nodiscard]] auto& must(Holder& holder, std::string_view what,
                         const char* file = __builtin_FILE(), int line = __builtin_LINE()) {
  check(static_cast<bool>(holder), what, file, line);
  return *holder;
}

}  // namespace reconciled::core
