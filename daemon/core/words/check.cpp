#include "daemon/core/words/check.h"

#include <cstdio>
#include <cstdlib>

namespace reconciled::core {

void check(bool holds, std::string_view what, const char* file, int line) {
  if (holds) return;
  std::fprintf(stderr, "reconciled: %s:%d: a mistake of ours: %.*s\n", file, line,
               static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace reconciled::core
