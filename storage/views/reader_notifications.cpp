#include <algorithm>

#include "storage/reader.h"
#include "storage/views/read_rows.h"
#include "storage/views/reader_impl.h"

namespace reconciled::storage {
namespace {

constexpr const char* kNotificationColumns =
    "notification_id, payment_id, version, type, state, tries, outcome, created_at_ms,"
    " failing_since_ms, next_at_ms, sent_at_ms";

}  // namespace

Page<NotificationView> Reader::notifications(std::optional<core::NotificationState> state,
                                             std::int64_t limit,
                                             std::optional<std::int64_t> cursor) {
  static const std::string all = std::string("SELECT ") + kNotificationColumns +
                                 " FROM notification WHERE notification_id < ?1"
                                 " AND (CAST(?2 AS TEXT) IS NULL OR state = ?2)"
                                 " ORDER BY notification_id DESC LIMIT ?3";
  // Nearly all are sent; the others have an index of their own.
  static const std::string unsent = std::string("SELECT ") + kNotificationColumns +
                                    " FROM notification WHERE notification_id < ?1"
                                    " AND state = ?2 AND state <> 'sent'"
                                    " ORDER BY notification_id DESC LIMIT ?3";
  const bool is_unsent = state && *state != core::NotificationState::kSent;
  Query query = impl_->session.query(is_unsent ? unsent.c_str() : all.c_str());
  query.with(cursor.value_or(kNewest), state, limit + 1);
  Page<NotificationView> page;
  while (query.next()) {
    Row row = query.row();
    const std::int64_t id = row.integer();
    NotificationView view{.payment_id = row.payment_id()};
    view.id = id;
    view.version = row.integer();
    view.type = row.word<core::NotificationType>();
    view.state = row.word<core::NotificationState>();
    view.tries = row.integer();
    view.outcome = row.text();
    view.created_at = row.time();
    view.failing_since = row.optional_time();
    view.next_at = row.optional_time();
    view.sent_at = row.optional_time();
    page.items.push_back(std::move(view));
  }
  close_page(page, limit, [](const NotificationView& view) { return view.id; });
  return page;
}

std::vector<std::int64_t> Reader::due_notifications(core::Time now, std::int64_t limit) {
  const auto read = [&](Query query) {
    query.with(now, limit);
    std::vector<std::int64_t> ids;
    while (query.next()) ids.push_back(query.row().integer());
    return ids;
  };
  const std::vector<std::int64_t> fresh = read(impl_->session.query(
      "SELECT notification_id FROM notification WHERE next_at_ms IS NOT NULL AND tries = 0"
      "  AND next_at_ms <= ? ORDER BY next_at_ms LIMIT ?"));
  const std::vector<std::int64_t> failed = read(impl_->session.query(
      "SELECT notification_id FROM notification WHERE next_at_ms IS NOT NULL AND tries > 0"
      "  AND next_at_ms <= ? ORDER BY next_at_ms LIMIT ?"));
  // In turn: however many are tried again, one that is new does not wait for all of them.
  std::vector<std::int64_t> ids;
  for (std::size_t i = 0; i < std::max(fresh.size(), failed.size()); ++i) {
    if (i < fresh.size()) ids.push_back(fresh[i]);
    if (i < failed.size()) ids.push_back(failed[i]);
  }
  return ids;
}

std::optional<core::Time> Reader::next_notification() {
  Query query = impl_->session.query(
      "SELECT min(at_ms) FROM (SELECT min(next_at_ms) AS at_ms FROM notification"
      "    WHERE next_at_ms IS NOT NULL AND tries = 0"
      "  UNION ALL SELECT min(next_at_ms) FROM notification"
      "    WHERE next_at_ms IS NOT NULL AND tries > 0) x");
  query.next();
  return query.row().optional_time();
}

std::optional<DueNotification> Reader::due_notification(std::int64_t id, core::Time now) {
  Query query = impl_->session.query(
      "SELECT n.payment_no, n.type, n.created_at_ms, n.body FROM notification n "
      "WHERE n.notification_id = ? AND n.state = 'waiting' AND n.next_at_ms <= ?"
      // Taken back already where it holds no more; goods are not sent on one mistake alone.
      "  AND (n.type <> 'payment.paid' OR EXISTS (SELECT 1 FROM payment p"
      "    WHERE p.payment_no = n.payment_no AND p.deliverable = 1"
      "      AND p.winning_attempt_id = n.attempt_id))");
  if (!query.with(id, now).next()) return std::nullopt;
  Row row = query.row();
  const std::int64_t payment = row.integer();
  const auto type = row.word<core::NotificationType>();
  const core::Time created = row.time();
  return DueNotification{id, payment, type, created, row.text()};
}

NotificationOutlook Reader::notification_outlook() {
  NotificationOutlook outlook;
  {
    Query query = impl_->session.query(
        "SELECT state, count(*) FROM notification WHERE state <> 'sent'"
        "  AND (state = 'waiting' OR state = 'parked') GROUP BY state");
    while (query.next()) {
      Row row = query.row();
      const auto state = row.word<core::NotificationState>();
      const std::int64_t count = row.integer();
      (state == core::NotificationState::kWaiting ? outlook.waiting : outlook.parked) = count;
    }
  }
  Query query = impl_->session.query(
      "SELECT failing_since_ms, outcome FROM notification WHERE failing_since_ms IS NOT NULL "
      "ORDER BY failing_since_ms LIMIT 1");
  if (query.next()) {
    Row row = query.row();
    outlook.failing_since = row.optional_time();
    outlook.outcome = row.text();
  }
  return outlook;
}

}  // namespace reconciled::storage
