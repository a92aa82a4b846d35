// The few bytes of HTTP that the edge writes itself; all other answers are the router's.
//
// Pure; used by connections on their loops' threads.
#pragma once

#include <string>
#include <string_view>

namespace reconciled::http {

// A whole response of one line that closes the connection; 503 carries `Retry-After: 1`.
// `bodiless` for HEAD.
[[nodiscard]] std::string refusal_text(int status, std::string_view reason, bool bodiless);

// Turns the `keep-alive` of an answer that was rendered before the stop began into `close`.
void announce_close(std::string& rendered);

}  // namespace reconciled::http
