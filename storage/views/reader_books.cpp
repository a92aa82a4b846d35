// A day's books, as the store has them.
#include <algorithm>

#include "storage/reader.h"
#include "storage/units/units.h"
#include "storage/views/reader_impl.h"

namespace reconciled::storage {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kSlice = 5'000;
// PortOne's clock and ours need not agree; and ours may have been set.
constexpr auto kWellBefore = 48h;

std::vector<core::AttemptId> others_with_money(Session& session, const core::PaymentId& payment,
                                               const core::AttemptId& attempt) {
  Query query = session.query(
      "SELECT a.attempt_id FROM payment p JOIN attempt a USING (payment_no) "
      "WHERE p.payment_id = ? AND a.attempt_id <> ?"
      "  AND (a.result = 'paid' OR a.result = 'partially_cancelled') ORDER BY a.attempt_id");
  query.with(payment, attempt);
  std::vector<core::AttemptId> others;
  while (query.next()) others.push_back(query.row().attempt_id());
  return others;
}

std::optional<core::BookEntry> load_entry(Session& session, const core::AttemptId& id) {
  Query query = session.query(
      "SELECT s.payment_id, s.api, s.version, a.result, s.total_amount, s.cancelled_amount,"
      "  s.currency, s.store_id, s.channel, s.pg_provider, s.method, s.paid_at_us,"
      "  s.status_at_us, coalesce(b.body, s.body) "
      "FROM attempt a JOIN snapshot s ON s.snapshot_id = a.snapshot_id"
      "  LEFT JOIN snapshot_body b ON b.snapshot_id = s.snapshot_id WHERE a.attempt_id = ?");
  if (!query.with(id).next()) return std::nullopt;
  Row row = query.row();
  core::PaymentId payment = row.payment_id();
  const auto answered_by = row.word<core::Api>();
  const auto version = row.word<core::Api>();
  const auto result = row.word<core::Result>();
  const std::int64_t total = row.integer();
  const std::int64_t cancelled = row.integer();
  core::BookEntry entry{std::move(payment), id, version, result, total, cancelled, row.currency(),
                        {}, {}, {}, {}, {}, {}, {}};
  entry.store_id = row.text();
  entry.channel = row.optional_word<core::Channel>();
  entry.pg_provider = row.text();
  entry.method = row.text();
  entry.paid_at = row.optional_portone_time();
  entry.status_at = row.optional_portone_time();
  core::read_cancellations(entry, answered_by, row.text());
  return entry;
}

}  // namespace

core::OurBooking Reader::booking(const core::AttemptId& id,
                                 const std::optional<core::PaymentId>& named) {
  core::OurBooking booking{load_entry(impl_->session, id), {}, {}};
  const std::optional<core::PaymentId> payment =
      booking.entry ? std::optional(booking.entry->payment_id) : named;
  if (!payment) return booking;
  if (const auto order = load_order(impl_->session, *payment)) {
    booking.order = core::BookedOrder{order->amount, order->currency};
  }
  booking.others_with_money = others_with_money(impl_->session, *payment, id);
  return booking;
}

Reader::BookedSlice Reader::booked_on(const core::BookDay& day, std::optional<std::int64_t> cursor) {
  Query query = impl_->session.query(
      "SELECT snapshot_id, attempt_id, paid_at_us, status_at_us, asked_at_ms FROM snapshot "
      "WHERE snapshot_id < ? ORDER BY snapshot_id DESC LIMIT ?");
  query.with(cursor.value_or(INT64_MAX), kSlice);
  BookedSlice slice;
  std::int64_t rows = 0;
  bool are_all_older = true;
  while (query.next()) {
    Row row = query.row();
    slice.next = row.integer();
    core::AttemptId attempt = row.attempt_id();
    const auto paid_at = row.optional_portone_time();
    const auto status_at = row.optional_portone_time();
    are_all_older = are_all_older && row.time() < day.begin - kWellBefore;
    if (day.holds(paid_at) || day.holds(status_at)) slice.attempts.push_back(std::move(attempt));
    ++rows;
  }
  if (rows < kSlice || are_all_older) slice.next = std::nullopt;
  return slice;
}

std::optional<std::string> Reader::kept(const std::string& key) {
  Query query = impl_->session.query("SELECT value FROM meta WHERE key = ?");
  if (!query.with(key).next()) return std::nullopt;
  return query.row().text();
}

}  // namespace reconciled::storage
