#include "daemon/redirect/contact.h"

#include <algorithm>

#include "daemon/core/words/text.h"

namespace reconciled {
namespace {

// From Korea's 112 up to E.164's 15 digits.
constexpr std::size_t kLeastDigits = 3;
constexpr std::size_t kMostDigits = 15;

bool is_url(std::string_view text) {
  const bool has_scheme = text.starts_with("https://") || text.starts_with("http://");
  return has_scheme && std::all_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) > ' ' && c != 0x7f;
         });
}

// A plain address: one that needs quoting is shown, and not linked.
bool is_mail_address(std::string_view text) {
  const auto at = text.find('@');
  if (at == 0 || at == std::string_view::npos) return false;
  const std::string_view domain = text.substr(at + 1);
  const auto dot = domain.find('.');
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return core::is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("@.-_+").find(c) != std::string_view::npos;
  });
  return is_plain && domain.find('@') == std::string_view::npos && dot != std::string_view::npos &&
         dot > 0 && dot + 1 < domain.size();
}

std::string telephone_of(std::string_view text) {
  std::string number;
  for (const char c : text) {
    const bool is_sign = c == '+' && number.empty();
    if (core::is_digit(c) || is_sign) {
      number += c;
    } else if (std::string_view(" -.()").find(c) == std::string_view::npos) {
      return "";
    }
  }
  const auto digits = static_cast<std::size_t>(std::count_if(number.begin(), number.end(), core::is_digit));
  return digits >= kLeastDigits && digits <= kMostDigits ? number : "";
}

}  // namespace

std::string link_of_contact(std::string_view contact) {
  if (is_url(contact)) return std::string(contact);
  if (is_mail_address(contact)) return "mailto:" + std::string(contact);
  const std::string telephone = telephone_of(contact);
  return telephone.empty() ? "" : "tel:" + telephone;
}

}  // namespace reconciled
