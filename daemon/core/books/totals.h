// What was paid and given back on a day, by currency, PG and method, as each side has it. Pure.
#pragma once

#include <compare>
#include <map>
#include <string>

#include "daemon/core/books/entry.h"

namespace reconciled::core {

struct Sum {
  std::int64_t count = 0;
  std::int64_t amount = 0;  // minor units
  void add(std::int64_t minor);  // stays at the largest where it would overflow
  friend bool operator==(const Sum&, const Sum&) = default;
};

struct SideTotals {
  Sum paid;
  Sum cancelled;
};

struct TotalsKey {
  Currency currency;
  std::string pg_provider;
  std::string method;
  friend auto operator<=>(const TotalsKey&, const TotalsKey&) = default;
};

struct TotalsRow {
  SideTotals portone;
  SideTotals ours;
  Sum ordered;  // what was registered for what we have as paid
};

class Totals {
 public:
  // Words come from outside: what has another one than the first so many is added up as `other`.
  static constexpr std::size_t kMostRows = 500;

  void add_portone(const BookEntry& entry, const BookDay& day);
  void add_ours(const OurBooking& booking, const BookDay& day);
  [[nodiscard]] const std::map<TotalsKey, TotalsRow>& rows() const { return rows_; }

 private:
  TotalsRow& row_of(const BookEntry& entry);
  std::map<TotalsKey, TotalsRow> rows_;
};

}  // namespace reconciled::core
