// Texts that classified messages are stored under: their body without bearer tokens, and the text
// that names their copies.
//
// Private to core: the classifiers of webhooks and redirects use it. paymentToken and
// billingIssueToken let their holder charge the buyer (dossier §5, §7.22), so they never reach
// the database. Pure; linear in the text.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace reconciled::core {

// Longer words of PortOne's (types, codes, sub-ids) are clipped.
inline constexpr std::size_t kMaxWordBytes = 64;
inline constexpr std::size_t kMaxReasonBytes = 1000;
inline constexpr std::size_t kMaxPgNumberBytes = 200;
inline constexpr std::size_t kMaxStoredQueryBytes = 8192;

// `body` with the values of all token members, at any depth and however their names are escaped,
// replaced by "[removed]"; every other byte stays. `body` is JSON that was parsed before.
[[nodiscard]] std::string cut_json_tokens(std::string_view body);

// `text`, a form body or query, without the pairs that name a token or carry one in a nested URL;
// the others stay as sent. Text that is no UTF-8 comes back cleaned.
[[nodiscard]] std::string cut_form_tokens(std::string_view text);

// The fields one after the other, each behind its length: no two lists of fields give one text.
[[nodiscard]] std::string join_fields(std::initializer_list<std::string_view> fields);

}  // namespace reconciled::core
