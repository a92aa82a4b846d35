// What people call the banks that PortOne's answers name.
//
// V2 says a word of its own (`SHINHAN`), V1 the gateway's name for it (`신한`) or, where that is
// missing, the clearing institute's code (`088`). Pure.
#pragma once

#include <string_view>

#include "daemon/pages/language.h"

namespace reconciled {

// "신한은행", "Shinhan Bank"; a bank that the table does not know comes back as it is.
[[nodiscard]] std::string_view bank_name(std::string_view bank, Language language);

}  // namespace reconciled
