// A PostgreSQL of the test's own: a folder, a socket in it, and nothing that anybody else could meet.
// The one of this Debian (package `postgresql`), 15 or newer; where there is none the constructor
// throws.
#pragma once

#include <string>
#include <vector>

#include "tests/support/temporary_folder.h"

namespace reconciled::test {

class Postgres {
 public:
  Postgres();
  ~Postgres();
  Postgres(const Postgres&) = delete;
  Postgres& operator=(const Postgres&) = delete;

  // Runs each of `scripts` by itself, one after the other in one session; what is wrong with each,
  // empty where nothing is.
  std::vector<std::string> run(const std::vector<std::string>& scripts);

 private:
  TemporaryFolder folder_;
  std::string programs_;     // the folder of initdb, pg_ctl and psql, with a slash behind it
  std::string as_its_user_;  // what a command begins with
};

// The tables of SQLite's migrations as PostgreSQL would have them, a statement each: their keys and
// indexes, no triggers, and of the views those that the program asks.
[[nodiscard]] std::vector<std::string> tables_for_postgres(const std::string& migrations);

}  // namespace reconciled::test
