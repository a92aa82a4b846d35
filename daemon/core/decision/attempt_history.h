// One attempt's answers of PortOne, put in order and folded into what counts now.
//
// A part of the decision, called by decide() alone. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/core/decision/decision.h"

namespace reconciled::core {

struct AttemptHistory {
  explicit AttemptHistory(AttemptId id) : attempt_id(std::move(id)) {}

  AttemptId attempt_id;
  Api version = Api::kV1;
  const SnapshotFact* taken = nullptr;    // the answer that counts; null: none that may judge
  const SnapshotFact* suspect = nullptr;  // a newer one that went backwards, not confirmed
  std::int64_t suspect_look_up = 0;       // which look-up brought it first
  const SnapshotFact* paid = nullptr;     // the newest that was taken and said paid
  const SnapshotFact* naming = nullptr;   // says whose it is: the newest, or of those that may not
  std::vector<Dispute> disputes;          // carried over answers that cannot tell them
  std::vector<std::string> chargebacks;
  std::int64_t changed_look_up = 0;       // which look-up first said what counts now
  Time changed_at{};                      // and when it began
  // Cause keys of what happened on the way.
  bool approved_after_failure = false;
  std::vector<std::string> paid_after_cancel;
  std::vector<std::string> went_backwards;
};

// Folds the answers about one attempt (all of the same attempt_id, at least one).
[[nodiscard]] AttemptHistory fold_attempt(const std::vector<const SnapshotFact*>& facts,
                                          const DecisionPolicy& policy);

}  // namespace reconciled::core
