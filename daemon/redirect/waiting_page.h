// The page that a buyer sees who came back from the payment window, in Korean or English
// (interface §5).
//
// Pure rendering: the redirect listener says what to show, and leaves out what a stranger may not
// see. Works without JavaScript by refreshing the token's address.
#pragma once

#include <optional>
#include <string>

#include "daemon/core/decision/waiting.h"
#include "daemon/core/words/money.h"
#include "daemon/redirect/page_frame.h"
#include "daemon/runtime/time_zone.h"

namespace reconciled {

// Where a deposit goes; `number` is empty where the answer has none that one could pay into.
struct DepositAccount {
  std::string bank;  // as the answer says it
  std::string number;
  std::string holder;
  std::optional<LocalTime> due;
};

struct WaitingPage {
  core::WaitingState state = core::WaitingState::kConfirming;
  Language language = Language::kKorean;
  std::string payment_id;  // only of a payment that the shop or PortOne named
  // These four only for a redirect whose attempt PortOne binds to the payment.
  std::optional<core::Money> amount;
  std::optional<core::Money> returned;  // of it, more than 0
  std::optional<DepositAccount> account;
  bool is_held = false;  // `review`: it is paid, and something stands against it
  std::string reason;         // PortOne's own
  std::string window_reason;  // the payment window's, shown as such
  Following following;
  bool has_ended = false;  // nothing is asked any more although the payment is open
  std::string next_url;    // where the shop goes on; empty: stay
  std::string retry_url;   // where to pay again; empty: nowhere
  LocalTime now;
};

// What the page looks like and says.
[[nodiscard]] Face face_of(const WaitingPage& page);
[[nodiscard]] std::string render_waiting_page(const WaitingPage& page, const Shop& shop);

}  // namespace reconciled
