// SQLite as the writer has it: a file that is still the one that was opened, its WAL with the marks
// that tell whose it is, and the checkpoints. And as readers have it.
#pragma once

#include "storage/engine.h"

namespace reconciled::storage {

// The location is a path. Throws ForeignWal too.
[[nodiscard]] std::unique_ptr<WriterEngine> open_sqlite_engine(const WriterEngineOptions& options);
[[nodiscard]] std::unique_ptr<Session> open_sqlite_session(const std::string& location,
                                                           std::chrono::milliseconds patience);

}  // namespace reconciled::storage
