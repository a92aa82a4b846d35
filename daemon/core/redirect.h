// Reading the query with which PortOne sends the buyer's browser back (dossier §1 and §6).
//
// Called by the redirect listener, on the edge's threads. Pure, and it never fails: whatever
// arrives becomes an event. Nothing in it may be believed (promise 3).
#pragma once

#include <string_view>

#include "daemon/core/evidence.h"

namespace reconciled::core {

// `query` is the raw query string without `?`; `form_body` the body of a POST with a form, which
// some apps send instead (the query goes first where both name a parameter).
[[nodiscard]] Event classify_redirect(std::string_view query, std::string_view form_body);

}  // namespace reconciled::core
