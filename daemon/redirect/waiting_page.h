// The page that a buyer sees who came back from the payment window, in Korean or English.
//
// Pure rendering: the redirect listener says what to show. No outside resource; works without
// JavaScript by refreshing the token's address.
#pragma once

#include <string>
#include <string_view>

#include "daemon/core/decision/waiting.h"
#include "storage/records.h"

namespace reconciled {

enum class Language { kKorean, kEnglish };
// By Accept-Language: Korean where it comes before English, or where neither is named.
[[nodiscard]] Language preferred_language(std::string_view accept_language);

struct WaitingPage {
  core::WaitingState state = core::WaitingState::kConfirming;
  Language language = Language::kKorean;
  std::string payment_id;
  // Only for a redirect whose attempt PortOne binds to the payment.
  std::optional<std::string> amount;  // "64,900 KRW"
  std::optional<core::VirtualAccount> account;
  std::string reason;         // PortOne's own
  std::string window_reason;  // the payment window's, shown as such
  std::string status_url;     // with the token; empty: nothing to wait for
  std::string next_url;       // where the shop goes on; empty: stay
};

// The sentence of the state, also the `message` of the status.
[[nodiscard]] std::string waiting_message(core::WaitingState state, Language language);
[[nodiscard]] std::string render_waiting_page(const WaitingPage& page);
// A page that says one thing: an error, or that there is nothing to wait for.
[[nodiscard]] std::string render_notice_page(Language language, std::string_view title,
                                             std::string_view text);

}  // namespace reconciled
