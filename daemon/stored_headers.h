// The request headers that are kept with an event: an allow-list (interface §4). Never Cookie,
// Authorization or Referer.
#pragma once

#include <string>

#include "daemon/http/exchange.h"

namespace reconciled {

// A JSON object of the allowed headers that the request has, values cleaned and clipped.
[[nodiscard]] std::string stored_headers(const http::Request& request);

}  // namespace reconciled
