// Attempts of the 25th of November, as both sides have them.
#pragma once

#include "daemon/core/books/compare.h"

namespace reconciled::test {

inline core::PortoneTime at(const char* text) { return core::parse_rfc3339(text).value(); }

// In Seoul, nine hours ahead.
inline const core::BookDay kDay{"2026-11-25", core::to_time(at("2026-11-24T15:00:00Z")),
                                core::to_time(at("2026-11-25T15:00:00Z"))};

inline core::Currency won() { return core::Currency::make("KRW").value(); }

inline core::BookEntry paid_entry(const char* attempt = "a1", std::int64_t amount = 10'000) {
  core::BookEntry entry{core::PaymentId::trusted("ord-1"), core::AttemptId::trusted(attempt),
                        core::Api::kV2, core::Result::kPaid, amount, 0, won(), "store-1",
                        core::Channel::kLive, "TOSSPAYMENTS", "card", {}, {}, {}};
  entry.paid_at = entry.status_at = at("2026-11-25T01:00:00Z");
  return entry;
}

inline core::OurBooking ours_of(const core::BookEntry& entry) {
  return {entry, core::BookedOrder{entry.total_amount, entry.currency}, {}};
}

}  // namespace reconciled::test
