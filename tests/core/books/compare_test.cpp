#include "daemon/core/books/compare.h"

#include <doctest/doctest.h>

#include <functional>
#include <set>

#include "tests/core/books/booking.h"

using namespace reconciled::core;
using namespace reconciled::test;
using Kind = DifferenceKind;

namespace {

const BookPolicy kPolicy{Channel::kLive, "store-1", false};

struct Case {
  const char* name;
  std::function<void(std::optional<BookEntry>&, OurBooking&)> change;
  std::vector<Kind> found;
};

std::vector<Kind> kinds_of(const std::vector<Difference>& differences) {
  std::vector<Kind> kinds;
  for (const Difference& one : differences) kinds.push_back(one.kind);
  return kinds;
}

}  // namespace

TEST_CASE("books: each difference alone is told by its name, and nothing else is") {
  const std::vector<Case> cases{
      {"both agree", [](auto&, auto&) {}, {}},
      {"only PortOne has it", [](auto&, auto& ours) { ours = {}; }, {Kind::kMissingHere}},
      {"only we have it", [](auto& theirs, auto&) { theirs.reset(); }, {Kind::kMissingAtPortone}},
      {"another payment's",
       [](auto&, auto& ours) { ours.entry->payment_id = PaymentId::trusted("ord-2"); },
       {Kind::kOtherPayment}},
      {"the amount", [](auto& theirs, auto&) { theirs->total_amount = 9'000; },
       {Kind::kAmountDiffers}},
      {"the currency", [](auto& theirs, auto&) { theirs->currency = Currency::make("JPY").value(); },
       {Kind::kCurrencyDiffers}},
      {"the status, with what was given back", [](auto& theirs, auto&) {
         theirs->result = Result::kCancelled;
         theirs->cancelled_amount = 10'000;
       }, {Kind::kStatusDiffers}},
      {"what was given back alone", [](auto& theirs, auto& ours) {
         theirs->result = ours.entry->result = Result::kPartiallyCancelled;
         theirs->cancelled_amount = 2'000;
         ours.entry->cancelled_amount = 1'000;
       }, {Kind::kCancelledAmountDiffers}},
      {"the day", [](auto& theirs, auto&) { theirs->paid_at = at("2026-11-25T15:00:00Z"); },
       {Kind::kDayDiffers}},
      {"another time of the same day",
       [](auto& theirs, auto&) { theirs->paid_at = at("2026-11-25T14:59:59Z"); }, {}},
      {"no order", [](auto&, auto& ours) { ours.order.reset(); }, {Kind::kPaidWithoutOrder}},
      {"the order's amount", [](auto&, auto& ours) { ours.order->amount = 1; },
       {Kind::kOrderAmountDiffers}},
      {"the order's currency",
       [](auto&, auto& ours) { ours.order->currency = Currency::make("JPY").value(); },
       {Kind::kOrderCurrencyDiffers}},
      {"paid twice",
       [](auto&, auto& ours) { ours.others_with_money = {AttemptId::trusted("a2")}; },
       {Kind::kDoublePaid}},
      {"paid twice, and we know one of both", [](auto&, auto& ours) {
         ours.entry.reset();
         ours.others_with_money = {AttemptId::trusted("a2")};
       }, {Kind::kMissingHere, Kind::kDoublePaid}},
      {"the test channel", [](auto& theirs, auto&) { theirs->channel = Channel::kTest; },
       {Kind::kOtherChannel}},
      {"the test channel, and we do not have it", [](auto& theirs, auto& ours) {
         theirs->channel = Channel::kTest;
         ours = {};
       }, {Kind::kOtherChannel}},
      {"a channel that is not told", [](auto& theirs, auto&) { theirs->channel.reset(); }, {}},
      {"another store", [](auto& theirs, auto&) { theirs->store_id = "store-2"; },
       {Kind::kOtherStore}},
      {"V1 has no store", [](auto& theirs, auto&) { theirs->store_id.clear(); }, {}},
      {"declined, and we never heard of it", [](auto& theirs, auto& ours) {
         theirs->result = Result::kFailed;
         theirs->paid_at.reset();
         ours = {};
       }, {}},
      {"wholly given back without an order", [](auto& theirs, auto& ours) {
         theirs->result = ours.entry->result = Result::kCancelled;
         theirs->cancelled_amount = ours.entry->cancelled_amount = 10'000;
         ours.order.reset();
       }, {}},
      {"paid on another day without an order", [](auto& theirs, auto& ours) {
         theirs->paid_at = ours.entry->paid_at = at("2026-11-20T01:00:00Z");
         ours.order.reset();
       }, {}}};
  for (const Case& one : cases) {
    CAPTURE(one.name);
    std::optional<BookEntry> theirs = paid_entry();
    OurBooking ours = ours_of(paid_entry());
    one.change(theirs, ours);
    CHECK(kinds_of(compare_books(kDay, theirs, ours, kPolicy)) == one.found);
  }
}

TEST_CASE("books: where unregistered orders are accepted, a payment without one is no difference") {
  OurBooking ours = ours_of(paid_entry());
  ours.order.reset();
  BookPolicy policy = kPolicy;
  policy.accepts_unregistered = true;
  CHECK(compare_books(kDay, paid_entry(), ours, policy).empty());
}

TEST_CASE("books: each kind has a word of its own and says what to do") {
  std::set<std::string_view> words;
  for (std::size_t i = 0; i < kDifferenceKinds; ++i) {
    words.insert(to_word(static_cast<Kind>(i)));
    CHECK(advice(static_cast<Kind>(i)).size() > 20);
  }
  CHECK(words.size() == kDifferenceKinds);
}

TEST_CASE("books: a difference carries both sides, ids and amounts for people") {
  OurBooking ours = ours_of(paid_entry());
  ours.order->amount = 12'000;
  const auto found = compare_books(kDay, paid_entry(), ours, kPolicy);
  REQUIRE(found.size() == 1);
  CHECK(found[0].payment_id == "ord-1");
  CHECK(found[0].attempt_id == "a1");
  CHECK(found[0].detail == "10,000 KRW were paid, registered were 12,000 KRW.");
  CHECK(found[0].portone->total_amount == 10'000);
  CHECK(found[0].order->amount == 12'000);
}
