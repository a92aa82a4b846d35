// Columns for people: as wide as their widest cell, within a terminal's width.
#pragma once

#include <string>
#include <vector>

namespace reconciled::commands {

class Table {
 public:
  explicit Table(std::vector<std::string> head) { add(std::move(head)); }
  // As many cells as the head has; each is made plain text of one line.
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool is_empty() const { return rows_.size() == 1; }
  // Where a row is too wide, the widest columns break into several lines: nothing is left out.
  [[nodiscard]] std::string text() const;
  void print() const;  // to standard output

 private:
  [[nodiscard]] std::vector<std::size_t> widths() const;

  std::vector<std::vector<std::string>> rows_;
};

}  // namespace reconciled::commands
