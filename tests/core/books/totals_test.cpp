#include "daemon/core/books/totals.h"

#include <doctest/doctest.h>

#include "tests/core/books/booking.h"

using namespace reconciled::core;
using namespace reconciled::test;

TEST_CASE("books: money is added up on the day when it moved") {
  Totals totals;
  BookEntry later = paid_entry("a2", 7'000);  // paid today, given back tomorrow
  later.result = Result::kCancelled;
  later.cancelled_amount = 7'000;
  later.cancellations = {{7'000, at("2026-11-26T01:00:00Z")}};
  BookEntry older = paid_entry("a3", 5'000);  // paid last week, partly given back today
  older.paid_at = at("2026-11-20T01:00:00Z");
  older.cancelled_amount = 2'000;
  older.cancellations = {{2'000, at("2026-11-25T01:00:00Z")}};
  for (const BookEntry& entry : {paid_entry(), later, older}) totals.add_portone(entry, kDay);
  totals.add_ours(ours_of(paid_entry()), kDay);
  totals.add_ours({}, kDay);
  REQUIRE(totals.rows().size() == 1);
  const auto& [key, row] = *totals.rows().begin();
  CHECK(key.pg_provider == "TOSSPAYMENTS");
  CHECK(row.portone.paid == Sum{2, 17'000});
  CHECK(row.portone.cancelled == Sum{1, 2'000});
  CHECK(row.ours.paid == Sum{1, 10'000});
  CHECK(row.ordered == Sum{1, 10'000});
}

TEST_CASE("books: an order in another currency is not added up with the payment's") {
  Totals totals;
  OurBooking booking = ours_of(paid_entry());
  booking.order->currency = Currency::make("USD").value();
  totals.add_ours(booking, kDay);
  CHECK(totals.rows().begin()->second.ordered == Sum{});
}

TEST_CASE("books: words of PortOne's make no end of rows, and sums do not overflow") {
  Totals totals;
  for (std::size_t i = 0; i < 2 * Totals::kMostRows; ++i) {
    BookEntry entry = paid_entry();
    entry.method = std::to_string(i);
    totals.add_portone(entry, kDay);
  }
  CHECK(totals.rows().size() == Totals::kMostRows + 1);
  CHECK(totals.rows().at({won(), "other", "other"}).portone.paid.count ==
        static_cast<std::int64_t>(Totals::kMostRows));
  Sum sum{1, INT64_MAX - 1};
  sum.add(5);
  CHECK(sum == Sum{2, INT64_MAX});
}
