// Looks through the pages of a database file for damage, a slice at a time.
//
// A table that SQLite can check as a whole while nobody minds (its pages, its rows' types and rules,
// its indexes beside them) is checked so. One that takes longer is walked in order of its keys: every
// column of every row is read, has the type that it was declared with, and is found again through
// each index. A slice holds its view of the file for a second at most, or the WAL could not be renewed.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "storage/engine.h"
#include "storage/sqlite/sqlite_session.h"

namespace reconciled::storage {

struct WalkedTable;  // what a walk has to know of a table, and where it is

class SqliteStructureCheck final : public StructureCheck {
 public:
  // `longest`: how long a table may take as a whole; 0: all are walked.
  SqliteStructureCheck(const std::string& path, std::chrono::milliseconds patience,
                       std::chrono::milliseconds longest = std::chrono::milliseconds(500));
  ~SqliteStructureCheck() override;

  [[nodiscard]] Slice next() override;

 private:
  [[nodiscard]] bool check_whole(std::vector<std::string>& found);
  void walk(std::vector<std::string>& found);
  [[nodiscard]] bool bound_next_rows();
  [[nodiscard]] std::string read_rows();
  [[nodiscard]] bool stand_in_index(std::size_t number);
  void next_table();

  SqliteSession session_;
  const std::chrono::milliseconds longest_;
  std::vector<std::string> tables_;  // still to be checked, the next one last
  std::unique_ptr<WalkedTable> walked_;    // the next one, where it is walked
};

}  // namespace reconciled::storage
