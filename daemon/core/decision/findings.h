// The findings that stand open on a payment's evidence (interface §1.3), with their words.
//
// A part of the decision, called by decide() alone. Pure.
#pragma once

#include <vector>

#include "daemon/core/decision/attempt_history.h"
#include "daemon/core/decision/decision.h"

namespace reconciled::core {

// What the decision knows when it comes to findings.
struct Judged {
  const Decision& decision;                     // result and winner are set
  const std::vector<AttemptHistory>& attempts;  // those that PortOne binds to the payment
  const std::vector<const WebhookFact*>& authentic;
  const AttemptHistory* winner;  // null: none
};
[[nodiscard]] std::vector<FindingDraft> derive_findings(const PaymentEvidence& evidence,
                                                        const DecisionPolicy& policy,
                                                        const Judged& judged);

// Whether the webhook announced that result of that attempt: same attempt, same word.
[[nodiscard]] bool announces(const WebhookFact& webhook, const AttemptId& attempt, Result result);

// Which of two webhooks says the newer word: by V2's timestamp, else by which was stored first.
[[nodiscard]] bool is_newer(const WebhookFact& webhook, const WebhookFact& than);

// Whether a finding of that kind holds `deliverable` until a person resolves it.
[[nodiscard]] bool holds_until_resolved(FindingKind kind);

}  // namespace reconciled::core
