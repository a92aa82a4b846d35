// Money and due times as a Korean or an English reader writes them. Pure.
#pragma once

#include <string>

#include "daemon/core/words/money.h"
#include "daemon/pages/language.h"
#include "daemon/runtime/time_zone.h"

namespace reconciled {

// "33,000원", "₩33,000"; a currency without a word of its own by its code: "10.500 KWD".
[[nodiscard]] std::string readable_money(const core::Money& money, Language language);

// Until when, in the zone's time, and what is left of it: minutes and hours within a day, else
// calendar days. The end of a day is its 24:00. Another year than now's is named.
struct Due {
  std::string until;  // "11월 28일(토) 23:48까지"
  std::string left;   // "2일 남음"
};
[[nodiscard]] Due readable_due(const LocalTime& due, const LocalTime& now, Language language);

}  // namespace reconciled
