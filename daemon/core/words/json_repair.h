// A copy of broken JSON in which only what is broken is damaged.
//
// Private to core: `parse_json_tolerantly` uses it where an answer of PortOne's cannot be read as
// it came. A shop's or a PG's text in EUC-KR, half of an emoji or a raw line break must not hide a
// payment (interface §1.1). Pure; linear in the text.
#pragma once

#include <string>
#include <string_view>

namespace reconciled::core {

// Inside strings: each byte that is no UTF-8, each control character and each backslash that
// escapes nothing becomes U+FFFD, a surrogate without its other half `\ufffd`. Outside: a word that
// is neither a literal nor a number within a double's range becomes `{}`. All else stays, what
// breaks the structure too.
[[nodiscard]] std::string repair_json(std::string_view text);

}  // namespace reconciled::core
