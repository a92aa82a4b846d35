// What people do with an order: pay it, deposit for it, cancel it. The one way for the commands,
// the control API and the pages; what cannot be is refused in words.
#pragma once

#include <optional>
#include <string>

#include "tests/sandbox/moves.h"

namespace reconciled::sandbox {

struct Refused {
  int status = 409;  // as HTTP says it
  std::string code;  // PortOne's where it has one: "PaymentAlreadyPaid"
  std::string words;
  std::string message{};  // PortOne's own, as a window that does not open sends it back
};

// Whether PortOne would open no window for this attempt: its order is paid, or was registered with
// another amount.
[[nodiscard]] std::optional<Refused> window_refusal(const World& world, const Attempt& wanted);

// "paid", "failed", "virtual_account", "abandoned" (interface §2) as a move; nothing for another
// word.
[[nodiscard]] std::optional<Change> outcome_from_word(std::string_view word);

[[nodiscard]] core::Outcome<Moved, Refused> pay_order(World& world, const Attempt& wanted,
                                                      const Change& outcome,
                                                      const Announce& announce);
// The money for the order's newest account that waits comes.
[[nodiscard]] core::Outcome<Moved, Refused> deposit_order(World& world,
                                                          const std::string& payment_id,
                                                          const Announce& announce);
// `amount`: minor units; absent: all that is left. Cancelled in the console.
[[nodiscard]] core::Outcome<Moved, Refused> cancel_order(World& world,
                                                         const std::string& payment_id,
                                                         std::optional<std::int64_t> amount,
                                                         const Announce& announce);

[[nodiscard]] std::string words_of(Refusal refusal);
// "64,900 KRW", "10.50 USD"
[[nodiscard]] std::string money_text(std::int64_t minor, const std::string& currency);

}  // namespace reconciled::sandbox
