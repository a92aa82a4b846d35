// What follows from a payment's evidence, beside what stands (promise 7); private to storage.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/units/units.h"

namespace reconciled::storage {

// All that evidence may make a payment of, and all payments there are, in order of their ids: the
// first `most` behind `last`.
[[nodiscard]] std::vector<core::PaymentId> subjects_after(Session& session, const std::string& last,
                                                          std::int64_t most);

// Between a payment as it stands and as its evidence says.
struct Difference {
  std::vector<std::string> sentences;
  bool claims_too_much = false;  // it stands as deliverable, and the evidence does not say so

  [[nodiscard]] bool empty() const { return sentences.empty(); }
};
// Both as they are in one moment. Evidence that waits to be decided on is not held against it.
[[nodiscard]] Difference difference(Session& session, const core::PaymentId& payment_id);
[[nodiscard]] bool follows(Session& session, const core::PaymentId& payment_id);

// Decides it from its evidence, under the configuration that it was decided under, with history; what
// changed. Within a transaction of the caller's.
std::optional<Settled> derive_again(Session& session, const core::PaymentId& payment_id,
                                    core::Time now);

}  // namespace reconciled::storage
