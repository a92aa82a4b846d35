// What differs between PortOne's word about an attempt, ours, and what the shop registered.
//
// Pure; the report asks for each attempt of a day (daemon/books).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/books/entry.h"

namespace reconciled::core {

enum class DifferenceKind {
  kMissingHere,       // PortOne has it, we do not
  kMissingAtPortone,  // we have it, PortOne does not know it
  kOtherPayment,      // both have the attempt, as another payment's
  kStatusDiffers,
  kAmountDiffers,
  kCurrencyDiffers,
  kCancelledAmountDiffers,
  kDayDiffers,  // paid on another day
  kPaidWithoutOrder,
  kOrderAmountDiffers,
  kOrderCurrencyDiffers,
  kDoublePaid,
  kOtherChannel,
  kOtherStore,
  kUnreadable  // PortOne lists it, and it cannot be read
};
inline constexpr std::size_t kDifferenceKinds = 15;
[[nodiscard]] std::string_view to_word(DifferenceKind kind);
// What a person should do about it.
[[nodiscard]] std::string_view advice(DifferenceKind kind);

struct Difference {
  DifferenceKind kind;
  std::string payment_id;  // as PortOne has it, else as we do
  std::string attempt_id;
  std::string detail;  // one sentence of what differs
  std::optional<BookEntry> portone;
  std::optional<BookEntry> ours;
  std::optional<BookedOrder> order;
};

struct BookPolicy {
  Channel channel = Channel::kLive;
  std::optional<std::string> v2_store_id;
  bool accepts_unregistered = false;
};

// Of another channel or store: no money of this shop's books.
[[nodiscard]] bool is_foreign(const BookEntry& entry, const BookPolicy& policy);

// All differences about one attempt of the day. Either side may be absent, not both. One cause gives
// one difference: where the status differs, amounts given back do, too.
[[nodiscard]] std::vector<Difference> compare_books(const BookDay& day,
                                                    const std::optional<BookEntry>& portone,
                                                    const OurBooking& ours,
                                                    const BookPolicy& policy);

}  // namespace reconciled::core
