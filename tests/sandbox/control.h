// The control API of `portone-sandbox`: what a test or a person tells it to do. JSON in and out,
// under /sandbox; no credential, since the server listens on loopback only. Amounts are integers in
// ISO 4217 minor units, times RFC 3339, durations milliseconds. Faults never touch these calls.
//
// POST /sandbox/payments   makes an attempt. payment_id, version "v1"|"v2" (default v1), amount
//     (default 10000), currency "KRW", channel "live"|"test", method
//     "card"|"vbank"|"trans"|"paypal", attempt_id (else generated), order_name, status (default
//     "ready": the window was opened), scheduled, tier, store_id, shown_store_id (what answers
//     say), success_flag "imp_success"|"success"|"none" (V1 redirects), and the members of a move
//     below.
// POST /sandbox/payments/{attempt_id}/status   moves it: status "ready"|"virtual_account_issued"|
//     "pay_pending"|"paid"|"failed"|"cancelled"|"cancel_pending"|"disputed"|"dispute_resolved"|
//     "reverted", cancel_amount (absent: all that is left), code, reason, trigger
//     "CONSOLE"|"API"|"PORTONE_ADMIN"|"CHARGEBACK", at (when it happened; default now),
//     webhook true|false (default: what PortOne does for that version and cause; V1 is silent about
//     declines and about cancels with trigger "API"), webhook_delay_ms. Any order of moves is
//     allowed. Both answer {payment_id, attempt_id, version, status, redirect_query, announced,
//     payment}, redirect_query being what PortOne would append to the return URL now, payment the
//     attempt as its API shows it. 400 for bad members, 404 unknown attempt, 409 for what cannot
//     be.
// POST /sandbox/identities {version, id, merchant_uid, status "ready"|"verified"|"failed"}
// GET  /sandbox/state      everything; POST /sandbox/reset forgets everything but the targets.
// PUT  /sandbox/tokens {expires_in_s}   what is left of every living access token; 0 expires them.
//
// POST /sandbox/webhooks/send {attempt_id, type ("Transaction.Paid") or status (V1 "paid"), copies,
//     webhook_id, delay_ms, unsigned, version "2024-04-25"|"2024-01-01", format "json"|"form",
//     cancellation_id} sends now, around all faults and without retries, and answers
//     {deliveries:[…]}. The default type or status is the truth.
// POST /sandbox/webhooks/raw {body, content_type, webhook_id, unsigned}: any body, V2-signed.
// GET  /sandbox/webhooks   {targets, pending, deliveries:[{webhook_id, url, what, execution,
//     response_status, error, …}]}, the newest 10 000 tries; pending counts what is not settled.
// PUT  /sandbox/webhooks/target {urls:[…]}
//
// PUT  /sandbox/faults {webhooks:{mode "normal"|"lost"|"late"|"doubled"|"reordered", delay_ms,
//     copies}, rest:{mode "normal"|"slow"|"reset"|"refuse"|"status"|"not_json"|"wrong_json"|
//     "wrong_types"|"truncated"|"timeout", status, delay_ms, retry_after_s, count, match}}; a part
//     that is absent stays as it is, GET shows both. late: delay_ms later; doubled: copies (2) with
//     one webhook-id; reordered: gathers for delay_ms (500), then sends the newest first. rest:
//     delay_ms waits first in every mode; count calls are affected (absent: until changed), only
//     those whose target contains match.
// GET  /sandbox/requests   {counts:{"v1 GET /payments/{}":3,…},
// requests:[{method,target,endpoint}]}
//     of the REST API, the newest 1000; DELETE forgets them.
#pragma once

#include "tests/sandbox/world.h"

namespace reconciled::sandbox {

[[nodiscard]] Reply control(World& world, const Call& call);

// The two halves of the control API; nothing where the call is not theirs.
[[nodiscard]] std::optional<Reply> control_payments(World& world, const Call& call,
                                                    const Json& body);
[[nodiscard]] std::optional<Reply> control_delivery(World& world, const Call& call,
                                                    const Json& body);

// {"error":{"code":…,"message":…}}
[[nodiscard]] Reply control_error(int status, std::string_view code, std::string_view message);

// Members of a control body by type; absent where missing or null. Of another type they throw
// BadMember, which `control` turns into a 400.
struct BadMember {
  std::string name;
};
[[nodiscard]] std::optional<std::string> text_of(const Json& body, const char* name);
[[nodiscard]] std::optional<std::int64_t> integer_of(const Json& body, const char* name);
[[nodiscard]] std::optional<bool> flag_of(const Json& body, const char* name);

}  // namespace reconciled::sandbox
