// A day's books as they were compared, and what is made of them for people and programs.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "daemon/core/books/compare.h"
#include "daemon/core/books/totals.h"

namespace reconciled::books {

struct Report {
  // So many are told one by one; the others are counted.
  static constexpr std::size_t kMostTold = 10'000;

  core::BookDay day;
  std::string timezone;
  core::Time made_at{};
  bool is_day_over = true;
  // Why something may be missing; empty: all was compared.
  std::vector<std::string> gaps;
  // What is worth knowing and no difference.
  std::vector<std::string> notes;
  std::int64_t listed = 0;    // PortOne's rows that were read
  std::int64_t compared = 0;  // attempts of the day
  core::Totals totals;
  std::array<std::int64_t, core::kDifferenceKinds> counts{};
  std::vector<core::Difference> differences;

  [[nodiscard]] bool is_complete() const { return gaps.empty(); }
  [[nodiscard]] std::int64_t difference_count() const;
  void add(core::Difference difference);
};

// With the first `most` differences.
[[nodiscard]] nlohmann::ordered_json to_json(const Report& report, std::size_t most);

// RFC 4180 for spreadsheets, of what `to_json` made: a byte order mark so that Excel reads Hangul,
// CRLF, and no cell that a spreadsheet would take for a formula. The first row says how the books
// stand, then come the totals, then the differences. Amounts are decimals in major units.
[[nodiscard]] std::string csv_of(const nlohmann::ordered_json& report);

}  // namespace reconciled::books
