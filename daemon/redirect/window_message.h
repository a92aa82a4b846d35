// What a redirect says of why a payment failed, made fit to show (interface §5).
//
// Anybody can put anything into a query: it may imitate the shop's own words, tell people whom to
// call, or turn the text around. Pure.
#pragma once

#include <string>
#include <string_view>

namespace reconciled {

// At most 100 characters of one line, without control and direction characters, web and mail
// addresses and telephone numbers; `…` stands where something was left out.
[[nodiscard]] std::string shown_window_message(std::string_view message);

// The same of PortOne's own reason, which may name whom to call: 200 characters, nothing else left
// out.
[[nodiscard]] std::string shown_reason(std::string_view reason);

}  // namespace reconciled
