// The pages for people: a list of payments with buttons, and the payment window.
//
// Plain HTML without scripts or outside resources; every text from outside is escaped.
#pragma once

#include <optional>

#include "tests/sandbox/world.h"

namespace reconciled::sandbox {

// GET /, POST /actions (a button of that page), GET and POST /checkout; nothing for other paths.
[[nodiscard]] std::optional<Reply> page(World& world, const Call& call);

// GET / lists the payments, the newest first, each with its webhooks and the buttons that move it and
// send them; with `watch=N` it shows itself anew as long as webhooks are under way. POST /actions does
// what a button says and goes back there.
[[nodiscard]] Reply home_page(const World& world, const Call& call);
[[nodiscard]] Reply do_action(World& world, const Call& call);

// GET /checkout opens the window: it makes the attempt and redirects to itself with the attempt's
// id, so that reloading opens no second one. Like PortOne it refuses what is paid already or
// differs from the registered amount. POST /checkout applies the button and redirects to
// return_url.
[[nodiscard]] Reply open_checkout(World& world, const Call& call);
[[nodiscard]] Reply submit_checkout(World& world, const Call& call);

// A whole page around `body` (trusted HTML); `title` is escaped here.
[[nodiscard]] Reply html_page(int status, std::string_view title, const std::string& body);
[[nodiscard]] Reply redirect_to(const std::string& url);

}  // namespace reconciled::sandbox
