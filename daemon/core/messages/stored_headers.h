// The request headers that are kept with an event: an allow-list (interface §4). Never Cookie,
// Authorization or Referer.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace reconciled::core {

// A JSON object of the allowed ones of a request's headers (name, in any case of letters, and
// value), values cleaned and clipped. Of a repeated name the first counts.
[[nodiscard]] std::string stored_headers(
    const std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace reconciled::core
