// The hundred payments that fill.h multiplies, made by the real daemon.
//
// Their ids are marked, so that every text can be told from its copies': `renamed` gives the text
// with random ids in their place, the same ones for the same copy.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace reconciled::bench {

inline constexpr std::int64_t kPatternPayments = 100;

// Writes their database to `path`.
void make_pattern(const std::string& path);

[[nodiscard]] std::string renamed(std::string_view text, std::uint64_t copy);

// A number that looks random and differs for each `number`.
[[nodiscard]] std::uint64_t scatter(std::uint64_t number);

}  // namespace reconciled::bench
