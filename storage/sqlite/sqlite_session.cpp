#include "storage/sqlite/sqlite_session.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include "storage/sqlite/known_events.h"

namespace reconciled::storage {
namespace {

// SQLite would count its memory under one lock for all threads, and nobody asks for the count. It
// listens only before its first use, so before main.
[[maybe_unused]] const int kCountsNoMemory = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);

constexpr int kPrimary = 0xff;  // of a result code, without details

EngineError::Kind kind_of(int code) {
  switch (code & kPrimary) {
    case SQLITE_BUSY:
      return EngineError::Kind::kBusy;
    case SQLITE_CONSTRAINT:
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
      return EngineError::Kind::kRefused;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return EngineError::Kind::kDamaged;
    default:
      return EngineError::Kind::kUnavailable;
  }
}

class SqliteStatement final : public Statement {
 public:
  SqliteStatement(sqlite3* connection, const char* sql) : connection_(connection) {
    check(sqlite3_prepare_v3(connection, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement_, nullptr));
  }
  ~SqliteStatement() override { sqlite3_finalize(statement_); }

  void bind_null(int parameter) override { check(sqlite3_bind_null(statement_, parameter)); }
  void bind(int parameter, std::int64_t value) override {
    check(sqlite3_bind_int64(statement_, parameter, value));
  }
  void bind_kept(int parameter, std::string_view text) override {
    bind_text(parameter, text, SQLITE_STATIC);
  }
  void bind_copy(int parameter, std::string_view text) override {
    bind_text(parameter, text, SQLITE_TRANSIENT);
  }
  bool step() override {
    // Another step would begin anew.
    if (is_done_) return false;
    const int code = sqlite3_step(statement_);
    if (code == SQLITE_ROW) return true;
    if (code != SQLITE_DONE) fail(code);
    is_done_ = true;
    return false;
  }
  int run() override {
    if (step()) throw EngineError(EngineError::Kind::kRefused, "the statement gives rows");
    return sqlite3_changes(connection_);
  }
  void reset() noexcept override {
    // A failed step leaves its error here; it was thrown where it happened.
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    is_done_ = false;
  }

  bool is_null(int column) override {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  std::int64_t integer(int column) override { return sqlite3_column_int64(statement_, column); }
  std::string_view text(int column) override {
    const unsigned char* text = sqlite3_column_text(statement_, column);
    if (text == nullptr) return {};
    return {reinterpret_cast<const char*>(text),
            static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
  }

 private:
  void bind_text(int parameter, std::string_view text, sqlite3_destructor_type destructor) {
    // A null pointer would be NULL, not the empty text.
    check(sqlite3_bind_text64(statement_, parameter, text.empty() ? "" : text.data(), text.size(),
                              destructor, SQLITE_UTF8));
  }
  void check(int code) {
    if (code != SQLITE_OK) fail(code);
  }
  [[noreturn]] void fail(int code) { throw SqliteError(code, sqlite3_errmsg(connection_)); }

  sqlite3* connection_;
  sqlite3_stmt* statement_ = nullptr;
  bool is_done_ = false;
};

}  // namespace

SqliteError::SqliteError(int sqlite_code, const std::string& what)
    : EngineError(kind_of(sqlite_code), what), code(sqlite_code) {}

int sqlite_code_of(const std::exception& error) {
  if (const auto* ours = dynamic_cast<const SqliteError*>(&error)) return ours->code & kPrimary;
  const auto* theirs = dynamic_cast<const SQLite::Exception*>(&error);
  return theirs == nullptr ? SQLITE_OK : theirs->getErrorCode() & kPrimary;
}

// SQLite does not say which file it means.
SqliteSession::SqliteSession(const std::string& path, Mode mode, int busy_wait_ms) try
    : database_(path,
                // A Session belongs to one thread: SQLite need not lock it.
                SQLite::OPEN_NOMUTEX |
                    (mode == Mode::kWrite ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE
                                          : SQLite::OPEN_READONLY),
                busy_wait_ms) {
  // Keeps a stray statement from corrupting the file through SQLite's own tables.
  if (sqlite3_db_config(handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr) != SQLITE_OK) {
    throw std::runtime_error("SQLite refuses its defensive mode");
  }
  sqlite3_extended_result_codes(handle(), 1);
  database_.exec("PRAGMA foreign_keys = ON");
  if (mode == Mode::kWrite) {
    // Has an effect on a new file alone, before anything is written to it; any other it would write to
    // all the same.
    if (database_.execAndGet("PRAGMA page_count").getInt() == 0) {
      database_.exec("PRAGMA auto_vacuum = INCREMENTAL");
    }
    database_.exec("PRAGMA journal_mode = WAL");
    database_.exec("PRAGMA synchronous = FULL");
    // The writer has checkpoints made between batches, never within a commit that somebody waits
    // for.
    database_.exec("PRAGMA wal_autocheckpoint = 0");
    // What a reader of hours made the WAL grow to is given back.
    database_.exec("PRAGMA journal_size_limit = 67108864");
    database_.exec("PRAGMA cache_size = -12288");
  } else {
    database_.exec("PRAGMA query_only = ON");
  }
} catch (const SQLite::Exception& error) {
  throw SqliteError(error.getErrorCode(), path + ": " + error.what());
}

std::unique_ptr<Statement> SqliteSession::prepare(const char* sql) {
  return std::make_unique<SqliteStatement>(handle(), sql);
}

void SqliteSession::exec(const std::string& sql) {
  const int code = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) throw SqliteError(code, sqlite3_errmsg(handle()));
}

// The write lock at once: to get it behind the first read would fail where another wrote meanwhile.
void SqliteSession::begin() { query("BEGIN IMMEDIATE").run(); }
void SqliteSession::begin_reading() { query("BEGIN").run(); }
void SqliteSession::commit() { query("COMMIT").run(); }
void SqliteSession::end_by_roll_back() { exec("ROLLBACK"); }
bool SqliteSession::is_in_transaction() { return sqlite3_get_autocommit(handle()) == 0; }
void SqliteSession::set_savepoint() { query("SAVEPOINT unit").run(); }
void SqliteSession::release_savepoint() { query("RELEASE unit").run(); }

bool SqliteSession::may_hold_event(std::int64_t dedupe_hash) const {
  return known_ == nullptr || known_->may_hold(dedupe_hash);
}

void SqliteSession::note_event(std::int64_t dedupe_hash) {
  if (known_ != nullptr) known_->note(dedupe_hash);
}

void SqliteSession::return_to_savepoint() {
  query("ROLLBACK TO unit").run();
  release_savepoint();
}

}  // namespace reconciled::storage
