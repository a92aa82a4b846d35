// Reading rows into the records that readers hand out; private to this folder.
#pragma once

#include "storage/reader.h"
#include "storage/session.h"

namespace reconciled::storage {

// Columns of `payment p` that read_payment expects, in order.
inline constexpr const char* kPaymentColumns =
    "p.payment_no, p.payment_id, p.result, p.authority, p.deliverable, p.unverified,"
    " p.unobstructed, p.ui_state, p.webhook_status, p.currency, p.expected_amount,"
    " p.total_amount, p.cancelled_amount, p.created_at_ms, p.updated_at_ms, p.decided_at_ms,"
    " (SELECT min(l.next_at_ms) FROM lookup l WHERE l.payment_id = p.payment_id),"
    " (SELECT max(m.at_ms) FROM timer_mark m WHERE m.payment_id = p.payment_id"
    "   AND m.kind = 'asking_ended' AND p.result IN ('none', 'ready', 'pending',"
    "   'awaiting_deposit')), p.version";
[[nodiscard]] PaymentView read_payment(Row row);

// Columns of `event e JOIN event_progress g` that read_event expects, in order.
inline constexpr const char* kEventColumns =
    "e.event_id, e.received_at_ms, e.source, e.api, e.kind, e.type, e.payment_id, e.attempt_id,"
    " e.status, e.hint, e.reason_code, e.reason_message, e.signed, e.remote_ip, e.known_source,"
    " g.copies, g.last_arrival_ms, g.processed_at_ms";
[[nodiscard]] EventView read_event(Row& row);

}  // namespace reconciled::storage
