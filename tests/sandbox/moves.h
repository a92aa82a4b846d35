// How attempts come into being and change: the one way for the control API, the checkout page and
// the cancel calls of REST. Each change updates the store, notes money that moved and sends the
// webhook that PortOne would send (dossier §2), unless the caller says otherwise.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/words/outcome.h"
#include "tests/sandbox/messages.h"
#include "tests/sandbox/world.h"

namespace reconciled::sandbox {

struct Announce {
  std::optional<bool> webhook;  // absent: what PortOne does by default
  bool by_api = false;
  std::chrono::milliseconds delay{0};
  std::optional<WebhookMode> mode;  // absent: under the sender's present fault
};
// `now`, `late=5s`, `lost` or `twice` (interface §2), set in `announce`; false for another word.
[[nodiscard]] bool read_webhook_word(std::string_view word, Announce& announce);

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
  std::vector<Message> webhooks;  // that leave, or would; one to each target
};

// Opens the window (status ready) and moves on to `change.status`; announces the end state only.
[[nodiscard]] core::Outcome<Moved, Refusal> create(World& world, Attempt attempt,
                                                   const Change& change, const Announce& announce);
[[nodiscard]] core::Outcome<Moved, Refusal> move(World& world, const std::string& attempt_id,
                                                 const Change& change, const Announce& announce);

// Sends the webhook of the attempt's present state again, under the id that it had where it was sent
// before, whatever PortOne would do by itself.
[[nodiscard]] core::Outcome<Moved, Refusal> announce_again(World& world,
                                                           const std::string& attempt_id,
                                                           const Announce& announce);

}  // namespace reconciled::sandbox
