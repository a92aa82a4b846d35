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

std::int64_t add_version(Session& session, const OrderRequest& request, bool deleted) {
  return session
      .query(
          "INSERT INTO expected_order (payment_id, amount, currency, name, deleted,"
          "  registered_at_ms) VALUES (?, ?, ?, ?, ?, ?) RETURNING order_id")
      .with(request.payment_id, request.amount, request.currency, request.name, deleted, request.at)
      .number();
}

}  // namespace

OrderOutcome register_order(Session& session, const DecisionContext& context,
                            const OrderRequest& request, std::optional<Settled>& settled) {
  const std::optional<core::ExpectedOrder> known = load_order(session, request.payment_id);
  if (known) {
    const bool same_money = known->amount == request.amount && known->currency == request.currency;
    if (same_money && known->name == request.name) return OrderOutcome::kUnchanged;
    if (!same_money && is_known_paid(session, request.payment_id)) {
      RECONCILED_MARK(kOrderConflict);
      return OrderOutcome::kConflict;
    }
  }
  const std::int64_t order_id = add_version(session, request, false);
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
  settled = redecide(session, context, payment_id, {"order", order_id}, now, std::nullopt);
  if (!has_attempts(session, payment_id)) {
    for (const QuestionKind kind : {QuestionKind::kV1Order, QuestionKind::kV2Payment}) {
      forget_lookup(session, {kind, payment_id.str(), payment_id, {}});
    }
  }
  return OrderOutcome::kUpdated;
}

}  // namespace reconciled::storage
