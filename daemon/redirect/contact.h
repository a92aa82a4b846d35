// How the shop wants to be turned to, and how a browser gets there (interface §3, `shop_contact`).
#pragma once

#include <string>
#include <string_view>

namespace reconciled {

// `tel:` for a telephone number, `mailto:` for a mail address, an http(s) URL as it is; empty where
// the contact is a text to read.
[[nodiscard]] std::string link_of_contact(std::string_view contact);

}  // namespace reconciled
