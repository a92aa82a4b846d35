#include "storage/sqlite/session.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <stdexcept>

#include "daemon/core/words/check.h"

namespace reconciled::storage {
namespace {

// SQLite would count its memory under one lock for all threads, and nobody asks for the count. It
// listens only before its first use, so before main.
[[maybe_unused]] const int kCountsNoMemory = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);

}  // namespace

std::int64_t Row::integer() { return statement_.getColumn(column_++).getInt64(); }

std::optional<std::int64_t> Row::optional_integer() {
  const SQLite::Column column = statement_.getColumn(column_++);
  if (column.isNull()) return std::nullopt;
  return column.getInt64();
}

std::string Row::text() { return statement_.getColumn(column_++).getString(); }

std::optional<std::string> Row::optional_text() {
  const SQLite::Column column = statement_.getColumn(column_++);
  if (column.isNull()) return std::nullopt;
  return column.getString();
}

std::optional<core::Time> Row::optional_time() {
  const auto ms = optional_integer();
  if (!ms) return std::nullopt;
  return core::from_ms(*ms);
}

std::optional<core::PortoneTime> Row::optional_portone_time() {
  const auto us = optional_integer();
  if (!us) return std::nullopt;
  return core::PortoneTime{std::chrono::microseconds{*us}};
}

std::optional<core::PaymentId> Row::optional_payment_id() {
  auto id = optional_text();
  if (!id) return std::nullopt;
  return core::PaymentId::trusted(std::move(*id));
}

std::optional<core::AttemptId> Row::optional_attempt_id() {
  auto id = optional_text();
  if (!id) return std::nullopt;
  return core::AttemptId::trusted(std::move(*id));
}

core::Currency Row::currency() { return core::Currency::make(text()).value(); }

std::optional<core::Currency> Row::optional_currency() {
  const auto code = optional_text();
  if (!code) return std::nullopt;
  return core::Currency::make(*code);
}

Query::Query(SQLite::Statement& statement) : statement_(statement) {}

Query::~Query() {
  // A failed step leaves its error here; it was thrown where it happened.
  statement_.tryReset();
  try {
    statement_.clearBindings();
  } catch (const std::exception&) {
  }
}

int Query::run() { return statement_.exec(); }

bool Query::next() { return statement_.executeStep(); }

void Query::bind(std::nullopt_t) { statement_.bind(++parameter_); }
void Query::bind(std::int64_t value) { statement_.bind(++parameter_, value); }
void Query::bind(const std::string& value) { statement_.bind(++parameter_, value); }

// SQLite does not say which file it means.
Session::Session(const std::string& path, Mode mode, int busy_wait_ms) try
    : database_(path,
                // A Session belongs to one thread: SQLite need not lock it.
                SQLite::OPEN_NOMUTEX |
                    (mode == Mode::kWrite ? SQLite::OPEN_READWRITE | SQLite::OPEN_CREATE
                                          : SQLite::OPEN_READONLY),
                busy_wait_ms) {
  sqlite3* handle = database_.getHandle();
  // Keeps a stray statement from corrupting the file through SQLite's own tables.
  if (sqlite3_db_config(handle, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr) != SQLITE_OK) {
    throw std::runtime_error("SQLite refuses its defensive mode");
  }
  sqlite3_extended_result_codes(handle, 1);
  database_.exec("PRAGMA foreign_keys = ON");
  if (mode == Mode::kWrite) {
    database_.exec("PRAGMA journal_mode = WAL");
    database_.exec("PRAGMA synchronous = FULL");
    // The writer has checkpoints made between batches, never within a commit that somebody waits for.
    database_.exec("PRAGMA wal_autocheckpoint = 0");
    // What a reader of hours made the WAL grow to is given back.
    database_.exec("PRAGMA journal_size_limit = 67108864");
    database_.exec("PRAGMA cache_size = -12288");
  } else {
    database_.exec("PRAGMA query_only = ON");
  }
} catch (const SQLite::Exception& error) {
  throw SQLite::Exception(path + ": " + error.what(), error.getErrorCode());
}

Query Session::query(const char* sql) {
  std::unique_ptr<SQLite::Statement>& statement = statements_[sql];
  if (!statement) statement = std::make_unique<SQLite::Statement>(database_, sql);
  return Query(*statement);
}

std::int64_t Session::next_arrival() {
  constexpr std::int64_t kReserved = 1'024;
  if (arrivals_ == arrivals_end_) {
    Query query = this->query(
        "UPDATE meta SET value = CAST(CAST(value AS INTEGER) + ?1 AS TEXT) "
        "WHERE key = 'arrivals_reserved' RETURNING CAST(value AS INTEGER)");
    core::check(query.with(kReserved).next(), "meta has a row for each sequence");
    arrivals_end_ = query.row().integer();
    query.next();
    arrivals_ = arrivals_end_ - kReserved;
  }
  return ++arrivals_;
}

}  // namespace reconciled::storage
