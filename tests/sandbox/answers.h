// Attempts as PortOne's two APIs spell them (v1.openapi.json PaymentAnnotation, v2.openapi.json
// Payment). Pure.
#pragma once

#include <string>

#include "tests/sandbox/call.h"
#include "tests/sandbox/model.h"
#include "tests/sandbox/sender.h"

namespace reconciled::sandbox {

// `minor` in the currency's major units: an integer where it is whole, else a decimal.
[[nodiscard]] Json v1_amount(std::int64_t minor, const std::string& currency);
// All fields of PaymentAnnotation; unset times are 0, everything else that is unset is null.
[[nodiscard]] Json v1_payment(const Attempt& attempt);
[[nodiscard]] Json v1_certification(const Identity& identity);

// A Payment: the union's case for the attempt's status, absent fields omitted.
[[nodiscard]] Json v2_payment(const Attempt& attempt);
// A PaymentTransaction: no disputes, no origin, and no cancellations while it is paid.
[[nodiscard]] Json v2_transaction(const Attempt& attempt);
[[nodiscard]] Json v2_cancellation(const Cancellation& cancellation);
// A PaymentEvent of the attempt.
[[nodiscard]] Json v2_event(const MoneyEvent& event, const Attempt& attempt);
// A PaymentWebhook, as PortOne records what it sent.
[[nodiscard]] Json v2_webhook(const SentMessage& sent, int max_executions);
[[nodiscard]] Json v2_identity(const Identity& identity);

}  // namespace reconciled::sandbox
