// The right to write a database file: one process at a time.
//
// Taken by `serve`, `migrate` and `rebuild` for as long as they run, through locks on `<path>.lock`
// and on the file itself (flock, which SQLite does not use), so that no link and no removed lock
// file lets two in. The kernel lets them go when the process ends, however it ends.
#pragma once

#include <string>

#include "storage/store.h"

namespace reconciled::storage {

class DatabaseLock {
 public:
  // Throws DatabaseInUse where another process holds it, std::system_error where one of the files
  // cannot be opened; a database that is not there is made, empty. Lives longer than any connection
  // to the file: closing a descriptor of it would take SQLite's own locks away.
  explicit DatabaseLock(const std::string& database_path);
  DatabaseLock(const DatabaseLock&) = delete;
  DatabaseLock& operator=(const DatabaseLock&) = delete;

  // Whether some process holds it now.
  [[nodiscard]] static bool is_held(const std::string& database_path);

 private:
  struct Held {
    int fd = -1;
    ~Held();
  };
  static void take(Held& held, const std::string& path, unsigned mode,
                   const std::string& database_path);

  Held beside_;
  Held file_;
};

}  // namespace reconciled::storage
