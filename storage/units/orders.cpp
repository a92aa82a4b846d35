#include "daemon/core/words/mark.h"
#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

// Interface §6, PUT /orders: PortOne's answer or a signed webhook said paid.
bool is_known_paid(Session& session, const core::PaymentId& payment_id) {
  Query query = session.query(
      "SELECT EXISTS (SELECT 1 FROM snapshot WHERE payment_id = ?1"
      "    AND result IN ('paid', 'partially_cancelled', 'cancelled')) "
      "OR EXISTS (SELECT 1 FROM event_by_subject i JOIN event e USING (event_id)"
      "    WHERE i.subject = ?1 AND e.payment_id = ?1 AND e.signed = 1 AND e.status = 'paid')");
  return query.with(payment_id).next() && query.row().flag();
}

bool has_attempts(Session& session, const core::PaymentId& payment_id) {
  Query query = session.query(
      "SELECT EXISTS (SELECT 1 FROM payment p JOIN attempt a USING (payment_no)"
      "  WHERE p.payment_id = ?)");
  return query.with(payment_id).next() && query.row().flag();
}

// Of the newest version.
std::int64_t newest_order(Session& session, const core::PaymentId& payment_id) {
  return session.query("SELECT max(order_id) FROM expected_order WHERE payment_id = ?")
      .with(payment_id)
      .number();
}

std::int64_t add_version(Session& session, const OrderRequest& request, bool deleted) {
  return session
      .query(
          "INSERT INTO expected_order (payment_id, amount, currency, name, deleted,"
          "  registered_at_ms, note, by_whom) VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING order_id")
      .with(request.payment_id, request.amount, request.currency, request.name, deleted, request.at,
            request.correction ? if_any(request.correction->note) : std::nullopt,
            request.correction ? if_any(request.correction->by) : std::nullopt)
      .number();
}

}  // namespace

OrderOutcome register_order(Session& session, const DecisionContext& context,
                            const OrderRequest& request, std::optional<Settled>& settled) {
  const std::optional<core::ExpectedOrder> known = load_order(session, request.payment_id);
  const bool same_money =
      known && known->amount == request.amount && known->currency == request.currency;
  if (same_money && known->name == request.name) {
    if (request.preregister) {
      plan_preregistration(session, context, newest_order(session, request.payment_id), request.at);
    }
    return OrderOutcome::kUnchanged;
  }
  const bool is_paid = known && !same_money && is_known_paid(session, request.payment_id);
  if (is_paid && !request.correction) {
    RECONCILED_MARK(kOrderConflict);
    return OrderOutcome::kConflict;
  }
  bool tells_portone = request.preregister;
  const std::int64_t before = same_money ? newest_order(session, request.payment_id) : 0;
  if (!same_money) {
    // What PortOne was told once would go on to stand, and no window open for this amount.
    tells_portone = tells_portone || was_preregistered(session, request.payment_id);
    // No window opens for what is paid.
    tells_portone = tells_portone && !is_paid;
    drop_preregistrations(session, request.payment_id, "another amount was registered", request.at);
  }
  const std::int64_t order_id = add_version(session, request, false);
  if (same_money) move_preregistrations(session, before, order_id);
  if (tells_portone) plan_preregistration(session, context, order_id, request.at);
  settled = redecide(session, context, request.payment_id, {"order", order_id}, request.at,
                     known ? std::nullopt : std::optional(core::Restart{request.at}));
  return known ? OrderOutcome::kUpdated : OrderOutcome::kCreated;
}

OrderOutcome withdraw_order(Session& session, const DecisionContext& context,
                            const core::PaymentId& payment_id, core::Time now,
                            std::optional<Settled>& settled) {
  const std::optional<core::ExpectedOrder> known = load_order(session, payment_id);
  if (!known) return OrderOutcome::kAbsent;
  if (is_known_paid(session, payment_id)) return OrderOutcome::kConflict;
  RECONCILED_MARK(kOrderWithdrawn);
  const OrderRequest last{payment_id, known->amount, known->currency, known->name, now};
  const std::int64_t order_id = add_version(session, last, true);
  drop_preregistrations(session, payment_id, "the order was withdrawn", now);
  settled = redecide(session, context, payment_id, {"order", order_id}, now, std::nullopt);
  if (!has_attempts(session, payment_id)) {
    for (const QuestionKind kind : {QuestionKind::kV1Order, QuestionKind::kV2Payment}) {
      forget_lookup(session, {kind, payment_id.str(), payment_id, {}});
    }
  }
  return OrderOutcome::kUpdated;
}

}  // namespace reconciled::storage
