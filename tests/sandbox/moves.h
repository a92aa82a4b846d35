// How attempts come into being and change: the one way for the control API, the checkout page and
// the cancel calls of REST. Each change updates the store, notes money that moved and sends the
// webhook that PortOne would send (dossier §2), unless the caller says otherwise.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "daemon/core/words/outcome.h"
#include "tests/sandbox/messages.h"
#include "tests/sandbox/world.h"

namespace reconciled::sandbox {

struct Announce {
  std::optional<bool> webhook;  // absent: what PortOne does by default
  bool by_api = false;
  std::chrono::milliseconds delay{0};
};

struct Change {
  // A Status's word, or cancel_pending, disputed, dispute_resolved, reverted.
  std::string status;
  std::optional<std::int64_t> cancel_amount;  // cancelled: minor units; absent: all that is left
  std::string code;                           // failed
  std::string reason;                         // failed, cancelled, disputed
  std::string trigger = "CONSOLE";            // cancelled
  std::optional<PortoneTime> at;              // when it happened; absent: now
};

enum class Refusal {
  kUnknownAttempt,
  kUnknownStatus,
  kAttemptExists,
  kAlreadyCancelled,
  kAmountTooLarge,
  kNothingToResolve,
  kBadAmount
};
[[nodiscard]] std::string_view to_word(Refusal refusal);

struct Moved {
  Attempt attempt;
  Occurrence occurrence;
  bool announced = false;
};

// Opens the window (status ready) and moves on to `change.status`; announces the end state only.
[[nodiscard]] core::Outcome<Moved, Refusal> create(World& world, Attempt attempt,
                                                   const Change& change, const Announce& announce);
[[nodiscard]] core::Outcome<Moved, Refusal> move(World& world, const std::string& attempt_id,
                                                 const Change& change, const Announce& announce);

}  // namespace reconciled::sandbox
