#include "daemon/core/books/totals.h"

namespace reconciled::core {
namespace {

// Whether anything of it belongs to the day's money.
bool moved_money(const BookEntry& entry, const BookDay& day) {
  if (day.holds(entry.paid_at)) return true;
  for (const Cancellation& one : entry.cancellations) {
    if (day.holds(one.at)) return true;
  }
  return false;
}

void add(SideTotals& totals, const BookEntry& entry, const BookDay& day) {
  if (day.holds(entry.paid_at)) totals.paid.add(entry.total_amount);
  for (const Cancellation& one : entry.cancellations) {
    if (day.holds(one.at)) totals.cancelled.add(one.amount);
  }
}

}  // namespace

void Sum::add(std::int64_t minor) {
  ++count;
  if (__builtin_add_overflow(amount, minor, &amount)) amount = INT64_MAX;
}

TotalsRow& Totals::row_of(const BookEntry& entry) {
  TotalsKey key{entry.currency, entry.pg_provider, entry.method};
  if (rows_.size() >= kMostRows && !rows_.contains(key)) {
    key.pg_provider = key.method = "other";
  }
  return rows_[std::move(key)];
}

void Totals::add_portone(const BookEntry& entry, const BookDay& day) {
  if (moved_money(entry, day)) add(row_of(entry).portone, entry, day);
}

void Totals::add_ours(const OurBooking& booking, const BookDay& day) {
  if (!booking.entry || !moved_money(*booking.entry, day)) return;
  const BookEntry& entry = *booking.entry;
  TotalsRow& row = row_of(entry);
  add(row.ours, entry, day);
  const bool is_comparable = booking.order && booking.order->currency == entry.currency;
  if (is_comparable && day.holds(entry.paid_at)) row.ordered.add(booking.order->amount);
}

}  // namespace reconciled::core
