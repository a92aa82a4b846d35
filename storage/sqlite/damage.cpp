#include "storage/sqlite/damage.h"

namespace reconciled::storage {

std::string damage_advice(const std::string& path, const std::exception& error) {
  return path + " is damaged (" + error.what() +
         "), and nothing is stored: stop the daemon, keep a copy of the file and its -wal, and "
         "start with a backup, or with what `sqlite3 " +
         path + " .recover` saves";
}

}  // namespace reconciled::storage
