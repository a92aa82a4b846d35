// What warnings and findings are called in messages to people, and what to do about each.
//
// Pure. Korean beside English; a kind that has no words here is told by its own.
#pragma once

#include <string_view>

#include "daemon/alert/digest.h"
#include "daemon/core/config/alert_url.h"

namespace reconciled::alert {

struct Said {
  std::string_view korean;
  std::string_view english;
  [[nodiscard]] constexpr std::string_view in(core::AlertLanguage language) const {
    return language == core::AlertLanguage::kKorean ? korean : english;
  }
};
struct Words {
  std::string_view name;  // of the kind
  Said title;
  Said advice;  // English may be empty: a warning's detail says it
};

// Nothing where the kind is not known.
[[nodiscard]] const Words* words_of(Topic::Sort sort, std::string_view name);

}  // namespace reconciled::alert
