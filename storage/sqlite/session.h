// One SQLite connection with its prepared statements; private to this folder.
//
// A Session belongs to one thread. A statement is prepared once and found again by the address of
// its text, so SQL is always a literal. Values go in and out through the project's own types.
#pragma once

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "daemon/core/words/ids.h"
#include "daemon/core/words/money.h"
#include "daemon/core/words/states.h"
#include "daemon/core/words/time.h"

namespace reconciled::storage {

// A row under the cursor, read column by column from the left.
class Row {
 public:
  explicit Row(SQLite::Statement& statement) : statement_(statement) {}

  std::int64_t integer();
  std::optional<std::int64_t> optional_integer();
  bool flag() { return integer() != 0; }
  std::string text();  // NULL reads as the empty text
  std::optional<std::string> optional_text();
  core::Time time() { return core::from_ms(integer()); }
  std::optional<core::Time> optional_time();
  std::optional<core::PortoneTime> optional_portone_time();
  core::PaymentId payment_id() { return core::PaymentId::trusted(text()); }
  core::AttemptId attempt_id() { return core::AttemptId::trusted(text()); }
  std::optional<core::PaymentId> optional_payment_id();
  std::optional<core::AttemptId> optional_attempt_id();
  core::Currency currency();
  std::optional<core::Currency> optional_currency();
  template <class Enum>
  Enum word() {
    return core::from_word<Enum>(text()).value();
  }
  template <class Enum>
  std::optional<Enum> optional_word() {
    const std::optional<std::string> spelled = optional_text();
    if (!spelled) return std::nullopt;
    return core::from_word<Enum>(*spelled).value();
  }

 private:
  SQLite::Statement& statement_;
  int column_ = 0;
};

// A statement being given its values; runs once, then is ready for its next use.
class Query {
 public:
  explicit Query(SQLite::Statement& statement);
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  template <class... Values>
  Query& with(const Values&... values) {
    (bind(values), ...);
    return *this;
  }
  // Runs a statement that gives no rows; how many rows it changed.
  int run();
  // Steps to the next row; false at the end.
  bool next();
  [[nodiscard]] Row row() { return Row(statement_); }

 private:
  void bind(std::nullopt_t);
  void bind(std::int64_t value);
  void bind(int value) { bind(static_cast<std::int64_t>(value)); }
  void bind(bool value) { bind(static_cast<std::int64_t>(value ? 1 : 0)); }
  void bind(const std::string& value);
  void bind(const char* value) { bind(std::string(value)); }
  void bind(std::string_view value) { bind(std::string(value)); }
  void bind(core::Time value) { bind(core::to_ms(value)); }
  void bind(core::PortoneTime value) { bind(value.time_since_epoch().count()); }
  void bind(const core::Currency& value) { bind(value.code()); }
  template <class Tag>
  void bind(const core::TextId<Tag>& value) {
    bind(value.str());
  }
  template <class Tag>
  void bind(core::RowId<Tag> value) {
    bind(value.value);
  }
  template <class Enum>
    requires std::is_enum_v<Enum>
  void bind(Enum value) {
    bind(core::to_word(value));
  }
  template <class T>
  void bind(const std::optional<T>& value) {
    if (value) {
      bind(*value);
    } else {
      bind(std::nullopt);
    }
  }

  SQLite::Statement& statement_;
  int parameter_ = 0;
};

class Session {
 public:
  enum class Mode { kWrite, kReadOnly };
  // Opens with the pragmas of design §1 (FULL, foreign keys, defensive). Read-only connections
  // never create the file. `busy_wait_ms`: how long a statement waits for another's lock.
  Session(const std::string& path, Mode mode, int busy_wait_ms);

  // `sql` must be a literal: its address is the key.
  [[nodiscard]] Query query(const char* sql);
  void exec(const char* sql) { database_.exec(sql); }
  // A number higher than any before, over restarts too. On a writing connection, in a transaction.
  [[nodiscard]] std::int64_t next_arrival();
  // The transaction that reserved numbers may have been taken back.
  void forget_reserved() { arrivals_end_ = arrivals_; }
  [[nodiscard]] std::int64_t last_row() const { return database_.getLastInsertRowid(); }
  [[nodiscard]] SQLite::Database& database() { return database_; }

 private:
  SQLite::Database database_;
  std::int64_t arrivals_ = 0;      // the newest number given
  std::int64_t arrivals_end_ = 0;  // the last one reserved
  std::unordered_map<const char*, std::unique_ptr<SQLite::Statement>> statements_;
};

}  // namespace reconciled::storage
