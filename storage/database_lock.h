// The right to write a database file: one process at a time.
//
// Taken by `serve` and `migrate` for as long as they run, through a lock on `<path>.lock`. The
// kernel lets it go when the process ends, however it ends.
#pragma once

#include <stdexcept>
#include <string>

namespace reconciled::storage {

struct DatabaseInUse : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class DatabaseLock {
 public:
  // Throws DatabaseInUse where another process holds it, std::system_error where the lock file
  // cannot be made.
  explicit DatabaseLock(const std::string& database_path);
  ~DatabaseLock();
  DatabaseLock(const DatabaseLock&) = delete;
  DatabaseLock& operator=(const DatabaseLock&) = delete;

 private:
  int fd_;
};

}  // namespace reconciled::storage
