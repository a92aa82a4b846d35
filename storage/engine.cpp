#include "storage/engine.h"

#include "storage/sqlite/sqlite_engine.h"

namespace reconciled::storage {

std::unique_ptr<WriterEngine> open_writer_engine(const WriterEngineOptions& options) {
  return open_sqlite_engine(options);
}

std::unique_ptr<Session> open_session(const std::string& location,
                                      std::chrono::milliseconds patience) {
  return open_sqlite_session(location, patience);
}

}  // namespace reconciled::storage
