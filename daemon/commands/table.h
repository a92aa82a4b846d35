// Columns for people: as wide as their widest cell, the last one as long as it is.
#pragma once

#include <string>
#include <vector>

namespace reconciled::commands {

class Table {
 public:
  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  // As many cells as the head has.
  void add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
  void print() const;  // to standard output

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace reconciled::commands
