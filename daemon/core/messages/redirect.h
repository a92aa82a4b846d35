// Reading the query with which PortOne sends the buyer's browser back (dossier §1 and §6).
//
// Called by the redirect listener, on the edge's threads. Pure, and it never fails: whatever
// arrives becomes an event. Nothing in it may be believed (promise 3).
#pragma once

#include <string_view>

#include "daemon/core/messages/evidence.h"

namespace reconciled::core {

// `query` is the raw query string without `?`; `form_body` the body of a POST with a form, which
// some apps send as well or instead. Where a name stands several times, its last value counts that
// can be what it names, the form's after the query's: PortOne appends (interface §5).
[[nodiscard]] Event classify_redirect(std::string_view query, std::string_view form_body);

// Whether such a return says that its flow failed. For those that are no payment, whose event hints
// at nothing (billing key, identity verification, registering a payment method).
[[nodiscard]] bool says_failure(std::string_view query, std::string_view form_body);

}  // namespace reconciled::core
