#include "storage/sqlite/damage.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

namespace reconciled::storage {

bool is_damage(const std::exception& error) {
  const auto* sqlite = dynamic_cast<const SQLite::Exception*>(&error);
  if (sqlite == nullptr) return false;
  const int code = sqlite->getErrorCode() & 0xff;
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

std::string damage_advice(const std::string& path, const std::exception& error) {
  return path + " is damaged (" + error.what() +
         "), and nothing is stored: stop the daemon, keep a copy of the file and its -wal, and "
         "start with a backup, or with what `sqlite3 " +
         path + " .recover` saves";
}

}  // namespace reconciled::storage
