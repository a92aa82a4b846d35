// Text for a person's terminal: how wide it is, where it breaks, and nothing that a terminal obeys.
//
// Ids, details and reasons come from outside; `plain` takes the control characters out of them.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace reconciled::commands {

// Lines of people are at most this wide.
inline constexpr std::size_t kColumns = 120;

// One line of valid UTF-8 without control or direction characters.
[[nodiscard]] std::string plain(std::string_view text);
// Terminal columns: Hangul and other wide characters take two.
[[nodiscard]] std::size_t width_of(std::string_view text);
// Lines of at most `width` columns, broken at blanks, or within a word that is longer.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t width);
// At most `width` columns, with `…` where something is missing.
[[nodiscard]] std::string clip(std::string_view text, std::size_t width);

}  // namespace reconciled::commands
