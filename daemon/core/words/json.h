// JSON from outside, made safe: a depth limit, duplicate keys refused, numbers kept as text.
//
// nlohmann::json alone takes the last of two equal keys, turns 10.10 into a double and recurses
// when it destroys or dumps deep input. `parse_json` guards all three. Pure; any thread.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/core/words/outcome.h"

namespace reconciled::core {

enum class JsonFault { kSyntax, kTooDeep, kDuplicateKey };
struct JsonError {
  JsonFault fault;
  std::string detail;  // one line, never quotes the input
};

inline constexpr int kMaxJsonDepth = 32;

// The document that `text` spells. Numbers that are no int64 (decimals, exponents, huge ones)
// become strings of their exact text with the prefix kNumberTextPrefix, so that nothing is
// rounded and they cannot be taken for a JSON string.
[[nodiscard]] Outcome<nlohmann::json, JsonError> parse_json(std::string_view text);

// The same for an answer of PortOne's, of which one odd text or member must not cost the rest
// (interface §1.1). What cannot be one value becomes an empty object, which every reader below
// takes for "of another type": a member whose name stands twice, what is nested too deep, a number
// that JSON does not know. Where `text` still is no JSON, a repaired copy is read: bytes that are
// no UTF-8, half surrogates and control characters in a string become U+FFFD. `is_repaired` says
// so: then an id that holds U+FFFD is no id.
[[nodiscard]] Outcome<nlohmann::json, JsonError> parse_json_tolerantly(std::string_view text,
                                                                       bool& is_repaired);

inline constexpr std::string_view kNumberTextPrefix{"\x01number:", 8};

// Readers of an object's member; all take any JSON value and answer "absent" where it has not
// that member or the member has another type.
[[nodiscard]] std::optional<std::string> text_member(const nlohmann::json& object,
                                                     std::string_view key);
// The exact text of a number member: "64900", "10.5".
[[nodiscard]] std::optional<std::string> number_member(const nlohmann::json& object,
                                                       std::string_view key);
[[nodiscard]] std::optional<std::int64_t> integer_member(const nlohmann::json& object,
                                                         std::string_view key);
[[nodiscard]] std::optional<bool> bool_member(const nlohmann::json& object, std::string_view key);
// The member, or nullptr where it is absent or null.
[[nodiscard]] const nlohmann::json* member(const nlohmann::json& object, std::string_view key);

// Compact JSON with sorted keys; exact number texts become numbers again. `document` comes from
// `parse_json` or is built of its parts, so that its depth is bounded.
[[nodiscard]] std::string write_json(const nlohmann::json& document);

}  // namespace reconciled::core
