// Answering PortOne's question before it charges: may this payment go through? (interface §4,
// dossier §5)
//
// Pure. Called by storage inside the transaction that stores the question.
#pragma once

#include <optional>
#include <string>

#include "daemon/core/messages/evidence.h"

namespace reconciled::core {

struct ConfirmFacts {
  std::optional<ExpectedOrder> order;
  std::optional<AttemptId> paid_by;  // the attempt by which the payment is paid already
};

struct ConfirmAnswer {
  bool approved = false;
  std::string reason;  // one of the fixed texts of confirm.cpp, where not approved
};

// Approves only what the registered order names to the last minor unit. Whatever
// `unregistered_orders` says, an unknown order is refused.
[[nodiscard]] ConfirmAnswer answer_confirm(const Event& question, const ConfirmFacts& facts);

// What is answered where nothing can be read or written.
[[nodiscard]] ConfirmAnswer cannot_tell();

}  // namespace reconciled::core
