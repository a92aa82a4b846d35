// Text from outside: UTF-8 made valid, percent-encoding, form bodies and query strings.
//
// Never fails on undecodable text (dossier §7.14: messages arrive garbled and half-encoded).
// Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reconciled::core {

// `text` with each byte that is no valid UTF-8 replaced by U+FFFD and control characters by a
// space, cut to at most `max_bytes` at a character's edge.
[[nodiscard]] std::string clean_text(std::string_view text, std::size_t max_bytes);
// `text` without the characters that are seen by what they do to others: direction marks and
// embeddings, joiners, zero-width spaces, soft hyphens, byte order marks, tag characters.
[[nodiscard]] std::string without_invisible(std::string_view text);
// What somebody copied, without what stood around it: blanks of every kind, quotation marks, commas, and
// what is invisible. Within it all stays.
[[nodiscard]] std::string without_surroundings(std::string_view text);
[[nodiscard]] bool is_valid_utf8(std::string_view text);
// U+FFFD, which stands where a text was damaged.
inline constexpr std::string_view kReplacementCharacter{"\xEF\xBF\xBD"};
// What one valid UTF-8 character stands for.
[[nodiscard]] char32_t code_point(std::string_view character);
// How many bytes the UTF-8 character at `at` has; 0 where there is none.
[[nodiscard]] std::size_t character_size(std::string_view text, std::size_t at);

// `%41` becomes `A`; a `%` without two hex digits stands for itself. `plus_is_space` for forms and
// queries.
[[nodiscard]] std::string percent_decode(std::string_view text, bool plus_is_space);
// Escapes all but RFC 3986's unreserved characters: one path segment or query value.
[[nodiscard]] std::string percent_encode(std::string_view text);
// An ASCII digit, whatever the locale.
[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Whether they are the same but for the case of ASCII letters.
[[nodiscard]] bool equal_ignoring_case(std::string_view left, std::string_view right);

// Name-value pairs of a form body or query string in their order, decoded; duplicates are kept.
// Reads at most `kMaxFormPairs` pairs.
inline constexpr std::size_t kMaxFormPairs = 256;
using FormPairs = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] FormPairs parse_form(std::string_view text);
// The first non-empty value of `name` (or the empty one if all are), or nothing if absent.
[[nodiscard]] std::optional<std::string> form_value(const FormPairs& pairs, std::string_view name);

}  // namespace reconciled::core
