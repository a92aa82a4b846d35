#include "daemon/core/books/compare.h"

#include <algorithm>
#include <array>

namespace reconciled::core {
namespace {

struct Words {
  std::string_view word;
  std::string_view advice;
};
constexpr std::array<Words, kDifferenceKinds> kWords{{
    {"missing_here",
     "Run `reconciled backfill` over that day: it takes in what never arrived. Were webhooks lost?"},
    {"missing_at_portone",
     "Look it up in PortOne's console. Is store or tier another one now? Do not deliver on it."},
    {"other_payment",
     "PortOne counts this attempt for another order. Deliver only what PortOne names, and find out "
     "who sent the other id."},
    {"status_differs",
     "Run `reconciled lookup` with the payment's id; where it stays so, look in PortOne's console."},
    {"amount_differs",
     "Run `reconciled lookup` with the payment's id; where it stays so, ask PortOne's support."},
    {"currency_differs",
     "Run `reconciled lookup` with the payment's id; where it stays so, ask PortOne's support."},
    {"cancelled_amount_differs",
     "Run `reconciled lookup` with the payment's id: a refund was made that never reached us."},
    {"day_differs",
     "Run `reconciled lookup` with the payment's id: PortOne now says that it was paid on another "
     "day."},
    {"paid_without_order",
     "Find out what was bought: register the order (`reconciled order`), or give the money back in "
     "PortOne's console."},
    {"order_amount_differs",
     "Compare with your order. The buyer paid another amount: correct the order where it was "
     "registered wrongly, else refund."},
    {"order_currency_differs",
     "Compare with your order: correct it where it was registered wrongly, else refund."},
    {"double_paid", "Give one of the two payments back in PortOne's console."},
    {"other_channel",
     "No money of this shop's: not added up. Who pays through a channel that is not configured?"},
    {"other_store",
     "No money of this shop's: not added up. Is portone.v2.store_id the store that you mean?"},
    {"unreadable",
     "Look it up in PortOne's console: what PortOne lists of it makes no sense, it was not compared."},
}};
static_assert(static_cast<std::size_t>(DifferenceKind::kUnreadable) + 1 == kDifferenceKinds);

std::string amount(std::int64_t minor, const Currency& currency) {
  return readable_amount(minor, currency);
}

std::string word(Result result) { return std::string(to_word(result)); }

class Comparison {
 public:
  Comparison(const BookDay& day, const std::optional<BookEntry>& portone,
             const OurBooking& ours, const BookPolicy& policy)
      : day_(day), portone_(portone), ours_(ours), policy_(policy) {}

  std::vector<Difference> run() {
    const BookEntry& known = portone_ ? *portone_ : *ours_.entry;
    if (is_foreign(known, policy_)) {
      if (known.paid_at) compare_place(known);
      return std::move(found_);
    }
    if (!portone_) {
      add(DifferenceKind::kMissingAtPortone,
          "We have it as " + word(ours_.entry->result) + ", " +
              amount(ours_.entry->total_amount, ours_.entry->currency) +
              "; PortOne does not know it.");
    } else if (!ours_.entry) {
      compare_missing();
    } else {
      compare_both(*portone_, *ours_.entry);
    }
    compare_order(known);
    return std::move(found_);
  }

 private:
  void add(DifferenceKind kind, std::string detail) {
    const BookEntry& named = portone_ ? *portone_ : *ours_.entry;
    Difference difference{kind, named.payment_id.str(), named.attempt_id.str(), std::move(detail),
                          portone_, ours_.entry, ours_.order};
    found_.push_back(std::move(difference));
  }

  void compare_place(const BookEntry& known) {
    if (known.channel && *known.channel != policy_.channel) {
      add(DifferenceKind::kOtherChannel,
          amount(known.total_amount, known.currency) + " through the " +
              std::string(to_word(*known.channel)) + " channel.");
    } else {
      add(DifferenceKind::kOtherStore, amount(known.total_amount, known.currency) +
                                           " in the store " + known.store_id + ".");
    }
  }

  // A window that was left or declined is nobody's money.
  void compare_missing() {
    if (!portone_->paid_at && portone_->cancelled_amount == 0 && !portone_->holds_money()) return;
    add(DifferenceKind::kMissingHere, "PortOne has it as " + word(portone_->result) + ", " +
                                          amount(portone_->total_amount, portone_->currency) +
                                          "; we never heard of it.");
  }

  void compare_both(const BookEntry& theirs, const BookEntry& own) {
    if (theirs.payment_id != own.payment_id) {
      add(DifferenceKind::kOtherPayment, "PortOne counts it for " + theirs.payment_id.str() +
                                             ", we for " + own.payment_id.str() + ".");
      return;
    }
    if (theirs.currency != own.currency) {
      add(DifferenceKind::kCurrencyDiffers,
          "PortOne says " + amount(theirs.total_amount, theirs.currency) + ", we " +
              amount(own.total_amount, own.currency) + ".");
    } else if (theirs.total_amount != own.total_amount) {
      add(DifferenceKind::kAmountDiffers,
          "PortOne says " + amount(theirs.total_amount, theirs.currency) + ", we " +
              amount(own.total_amount, own.currency) + ".");
    }
    if (theirs.result != own.result) {
      add(DifferenceKind::kStatusDiffers,
          "PortOne says " + word(theirs.result) + ", we " + word(own.result) + ".");
    } else if (theirs.cancelled_amount != own.cancelled_amount &&
               theirs.currency == own.currency) {
      add(DifferenceKind::kCancelledAmountDiffers,
          "PortOne says that " + amount(theirs.cancelled_amount, theirs.currency) +
              " were given back, we " + amount(own.cancelled_amount, own.currency) + ".");
    } else if (theirs.paid_at && own.paid_at && day_.holds(theirs.paid_at) != day_.holds(own.paid_at)) {
      add(DifferenceKind::kDayDiffers, "PortOne says that it was paid at " +
                                           to_rfc3339(to_time(*theirs.paid_at)) + ", we at " +
                                           to_rfc3339(to_time(*own.paid_at)) + ".");
    }
  }

  // What the shop registered, on the day when it was paid.
  void compare_order(const BookEntry& known) {
    if (!known.holds_money() || !day_.holds(known.paid_at)) return;
    if (!ours_.others_with_money.empty()) {
      std::string others;
      for (const AttemptId& id : ours_.others_with_money) others += " " + id.str();
      add(DifferenceKind::kDoublePaid, "The same order is paid by another attempt, too:" + others +
                                           ".");
    }
    if (!ours_.entry) return;  // it is told already
    if (!ours_.order) {
      if (policy_.accepts_unregistered) return;
      add(DifferenceKind::kPaidWithoutOrder,
          amount(known.total_amount, known.currency) +
              " were paid, and no order is registered (or it was withdrawn).");
      return;
    }
    const BookedOrder& order = *ours_.order;
    const std::string both = amount(known.total_amount, known.currency) +
                             " were paid, registered were " + amount(order.amount, order.currency) +
                             ".";
    // Where PortOne and we differ ourselves, that is told already.
    const bool is_told = std::any_of(found_.begin(), found_.end(), [](const Difference& one) {
      return one.kind == DifferenceKind::kAmountDiffers ||
             one.kind == DifferenceKind::kCurrencyDiffers ||
             one.kind == DifferenceKind::kOtherPayment;
    });
    if (is_told) return;
    if (order.currency != known.currency) {
      add(DifferenceKind::kOrderCurrencyDiffers, both);
    } else if (order.amount != known.total_amount) {
      add(DifferenceKind::kOrderAmountDiffers, both);
    }
  }

  const BookDay& day_;
  const std::optional<BookEntry>& portone_;
  const OurBooking& ours_;
  const BookPolicy& policy_;
  std::vector<Difference> found_;
};

}  // namespace

std::string_view to_word(DifferenceKind kind) {
  return kWords.at(static_cast<std::size_t>(kind)).word;
}

std::string_view advice(DifferenceKind kind) {
  return kWords.at(static_cast<std::size_t>(kind)).advice;
}

bool is_foreign(const BookEntry& entry, const BookPolicy& policy) {
  if (entry.channel && *entry.channel != policy.channel) return true;
  return policy.v2_store_id && !entry.store_id.empty() && entry.store_id != *policy.v2_store_id;
}

std::vector<Difference> compare_books(const BookDay& day, const std::optional<BookEntry>& portone,
                                      const OurBooking& ours,
                                      const BookPolicy& policy) {
  return Comparison(day, portone, ours, policy).run();
}

}  // namespace reconciled::core
