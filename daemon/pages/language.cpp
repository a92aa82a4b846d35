#include "daemon/pages/language.h"

#include <string>

namespace reconciled {

Language preferred_language(std::string_view accept_language) {
  // Browsers name languages by preference; tags come in any case of letters, with or without blanks.
  std::string tags = ",";
  for (const char c : accept_language) {
    if (c != ' ') tags += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  const auto english = tags.find(",en");
  const auto korean = tags.find(",ko");
  if (english == std::string::npos) return Language::kKorean;
  return korean < english ? Language::kKorean : Language::kEnglish;
}

}  // namespace reconciled
