// The faces of the buyer's pages: what each looks like at a glance (icon, colour), and what it says.
//
// Pure; every sentence of the waiting page stands here in both languages.
#pragma once

#include <string_view>

#include "daemon/core/words/html.h"
#include "daemon/pages/language.h"

namespace reconciled {

enum class Face {
  kPaid,
  kPartlyReturned,    // paid, and a part of it was cancelled
  kConfirming,
  kDelayed,           // no answer for a while
  kHeld,              // paid, and the shop looks at it
  kAwaitingDeposit,   // into the account below
  kDepositElsewhere,  // into the account that the payment window told
  kDepositOver,       // too late
  kCancelled,
  kReturned,          // cancelled, and what was paid comes back
  kFailed,
  kUnknown,           // nobody asks any more
  kNotice,            // about no payment
};

// Its colours and its icon, by the style sheet's class.
[[nodiscard]] std::string_view class_of(Face face);
[[nodiscard]] core::Markup icon_of(Face face);
// Whether the buyer has to turn to the shop.
[[nodiscard]] bool needs_help(Face face);

[[nodiscard]] Said title_of(Face face);
[[nodiscard]] Said text_of(Face face);

}  // namespace reconciled
