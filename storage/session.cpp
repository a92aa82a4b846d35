#include "storage/session.h"

#include "daemon/core/words/check.h"
#include "daemon/core/words/text.h"

namespace reconciled::storage {

bool is_damage(const std::exception& error) {
  const auto* engine = dynamic_cast<const EngineError*>(&error);
  return engine != nullptr && engine->kind == EngineError::Kind::kDamaged;
}

std::optional<std::int64_t> Row::optional_integer() {
  const int column = column_++;
  if (statement_.is_null(column)) return std::nullopt;
  return statement_.integer(column);
}

std::optional<std::string> Row::optional_text() {
  const int column = column_++;
  if (statement_.is_null(column)) return std::nullopt;
  return std::string(statement_.text(column));
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

void Row::refuse_word(std::string_view text) {
  throw EngineError(EngineError::Kind::kRefused, "a row holds \"" + core::clean_text(text, 60) +
                                                     "\" where no such word can be");
}

core::Currency Row::currency() {
  const std::string code = text();
  const auto currency = core::Currency::make(code);
  if (!currency) refuse_word(code);
  return *currency;
}

std::optional<core::Currency> Row::optional_currency() {
  const auto code = optional_text();
  if (!code) return std::nullopt;
  return core::Currency::make(*code);
}

std::int64_t Query::number() {
  core::check(statement_.step(), "a statement for a number gives it");
  const std::int64_t number = statement_.integer(0);
  // What it writes is checked at its end.
  core::check(!statement_.step(), "and no other");
  return number;
}

Query Session::query(const char* sql) {
  std::unique_ptr<Statement>& statement = statements_[sql];
  if (!statement) statement = prepare(sql);
  return Query(*statement);
}

void Session::roll_back() noexcept {
  try {
    if (is_in_transaction()) end_by_roll_back();
  } catch (const std::exception&) {
    // Some errors roll back by themselves.
  }
  forget_reserved();
}

void Session::roll_back_to_savepoint() {
  return_to_savepoint();
  forget_reserved();
}

std::int64_t Session::next_arrival() {
  constexpr std::int64_t kReserved = 1'024;
  if (arrivals_ == arrivals_end_) {
    arrivals_end_ = query(
                        "UPDATE meta SET value = CAST(CAST(value AS BIGINT) + ?1 AS TEXT) "
                        "WHERE key = 'arrivals_reserved' RETURNING CAST(value AS BIGINT)")
                        .with(kReserved)
                        .number();
    arrivals_ = arrivals_end_ - kReserved;
  }
  return ++arrivals_;
}

bool Session::may_hold_event(std::int64_t) const { return true; }

void Session::note_event(std::int64_t) {}

Transaction::Transaction(Session& session, For purpose) : session_(session) {
  if (purpose == For::kWriting) {
    session_.begin();
  } else {
    session_.begin_reading();
  }
}

void Transaction::commit() {
  session_.commit();
  is_committed_ = true;
}

}  // namespace reconciled::storage
