// The texts inside configuration values: addresses, durations, URLs, paths.
//
// For the configuration reader; durations are read so on the command line, too. Each function is
// given one value and either yields it parsed or says in a sentence what is wrong with it; nothing is
// resolved or opened.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/config/config.h"

namespace reconciled::core {

// `10s`, `500ms`, `2m`, `1h` or `0`: digits and one unit; nothing for other text or above ten
// years.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// An IPv4 or IPv6 literal without brackets, prefix length or zone.
[[nodiscard]] bool is_ip_address(std::string_view text);

// Whether two listeners could not stand at once: the same Unix path, or the same port (other than
// 0) of the same address, or of one address and its family's wildcard.
[[nodiscard]] bool addresses_collide(const ListenAddress& left, const ListenAddress& right);

// The functions below give what is wrong, or nothing when the value is good.

// `/` and then visible ASCII without query, fragment or `%`: paths are compared as they came.
[[nodiscard]] std::optional<std::string> fault_of_path(std::string_view path);
// http(s)://host[:port][/prefix]; plain http only to this machine, because credentials travel.
[[nodiscard]] std::optional<std::string> fault_of_base_url(std::string_view url);
// An http(s) URL or an absolute path, with `{payment_id}` and `{result}` behind the host only.
[[nodiscard]] std::optional<std::string> fault_of_notify_url(std::string_view url);
[[nodiscard]] std::optional<std::string> fault_of_url_template(std::string_view url);
// What buyers read: one line of at most 200 bytes without control and direction characters.
[[nodiscard]] std::optional<std::string> fault_of_shown_text(std::string_view text);
// A V2 store id, `store-…`; names what else it looks like.
[[nodiscard]] std::optional<std::string> fault_of_store_id(std::string_view id);
// What a secret is made of, once trimmed: one line of valid UTF-8 without control characters, 1 to
// 4096 bytes; `ascii_only`: visible ASCII. Never repeats what it was given.
[[nodiscard]] std::optional<std::string> fault_of_secret(std::string_view text, bool ascii_only);
// `text` without what pasting and editors leave around it: blanks of every kind, line ends, byte
// order marks.
[[nodiscard]] std::string trim_secret(std::string_view text);
// A name of the tz database by its characters; whether it exists is for the caller that may look.
[[nodiscard]] std::optional<std::string> fault_of_timezone(std::string_view name);

}  // namespace reconciled::core
