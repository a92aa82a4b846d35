// SQLite's driver: one connection; private to this folder, and to what opens one.
#pragma once

#include <SQLiteCpp/Database.h>

#include <memory>
#include <string>

#include "storage/session.h"

struct sqlite3;

namespace reconciled::storage {

class KnownEvents;

// What SQLite said. `code` may carry the details that extended result codes add.
struct SqliteError : EngineError {
  SqliteError(int sqlite_code, const std::string& what);
  int code;
};

// The result code of SQLite in `error`, without details, whoever threw it; 0 where it has none.
[[nodiscard]] int sqlite_code_of(const std::exception& error);

class SqliteSession final : public Session {
 public:
  enum class Mode { kWrite, kReadOnly };
  // Opens with the pragmas of design §1 (FULL, foreign keys, defensive). Read-only connections
  // never create the file. `busy_wait_ms`: how long a statement waits for another's lock. Throws
  // SqliteError, which names the file.
  SqliteSession(const std::string& path, Mode mode, int busy_wait_ms);
  ~SqliteSession() override { forget_statements(); }

  void begin() override;
  void begin_reading() override;
  void commit() override;
  [[nodiscard]] bool is_in_transaction() override;
  void set_savepoint() override;
  void release_savepoint() override;
  [[nodiscard]] bool may_hold_event(std::int64_t dedupe_hash) const override;
  void note_event(std::int64_t dedupe_hash) override;

  // The writer's: what knows the events that are stored, for as long as the session lives.
  void use(KnownEvents& known) { known_ = &known; }

  // Statements whose texts are no literals, or that are run once.
  void exec(const std::string& sql);
  [[nodiscard]] SQLite::Database& database() { return database_; }
  [[nodiscard]] sqlite3* handle() { return database_.getHandle(); }

 protected:
  [[nodiscard]] std::unique_ptr<Statement> prepare(const char* sql) override;
  void end_by_roll_back() override;
  void return_to_savepoint() override;

 private:
  SQLite::Database database_;
  KnownEvents* known_ = nullptr;
};

}  // namespace reconciled::storage
