#include "daemon/commands/table.h"

#include <algorithm>
#include <cstdio>

namespace reconciled::commands {
namespace {

// Terminal columns, near enough: Hangul and other wide characters take two.
std::size_t width_of(const std::string& text) {
  std::size_t width = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 || (byte >= 0xc0 && byte < 0xe0)) width += 1;
    if (byte >= 0xe0) width += 2;
  }
  return width;
}

}  // namespace

void Table::print() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line += std::string(widths[i] - width_of(row[i]) + 2, ' ');
    }
    std::printf("%s\n", line.c_str());
  }
}

}  // namespace reconciled::commands
