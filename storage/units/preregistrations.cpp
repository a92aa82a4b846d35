#include "daemon/core/decision/schedule.h"
#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

using core::PreregistrationState;
using Outcome = PreregistrationReport::Outcome;

void plan_one(Session& session, std::int64_t order_id, core::Api api, core::Time now) {
  session
      .query(
          "INSERT INTO preregistration (order_id, api, state, wanted_at_ms, at_ms, next_at_ms) "
          "VALUES (?1, ?2, 'pending', ?3, ?3, ?3) "
          "ON CONFLICT (order_id, api) DO UPDATE SET state = 'pending', detail = NULL,"
          "  failures = 0, wanted_at_ms = ?3, at_ms = ?3, next_at_ms = ?3 "
          "WHERE preregistration.state <> 'done'")
      .with(order_id, api, now)
      .run();
}

}  // namespace

void plan_preregistration(Session& session, const DecisionContext& context, std::int64_t order_id,
                          core::Time now) {
  if (context.policy.v1_configured) plan_one(session, order_id, core::Api::kV1, now);
  if (context.policy.v2_store_id) plan_one(session, order_id, core::Api::kV2, now);
}

bool was_preregistered(Session& session, const core::PaymentId& payment_id) {
  Query query = session.query(
      "SELECT EXISTS (SELECT 1 FROM expected_order o JOIN preregistration r USING (order_id)"
      "  WHERE o.payment_id = ?)");
  return query.with(payment_id).next() && query.row().flag();
}

void move_preregistrations(Session& session, std::int64_t from_order, std::int64_t to_order) {
  session.query("UPDATE preregistration SET order_id = ?2 WHERE order_id = ?1")
      .with(from_order, to_order)
      .run();
}

void drop_preregistrations(Session& session, const core::PaymentId& payment_id,
                           std::string_view reason, core::Time now) {
  session
      .query(
          "UPDATE preregistration SET state = 'dropped', detail = ?2, at_ms = ?3,"
          "  next_at_ms = NULL "
          "WHERE state = 'pending'"
          "  AND order_id IN (SELECT o.order_id FROM expected_order o WHERE o.payment_id = ?1)")
      .with(payment_id, reason, now)
      .run();
}

// One index each: nothing walks through what was told long since.
void shift_preregistrations(Session& session, std::chrono::milliseconds by) {
  session
      .query(
          "UPDATE preregistration SET wanted_at_ms = wanted_at_ms + ?1,"
          "  next_at_ms = next_at_ms + ?1 WHERE next_at_ms IS NOT NULL AND failures = 0")
      .with(by.count())
      .run();
  session
      .query(
          "UPDATE preregistration SET wanted_at_ms = wanted_at_ms + ?1,"
          "  next_at_ms = next_at_ms + ?1 WHERE next_at_ms IS NOT NULL AND failures > 0")
      .with(by.count())
      .run();
}

bool settle_preregistration(Session& session, const PreregistrationReport& report) {
  const Preregistration& told = report.told;
  int failures = 0;
  core::Time wanted_at{};
  {
    Query query = session.query(
        "SELECT failures, wanted_at_ms FROM preregistration "
        "WHERE order_id = ? AND api = ? AND state = 'pending'");
    if (!query.with(told.order_id, told.api).next()) return false;
    Row row = query.row();
    failures = static_cast<int>(row.integer());
    wanted_at = row.time();
  }
  PreregistrationState state = PreregistrationState::kPending;
  std::optional<core::Time> next_at;
  switch (report.outcome) {
    case Outcome::kTaken:
      state = PreregistrationState::kDone;
      break;
    case Outcome::kRefused:
      state = PreregistrationState::kRefused;
      break;
    case Outcome::kUnanswered:
      failures += 1;
      next_at = core::next_telling(wanted_at, report.answered_at, failures, report.retry_after);
      if (!next_at) state = PreregistrationState::kDropped;
      break;
  }
  session
      .query(
          "UPDATE preregistration SET state = ?, detail = ?, failures = ?, at_ms = ?,"
          "  next_at_ms = ? WHERE order_id = ? AND api = ?")
      .with(state, if_any(report.detail), failures, report.answered_at, next_at, told.order_id,
            told.api)
      .run();
  return true;
}

}  // namespace reconciled::storage
