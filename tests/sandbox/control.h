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
//     attempt as its API shows it, and webhooks [{webhook_id, url, what}] what leaves for whom. 400
//     for bad members, 404 unknown attempt, 409 for what cannot be.
// POST /sandbox/orders/{payment_id}/pay {amount, currency, version, channel, outcome
//     "paid"|"failed"|"virtual_account"|"abandoned"}, …/deposit, …/cancel {amount}   what the commands
//     do; all with webhook "now"|"late=5s"|"lost"|"twice". They answer likewise, with return_url
//     where the sandbox knows one, and refuse in words what PortOne would not do.
// POST /sandbox/identities {version, id, merchant_uid, status "ready"|"verified"|"failed"}
// GET  /sandbox/state      everything; POST /sandbox/reset forgets everything but the targets.
// PUT  /sandbox/tokens {expires_in_s}   what is left of every living access token; 0 expires them.
//
// POST /sandbox/webhooks/send {attempt_id, type ("Transaction.Paid") or status (V1 "paid"),
//     version "2024-04-25"|"2024-01-01", format "json"|"form", cancellation_id, …} sends now,
//     around all faults and without retries, and answers {deliveries:[…]}. The default type or
//     status is the truth.
// POST /sandbox/webhooks/raw {body, or body_hex for any bytes, …}: any body, V2-signed.
//     Both: copies, delay_ms, url (instead of the targets), webhook_id (of any length), unsigned,
//     secrets (that sign instead of ours, one or several), timestamp_shift_s (of the header),
//     content_type (any label), and merge, member with raw_hex or raw_json as under answers below
//     (of a form: its fields, percent-encoded): {"merge":{"merchant_uid":20261125}}.
// GET  /sandbox/webhooks[?payment_id=]   {targets, pending, deliveries:[{webhook_id, url, what, execution,
//     response_status, error, …}]}, the newest 10 000 tries; pending counts what is not settled.
// PUT  /sandbox/webhooks/target {urls:[…]}
//
// PUT  /sandbox/faults {webhooks, rest, answers, moves, limits, clocks}   what is absent stays,
//     what is given is replaced; POST adds to rest, answers and moves; GET shows all;
//     DELETE forgets all. A bad call changes nothing. rest, answers and moves are a rule or a list
//     of rules; the first that touches a call wins (answers: all of them do). Every rule may say
//     whom it touches:
//       where    a place or several: "login", "single", "batch", "order" (V1 find and findAll),
//                "list", "cursor", "events", "transactions", "certification", "cancel", "prepare",
//                "resend", "v1", "v2", or both: "v1 list" (rest.h says which endpoint is which)
//       match    only targets that contain it
//       payment  only calls that name this payment or attempt id; answers: only its rows
//       skip     how many calls go by first; count: how many are touched then (until cleared)
//   webhooks {mode "normal"|"lost"|"late"|"doubled"|"reordered", delay_ms, copies, payment, count,
//     secrets, content_type}   late: delay_ms later; doubled: copies (2) with one webhook-id;
//     reordered: gathers for delay_ms (500), then sends the newest first; for count messages, of
//     one payment. secrets sign instead of ours, content_type labels, in every mode.
//   rest {mode, delay_ms, hold_ms, …}   how a call ends; in every mode delay_ms waits before the
//     answer is made, hold_ms before it is sent, so that it is old when it comes. mode:
//     "slow"      the truth, after those waits     "timeout"  reads and never answers
//     "refuse"    closes without an answer         "silent"   does not even read
//     "reset"     likewise, with a TCP reset       "stall"    head and half the body, then nothing
//     "truncated" half the body, then closes       "trickle"  a byte every interval_ms (1000)
//     "status"    status (500), retry_after_s, and body with content_type in place of the error
//     "not_json", "wrong_json", "wrong_types"      200 with what is no answer
//   answers   what the truth is replaced by, wherever the payment is shown (events: only if meant):
//     merge       a JSON merge patch (RFC 7396) on the payment's rendered row
//     member with raw_hex (bytes between quotes, so that a text is no UTF-8) or raw_json (JSON text
//                 as it stands: "\"\\ud83d\"", "null", "1e3"); a name or a JSON pointer
//     rows        [row or JSON text, …] that belong to no payment and count as rows; before the
//                 others in order, list, cursor and transactions, behind them in batch
//     shift_s     seconds by which its times lie; times: which (default updatedAt, statusChangedAt,
//                 paidAt, failedAt, cancelledAt and V1's)
//     hidden      true: the row is missing, and a lone one unknown
//     back        shown as it was before its last N changes (paid -> ready)
//     frozen      true: shown as it is now, whatever comes
//     whole       a JSON merge patch on the whole body; stands alone
//   moves {move {attempt_id, or payment_id for a new one, and the members of a move}}   made when
//     the call has been answered, once if no count is given: a page moves while it is walked.
//   limits {v1_window_days 90, v1_max_limit 1000, v1_max_batch 100, v2_window_days 90,
//     v2_max_rows 60000, cursor_max_size 1000}   what is beyond answers 400.
//   clocks {token_now_s, token_expiry_s (V1's token answer), date_s (the header Date)}   lies.
//
// GET  /sandbox/requests   {counts {"v1 GET /payments/{}":3,…}, in_flight, max_in_flight {all,
//     endpoints {…}, payments {payment or attempt id: …}}, requests [{method, target, body,
//     endpoint, place "v1 single", at_ms, ended_ms (absent while under way)}]} of the REST API, the
//     newest 10 000; DELETE forgets them.
#pragma once

#include <functional>

#include "tests/sandbox/moves.h"
#include "tests/sandbox/world.h"

namespace reconciled::sandbox {

[[nodiscard]] Reply control(World& world, const Call& call);

// The parts of the control API; nothing where the call is not theirs.
[[nodiscard]] std::optional<Reply> control_payments(World& world, const Call& call,
                                                    const Json& body);
[[nodiscard]] std::optional<Reply> control_orders(World& world, const Call& call, const Json& body);
[[nodiscard]] std::optional<Reply> control_delivery(World& world, const Call& call,
                                                    const Json& body);

[[nodiscard]] std::optional<Reply> control_faults(World& world, const Call& call, const Json& body);

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
// A list of texts, or one text alone.
[[nodiscard]] std::vector<std::string> texts_of(const Json& body, const char* name);
// A JSON object as text, or an empty text.
[[nodiscard]] std::string patch_of(const Json& body, const char* name);
// `member` with `raw_hex` or `raw_json`: where, and the placeholder to put there (view.h).
[[nodiscard]] std::optional<std::pair<std::string, std::string>> read_raw(const Json& body);
// At most a day.
[[nodiscard]] std::chrono::milliseconds duration_of(const Json& body, const char* name);
// At most a million.
[[nodiscard]] int small_of(const Json& body, const char* name, int otherwise, int least = 1);

// What the parts of the control API lend each other. A move reads its members at once and is made
// later; where it names no attempt, it makes one.
[[nodiscard]] std::function<void(World&)> move_of(const Json& body);
[[nodiscard]] Attempt read_attempt(const Json& body);
[[nodiscard]] Reply moved_reply(const Moved& moved, int status);
[[nodiscard]] WebhookFault read_webhook_fault(const Json& body);
[[nodiscard]] Json webhook_fault_json(const World& world);

}  // namespace reconciled::sandbox
