#include "storage/engine.h"

#include "storage/sqlite/sqlite_engine.h"
#include "storage/sqlite/structure_check.h"

namespace reconciled::storage {

std::unique_ptr<WriterEngine> open_writer_engine(const WriterEngineOptions& options) {
  return open_sqlite_engine(options);
}

std::unique_ptr<Session> open_session(const std::string& location,
                                      std::chrono::milliseconds patience) {
  return open_sqlite_session(location, patience);
}

std::unique_ptr<StructureCheck> open_structure_check(const std::string& location,
                                                     std::chrono::milliseconds patience) {
  return std::make_unique<SqliteStructureCheck>(location, patience);
}

}  // namespace reconciled::storage
