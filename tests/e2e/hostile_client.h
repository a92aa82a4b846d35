// A hostile peer's side of a connection: sends what it likes for as long as it likes, and hears
// all that it is told until the server closes.
//
// Used by hostile_test, from any thread, a socket from one. A server that does not close within
// kPatience throws, which fails the test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/e2e/http.h"
#include "tests/support/raw_socket.h"

namespace reconciled::e2e {

// No proxy that is trusted, and told apart from the honest client by its address.
inline constexpr const char* kStranger = "127.0.0.2";

[[nodiscard]] test::RawSocket connect_from(const std::string& ip, const Endpoint& endpoint);

// Sends these bytes while it listens; what came until the close. `finishes`: closes its own side
// once all is sent.
[[nodiscard]] std::string talk(const Endpoint& endpoint, std::string_view bytes, bool finishes);

// Sends `first` at once, then a byte of `drops` every 100 ms, over and over; what came until the
// close. Without `drops` it only waits.
[[nodiscard]] std::string drip(const Endpoint& endpoint, const std::string& first,
                               const std::string& drops);

// Sends the request over and over and reads no answer; returns when the server has closed, be it
// that its reset does not get through to a client whose window is shut.
void send_unread(const Endpoint& endpoint, const std::string& request);

// How many connections to `server` it has not closed, as the kernel says; with `peer`, of his port.
[[nodiscard]] std::size_t connections_at(const Endpoint& server, std::uint16_t peer = 0);

// The statuses of the answers one behind the other; 0 for what is no answer.
[[nodiscard]] std::vector<int> statuses_of(std::string_view text);

// The soft limit becomes the hard one, here and in programs started from now on; the limit.
std::size_t raise_descriptor_limit();

}  // namespace reconciled::e2e
