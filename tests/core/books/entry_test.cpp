#include "daemon/core/books/entry.h"

#include <doctest/doctest.h>

#include "tests/core/books/booking.h"

using namespace reconciled::core;
using namespace reconciled::test;

namespace {

BookEntry cancelled_entry(std::int64_t amount, const char* currency = "KRW") {
  BookEntry entry = paid_entry();
  entry.currency = Currency::make(currency).value();
  entry.result = Result::kPartiallyCancelled;
  entry.cancelled_amount = amount;
  entry.status_at = at("2026-11-26T03:00:00Z");
  return entry;
}

}  // namespace

TEST_CASE("books: each cancellation of V2 that succeeded belongs to its own time") {
  BookEntry entry = cancelled_entry(3'000);
  read_cancellations(entry, Api::kV2, R"({"cancellations":[
    {"status":"SUCCEEDED","id":"c1","totalAmount":1000,"cancelledAt":"2026-11-25T02:00:00Z"},
    {"status":"FAILED","id":"c2","totalAmount":500,"cancelledAt":"2026-11-25T02:30:00Z"},
    {"status":"REQUESTED","id":"c3","totalAmount":500,"requestedAt":"2026-11-25T02:40:00Z"},
    {"status":"SUCCEEDED","id":"c4","totalAmount":2000,"requestedAt":"2026-11-26T02:00:00Z"}]})");
  REQUIRE(entry.cancellations.size() == 2);
  CHECK(entry.cancellations[0].amount == 1'000);
  CHECK(entry.cancellations[1].at == at("2026-11-26T02:00:00Z"));
}

TEST_CASE("books: V1 says decimals and seconds") {
  BookEntry entry = cancelled_entry(1'050, "USD");
  read_cancellations(entry, Api::kV1,
                     R"({"cancel_history":[{"amount":10.5,"cancelled_at":1764036000}]})");
  REQUIRE(entry.cancellations.size() == 1);
  CHECK(entry.cancellations[0].amount == 1'050);
  CHECK(to_rfc3339(to_time(entry.cancellations[0].at)) == "2025-11-25T02:00:00.000Z");
}

TEST_CASE("books: what no row tells of was given back when the status came about") {
  for (const char* body : {"", "{}", "[", R"({"cancellations":7})", R"({"cancellations":[7,null]})",
                           // More than the whole: not believed.
                           R"({"cancellations":[{"status":"SUCCEEDED","totalAmount":9000,
                              "cancelledAt":"2026-11-25T02:00:00Z"}]})"}) {
    CAPTURE(body);
    BookEntry entry = cancelled_entry(3'000);
    read_cancellations(entry, Api::kV2, body);
    REQUIRE(entry.cancellations.size() == 1);
    CHECK(entry.cancellations[0].amount == 3'000);
    CHECK(entry.cancellations[0].at == at("2026-11-26T03:00:00Z"));
  }
}

TEST_CASE("books: an attempt is of each day on which something happened to it") {
  BookEntry entry = paid_entry();
  CHECK(is_about(entry, kDay));
  entry.result = Result::kCancelled;
  entry.status_at = at("2026-11-26T03:00:00Z");  // cancelled on the next day
  CHECK(is_about(entry, kDay));
  entry.paid_at = at("2026-11-20T03:00:00Z");
  CHECK_FALSE(is_about(entry, kDay));
  entry.cancellations = {{1, at("2026-11-25T00:00:00Z")}};
  CHECK(is_about(entry, kDay));
  entry.cancellations.clear();
  entry.status_at = at("2026-11-25T00:00:00Z");
  CHECK(is_about(entry, kDay));
}
