// The findings that stand open on a payment's evidence (interface §1.3), with their words.
//
// A part of the decision, called by decide() alone. Pure.
#pragma once

#include <vector>

#include "daemon/core/attempt_history.h"
#include "daemon/core/decision.h"

namespace reconciled::core {

// `decision` holds the result and winner; `attempts` are those that PortOne binds to the payment.
[[nodiscard]] std::vector<FindingDraft> derive_findings(
    const PaymentEvidence& evidence, const DecisionPolicy& policy, const Decision& decision,
    const std::vector<AttemptHistory>& attempts, const AttemptHistory* winner);

// Whether a finding of that kind holds `deliverable` until a person resolves it.
[[nodiscard]] bool holds_until_resolved(FindingKind kind);

}  // namespace reconciled::core
