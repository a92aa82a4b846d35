// A file of the source tree that was put into the program when it was built (embed_files() of
// CMakeLists.txt beside this).
#pragma once

#include <string_view>

namespace reconciled::core {

struct EmbeddedFile {
  std::string_view name;  // without folder and extension: "0001_initial"
  std::string_view text;
};

}  // namespace reconciled::core
