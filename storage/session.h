// A connection to the store in words that every engine has; private to storage.
//
// Units of work and views know a database by this file alone; a driver an engine stands behind it
// (sqlite/sqlite_session.h). A Session belongs to one thread. A statement is prepared once and
// found again by the address of its text, so SQL is always a literal, in words that SQLite and
// PostgreSQL both take (tests/storage/statements_test.cpp prepares each on both). Values go in and
// out through the project's own types, without an allocation of their own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "daemon/core/words/ids.h"
#include "daemon/core/words/money.h"
#include "daemon/core/words/states.h"
#include "daemon/core/words/time.h"

namespace reconciled::storage {

// What an engine says when it does not do what it was told.
struct EngineError : std::runtime_error {
  enum class Kind {
    kBusy,         // somebody else holds what it needs
    kRefused,      // the statement, or its values: nobody else's would have failed
    kDamaged,      // the database makes no sense any more
    kUnavailable,  // the world: disk, memory, files
  };
  EngineError(Kind error_kind, const std::string& what)
      : std::runtime_error(what), kind(error_kind) {}
  Kind kind;
};

// Whether the engine met what makes no sense: what is still taken in may be lost with the rest, so
// nothing is stored any more, and a person is told.
[[nodiscard]] bool is_damage(const std::exception& error);

// A prepared statement, as a driver has it. Parameters count from 1, columns from 0. All of it
// throws EngineError, but for `reset`.
class Statement {
 public:
  Statement() = default;
  virtual ~Statement() = default;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  virtual void bind_null(int parameter) = 0;
  virtual void bind(int parameter, std::int64_t value) = 0;
  // `text` stays what it is until the statement is reset.
  virtual void bind_kept(int parameter, std::string_view text) = 0;
  virtual void bind_copy(int parameter, std::string_view text) = 0;
  // To the next row; false at the end, again and again.
  virtual bool step() = 0;
  // Runs it to its end; how many rows it changed. It must not give any.
  virtual int run() = 0;
  // Ready for its next use, with no value bound; whatever failed before.
  virtual void reset() noexcept = 0;

  [[nodiscard]] virtual bool is_null(int column) = 0;
  // A truth is 1 or 0.
  [[nodiscard]] virtual std::int64_t integer(int column) = 0;
  // Until the next step. NULL is the empty text.
  [[nodiscard]] virtual std::string_view text(int column) = 0;
};

// A row under the cursor, read column by column from the left.
class Row {
 public:
  explicit Row(Statement& statement) : statement_(statement) {}

  std::int64_t integer() { return statement_.integer(column_++); }
  std::optional<std::int64_t> optional_integer();
  bool flag() { return integer() != 0; }
  std::string text() { return std::string(statement_.text(column_++)); }  // NULL: the empty text
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
    const std::string_view text = statement_.text(column_++);
    const auto word = core::from_word<Enum>(text);
    if (!word) refuse_word(text);
    return *word;
  }
  template <class Enum>
  std::optional<Enum> optional_word() {
    if (statement_.is_null(column_)) {
      ++column_;
      return std::nullopt;
    }
    return word<Enum>();
  }

 private:
  // Of one row, damaged by somebody's hand or by the disk: the others go on.
  [[noreturn]] static void refuse_word(std::string_view text);

  Statement& statement_;
  int column_ = 0;
};

// A statement being given its values; runs once, then is ready for its next use.
class Query {
 public:
  explicit Query(Statement& statement) : statement_(statement) {}
  ~Query() { statement_.reset(); }
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  // A text that has a name, or is a view, is not copied: it has to outlive the query's last step.
  template <class... Values>
  Query& with(Values&&... values) {
    (bind(std::forward<Values>(values)), ...);
    return *this;
  }
  // Runs a statement that gives no rows; how many rows it changed.
  int run() { return statement_.run(); }
  // Runs one that gives one row of one number, such as that of the row which it inserted.
  std::int64_t number();
  // Steps to the next row; false at the end.
  bool next() { return statement_.step(); }
  [[nodiscard]] Row row() { return Row(statement_); }

 private:
  void bind(std::nullopt_t) { statement_.bind_null(++parameter_); }
  void bind(std::int64_t value) { statement_.bind(++parameter_, value); }
  void bind(int value) { bind(static_cast<std::int64_t>(value)); }
  void bind(bool value) { bind(static_cast<std::int64_t>(value ? 1 : 0)); }
  void bind(std::string_view value) { statement_.bind_kept(++parameter_, value); }
  void bind(const char* value) { bind(std::string_view(value)); }
  void bind(const std::string& value) { bind(std::string_view(value)); }
  void bind(std::string&& value) { statement_.bind_copy(++parameter_, value); }
  void bind(core::Time value) { bind(core::to_ms(value)); }
  void bind(core::PortoneTime value) { bind(std::int64_t{value.time_since_epoch().count()}); }
  void bind(const core::Currency& value) { bind(value.code()); }
  void bind(core::Currency&& value) { statement_.bind_copy(++parameter_, value.code()); }
  template <class Tag>
  void bind(const core::TextId<Tag>& value) {
    bind(value.str());
  }
  template <class Tag>
  void bind(core::TextId<Tag>&& value) {
    statement_.bind_copy(++parameter_, value.str());
  }
  template <class Tag>
  void bind(core::RowId<Tag> value) {
    bind(value.value);
  }
  template <class Enum>
  requires std::is_enum_v<Enum>
  void bind(Enum value) { bind(core::to_word(value)); }
  template <class T>
  void bind(const std::optional<T>& value) {
    if (value) {
      bind(*value);
    } else {
      bind(std::nullopt);
    }
  }
  template <class T>
  void bind(std::optional<T>&& value) {
    if (value) {
      bind(std::move(*value));
    } else {
      bind(std::nullopt);
    }
  }

  Statement& statement_;
  int parameter_ = 0;
};

class Session {
 public:
  Session() = default;
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // `sql` must be a literal: its address is the key.
  [[nodiscard]] Query query(const char* sql);

  // A transaction that may write. EngineError::kBusy where somebody else writes for too long.
  virtual void begin() = 0;
  // One that reads, all as of one moment.
  virtual void begin_reading() = 0;
  virtual void commit() = 0;
  // Whether one is open: some errors end it.
  [[nodiscard]] virtual bool is_in_transaction() = 0;
  // Takes the transaction back; nothing where none is open.
  void roll_back() noexcept;
  // Inside a transaction, one at a time: what follows can be taken back by itself.
  virtual void set_savepoint() = 0;
  virtual void release_savepoint() = 0;
  // Takes it back, and releases it.
  void roll_back_to_savepoint();

  // Whether a copy of an event of this hash may be stored: "no" is certain, and spares a question.
  [[nodiscard]] virtual bool may_hold_event(std::int64_t dedupe_hash) const;
  // An event of this hash is being stored.
  virtual void note_event(std::int64_t dedupe_hash);

  // A number higher than any before, over restarts too. On a writing connection, in a transaction.
  [[nodiscard]] std::int64_t next_arrival();

 protected:
  // `sql` is a literal.
  [[nodiscard]] virtual std::unique_ptr<Statement> prepare(const char* sql) = 0;
  virtual void end_by_roll_back() = 0;
  virtual void return_to_savepoint() = 0;
  // For the driver's destructor: they end before their connection does.
  void forget_statements() { statements_.clear(); }

 private:
  // The transaction that reserved numbers may have been taken back.
  void forget_reserved() { arrivals_end_ = arrivals_; }

  std::int64_t arrivals_ = 0;      // the newest number given
  std::int64_t arrivals_end_ = 0;  // the last one reserved
  std::unordered_map<const char*, std::unique_ptr<Statement>> statements_;
};

// A Session's transaction, taken back where it is not committed.
class Transaction {
 public:
  enum class For { kWriting, kReading };
  explicit Transaction(Session& session, For purpose = For::kWriting);
  ~Transaction() {
    if (!is_committed_) session_.roll_back();
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  Session& session_;
  bool is_committed_ = false;
};

}  // namespace reconciled::storage
