#include <algorithm>

#include "daemon/core/words/mark.h"
#include "storage/units/units.h"

namespace reconciled::storage {

OpenedFindings write_findings(Session& session, const core::PaymentId& payment_id,
                              const core::Decision& decision, core::Time now) {
  OpenedFindings opened;
  for (const core::FindingDraft& draft : decision.findings) {
    // One finding per kind and cause, ever: what evidence closed it may open again, what a person
    // closed stays closed.
    {
      Query query = session.query(
          "INSERT INTO finding (payment_id, kind, cause, open, detail, opened_at_ms) "
          "SELECT ?1, ?2, ?3, 1, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM resolution"
          "  WHERE payment_id = ?1 AND kind = ?2 AND cause = ?3) "
          "ON CONFLICT (payment_id, kind, cause) DO UPDATE SET open = 1,"
          "  closed_at_ms = NULL, closed_by = NULL "
          "WHERE finding.open = 0 AND finding.closed_by = 'evidence' RETURNING finding_id");
      if (query.with(payment_id, draft.kind, draft.cause, draft.detail, now).next()) {
        opened.kinds.push_back(draft.kind);
        opened.ids.push_back(query.row().integer());
        query.next();
      }
    }
    // What it tells follows the evidence: a person must not refund the amount of another answer.
    session
        .query(
            "UPDATE finding SET detail = ?4 "
            "WHERE payment_id = ?1 AND kind = ?2 AND cause = ?3 AND open = 1 AND detail <> ?4")
        .with(payment_id, draft.kind, draft.cause, draft.detail)
        .run();
  }
  std::vector<std::pair<std::int64_t, bool>> standing;
  {
    // No decision opens `poisoned`, and none closes it.
    Query query = session.query(
        "SELECT finding_id, kind, cause FROM finding "
        "WHERE payment_id = ? AND open = 1 AND kind <> ?");
    query.with(payment_id, core::FindingKind::kPoisoned);
    while (query.next()) {
      Row row = query.row();
      const std::int64_t id = row.integer();
      const auto kind = row.word<core::FindingKind>();
      const std::string cause = row.text();
      const bool stands = std::any_of(
          decision.findings.begin(), decision.findings.end(),
          [&](const core::FindingDraft& d) { return d.kind == kind && d.cause == cause; });
      standing.emplace_back(id, stands);
    }
  }
  for (const auto& [id, stands] : standing) {
    if (stands) continue;
    RECONCILED_MARK(kFindingClosed);
    session
        .query(
            "UPDATE finding SET open = 0, closed_at_ms = ?, closed_by = 'evidence' "
            "WHERE finding_id = ?")
        .with(now, id)
        .run();
  }
  return opened;
}

ResolveOutcome resolve_finding(Session& session, const DecisionContext& context,
                               const ResolveRequest& request, std::optional<Settled>& settled) {
  std::optional<core::PaymentId> payment;
  {
    Query query = session.query(
        "SELECT payment_id, open, closed_by FROM finding WHERE finding_id = ?");
    if (!query.with(request.finding).next()) return ResolveOutcome::kAbsent;
    Row row = query.row();
    payment = row.payment_id();
    if (!row.flag()) {
      return row.text() == "person" ? ResolveOutcome::kAlready : ResolveOutcome::kOver;
    }
  }
  const std::int64_t resolution =
      session
          .query(
              "INSERT INTO resolution (payment_id, kind, cause, note, by_whom, at_ms) "
              "SELECT payment_id, kind, cause, ?2, ?3, ?4 FROM finding WHERE finding_id = ?1 "
              "RETURNING resolution_id")
          .with(request.finding, request.hand.note, request.hand.by, request.at)
          .number();
  session
      .query(
          "UPDATE finding SET open = 0, closed_at_ms = ?2, closed_by = 'person', note = ?3 "
          "WHERE finding_id = ?1")
      .with(request.finding, request.at, request.hand.note)
      .run();
  settled = redecide(session, context, *payment, {"resolution", resolution}, request.at, {});
  return ResolveOutcome::kResolved;
}

NotificationCounts tell_of_finding(Session& session, const DecisionContext& context,
                                   const core::PaymentId& payment_id, std::int64_t finding,
                                   core::Time now) {
  if (!context.notification_body) return {};
  const std::optional<StoredPayment> stored = load_stored(session, payment_id);
  if (!stored) return {};
  const core::Standing standing = standing_of(stored->row);
  return announce(session, context.notification_body,
                  {.payment_id = payment_id,
                   .payment = stored->number,
                   .version = stored->version,
                   .before = standing,
                   .now = standing,
                   .opened = {finding},
                   .waits = true},
                  now);
}

}  // namespace reconciled::storage
