// A payment as the admin endpoint shows it and messages tell it: read by views, and by units in the
// transaction that changes it. Private to storage.
#pragma once

#include "storage/records.h"
#include "storage/session.h"

namespace reconciled::storage {

// Columns of `payment p` that read_payment expects, in order.
inline constexpr const char* kPaymentColumns =
    // What history says, too: a disk that changes one of them makes nothing deliverable.
    "p.payment_no, p.payment_id, p.result, p.authority,"
    " CASE WHEN p.deliverable = 1 AND (SELECT t.to_deliverable FROM transition t"
    "   WHERE t.payment_no = p.payment_no ORDER BY t.version DESC LIMIT 1) = 1 THEN 1 ELSE 0 END,"
    " p.unverified,"
    " p.unobstructed, p.ui_state, p.webhook_status, p.currency, p.expected_amount,"
    " p.total_amount, p.cancelled_amount, p.created_at_ms, p.updated_at_ms, p.decided_at_ms,"
    " (SELECT min(l.next_at_ms) FROM lookup l WHERE l.payment_id = p.payment_id),"
    " (SELECT max(m.at_ms) FROM timer_mark m WHERE m.payment_id = p.payment_id"
    "   AND m.kind = 'asking_ended' AND p.result IN ('none', 'ready', 'pending',"
    "   'awaiting_deposit')), p.version";
[[nodiscard]] PaymentView read_payment(Row row);

// What read_finding expects; conditions name `finding f`.
inline constexpr const char* kFindings =
    "SELECT f.finding_id, f.payment_id, f.kind, f.open, f.detail, f.opened_at_ms, f.closed_at_ms,"
    "  f.closed_by, r.by_whom, f.note "
    "FROM finding f LEFT JOIN resolution r ON r.payment_id = f.payment_id AND r.kind = f.kind"
    "  AND r.cause = f.cause";
[[nodiscard]] FindingView read_finding(Row row);

// The payment's row; nothing where it has none.
[[nodiscard]] std::optional<PaymentView> load_payment(Session& session, const core::PaymentId& id);
[[nodiscard]] std::vector<AttemptView> load_attempts(Session& session, const core::PaymentId& id);
[[nodiscard]] std::vector<FindingView> load_findings(Session& session, const core::PaymentId& id);
// All of it but the timeline.
[[nodiscard]] std::optional<PaymentDetail> load_detail(Session& session, const core::PaymentId& id);

}  // namespace reconciled::storage
