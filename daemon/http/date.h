// The Date header of every answer (RFC 9110 §6.6.1).
//
// Written once a second and thread, for the edge's loops; no lock, no allocation.
#pragma once

#include <ctime>
#include <string_view>

namespace reconciled::http {

// `Date: Sun, 06 Nov 1994 08:49:37 GMT` with its line end. Holds until the thread asks again.
[[nodiscard]] std::string_view date_line();
// The same for a given time.
[[nodiscard]] std::string_view date_line(std::time_t now);

}  // namespace reconciled::http
