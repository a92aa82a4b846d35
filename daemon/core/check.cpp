#include "daemon/core/check.h"

#include <cstdio>
#include <cstdlib>

namespace reconciled::core {

void check(bool holds, std::string_view what, std::source_location where) {
  if (holds) return;
  std::fprintf(stderr, "reconciled: %s:%u: a mistake of ours: %.*s\n", where.file_name(),
               static_cast<unsigned>(where.line()), static_cast<int>(what.size()), what.data());
  std::abort();
}

}  // namespace reconciled::core
