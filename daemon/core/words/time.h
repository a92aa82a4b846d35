// Instants as this project uses them, and RFC 3339 both ways.
//
// `Time` (milliseconds) is our own clock's; `PortoneTime` (microseconds) is what PortOne says,
// finer because V2 snapshots are ordered by it (interface §1.1). Nothing here reads a clock.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reconciled::core {

using Time = std::chrono::sys_time<std::chrono::milliseconds>;
using PortoneTime = std::chrono::sys_time<std::chrono::microseconds>;

// `2026-11-22T09:30:00.123Z`, the form of every time in our JSON (interface, first lines).
[[nodiscard]] std::string to_rfc3339(Time time);

// RFC 3339 with any number of fraction digits (cut to microseconds) and any offset; nothing where
// the text is not one, or outside the years 1970 to 9999.
[[nodiscard]] std::optional<PortoneTime> parse_rfc3339(std::string_view text);

// An HTTP `Date` in the one form that is still sent (RFC 9110 §5.6.7): "Sun, 06 Nov 1994 08:49:37 GMT".
[[nodiscard]] std::optional<Time> parse_http_date(std::string_view text);

// V1 unix seconds; 0 means "not set" there (dossier §3.1) and gives nothing.
[[nodiscard]] std::optional<PortoneTime> from_v1_seconds(std::int64_t seconds);

[[nodiscard]] constexpr std::int64_t to_ms(Time time) { return time.time_since_epoch().count(); }
[[nodiscard]] constexpr Time from_ms(std::int64_t ms) { return Time{std::chrono::milliseconds{ms}}; }
[[nodiscard]] constexpr Time to_time(PortoneTime time) {
  return std::chrono::floor<std::chrono::milliseconds>(time);
}

}  // namespace reconciled::core
