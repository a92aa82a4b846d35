// The two languages of our pages.
#pragma once

#include <string_view>

namespace reconciled {

enum class Language { kKorean, kEnglish };

// By Accept-Language: Korean where it comes before English, or where neither is named.
[[nodiscard]] Language preferred_language(std::string_view accept_language);

// A text in both.
struct Said {
  std::string_view korean;
  std::string_view english;
  [[nodiscard]] constexpr std::string_view in(Language language) const {
    return language == Language::kKorean ? korean : english;
  }
};

}  // namespace reconciled
