// One attempt as one side of the books has it: PortOne's answer, or the one that we stand on.
//
// Money belongs to the day on which it moved: a payment to the day when it was paid, whatever became
// of it later, and each cancellation to its own.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/books/day.h"
#include "daemon/core/messages/evidence.h"

namespace reconciled::core {

struct Cancellation {
  std::int64_t amount = 0;  // minor units
  PortoneTime at{};
};

struct BookEntry {
  PaymentId payment_id;
  AttemptId attempt_id;
  Api version = Api::kV1;  // the attempt's own
  Result result = Result::kReady;
  std::int64_t total_amount = 0;
  std::int64_t cancelled_amount = 0;
  Currency currency;
  std::string store_id;  // V2
  std::optional<Channel> channel;
  std::string pg_provider;
  std::string method;
  std::optional<PortoneTime> paid_at;
  std::optional<PortoneTime> status_at;
  std::vector<Cancellation> cancellations;

  // Money of it is with the shop.
  [[nodiscard]] bool holds_money() const {
    return result == Result::kPaid || result == Result::kPartiallyCancelled;
  }
};

[[nodiscard]] BookEntry book_entry(const Snapshot& snapshot);

// Fills in what was given back and when, from the stored copy of PortOne's answer (empty once
// retention took it). What the copy does not tell of was given back when the status came about.
void read_cancellations(BookEntry& entry, Api answered_by, std::string_view stored_body);

// Whether it was paid, given back or came to what it is on that day.
[[nodiscard]] bool is_about(const BookEntry& entry, const BookDay& day);

// What the shop registered.
struct BookedOrder {
  std::int64_t amount = 0;
  Currency currency;
};

// What we have of an attempt, and what stands beside it.
struct OurBooking {
  std::optional<BookEntry> entry;            // absent: we never heard of it
  std::optional<BookedOrder> order;          // the newest version; absent also where it was withdrawn
  std::vector<AttemptId> others_with_money;  // of the same payment
};

}  // namespace reconciled::core
