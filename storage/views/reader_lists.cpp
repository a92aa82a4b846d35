#include "storage/reader.h"
#include "storage/units/payment_detail.h"
#include "storage/views/read_rows.h"
#include "storage/views/reader_impl.h"

namespace reconciled::storage {
namespace {

constexpr const char* kPaymentConditions =
    " p.payment_no < ?1 AND (CAST(?2 AS TEXT) IS NULL OR p.ui_state = ?2)"
    " AND (CAST(?3 AS BIGINT) IS NULL OR p.deliverable = ?3)"
    " AND (CAST(?4 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM finding f WHERE"
    "   f.payment_id = p.payment_id"
    "   AND f.open = 1 AND f.kind = ?4))"
    " AND (?5 = '' OR replace(p.payment_id, ?5, '') <> p.payment_id OR EXISTS (SELECT 1 FROM "
    "attempt a"
    "   WHERE a.attempt_id = ?5 AND a.payment_no = p.payment_no) OR EXISTS (SELECT 1 FROM pg_number n"
    "   WHERE n.pg_number = ?5 AND n.payment_id = p.payment_id))"
    " AND (CAST(?6 AS BIGINT) IS NULL OR p.created_at_ms >= ?6)"
    " AND (CAST(?7 AS BIGINT) IS NULL OR p.created_at_ms < ?7)"
    " ORDER BY p.payment_no DESC LIMIT ?8";

}  // namespace

EventView read_event(Row& row) {
  EventView view{};
  view.id = {row.integer()};
  view.received_at = row.time();
  view.source = row.word<core::EventSource>();
  view.api = row.optional_word<core::Api>();
  view.kind = row.word<core::EventKind>();
  view.type = row.text();
  view.payment_id = row.optional_payment_id();
  view.attempt_id = row.optional_attempt_id();
  view.status = row.optional_word<core::Result>();
  view.hint = row.word<core::UiState>();
  view.reason_code = row.text();
  view.reason_message = row.text();
  view.is_signed = row.flag();
  view.remote_ip = row.text();
  view.known_source = row.flag();
  view.copies = row.integer();
  view.last_arrival = row.time();
  view.processed_at = row.optional_time();
  return view;
}

Page<PaymentView> Reader::payments(const PaymentFilter& filter) {
  // By result there is an index; all other filters narrow down what is read newest first.
  static const std::string all =
      std::string("SELECT ") + kPaymentColumns + " FROM payment p WHERE" + kPaymentConditions;
  static const std::string by_result = std::string("SELECT ") + kPaymentColumns +
                                       " FROM payment p WHERE p.result = ?9 AND" +
                                       kPaymentConditions;
  Query query = impl_->session.query(filter.result ? by_result.c_str() : all.c_str());
  query.with(filter.cursor.value_or(kNewest), filter.ui_state, filter.deliverable, filter.finding,
             filter.contains, filter.since, filter.until, filter.limit + 1);
  if (filter.result) query.with(*filter.result);
  Page<PaymentView> page;
  while (query.next()) page.items.push_back(read_payment(query.row()));
  close_page(page, filter.limit, [](const PaymentView& view) { return view.number; });
  return page;
}

Page<EventView> Reader::events(const EventFilter& filter) {
  static const std::string all =
      std::string("SELECT ") + kEventColumns +
      " FROM event e JOIN event_progress g USING (event_id)"
      " WHERE e.event_id < ?1 AND (CAST(?2 AS TEXT) IS NULL OR e.source = ?2)"
      " ORDER BY e.event_id DESC LIMIT ?3";
  static const std::string by_payment =
      std::string("SELECT ") + kEventColumns +
      " FROM event_by_subject i JOIN event e USING (event_id) JOIN event_progress g USING "
      "(event_id)"
      " WHERE i.subject = ?4 AND e.event_id < ?1 AND (CAST(?2 AS TEXT) IS NULL OR e.source = ?2)"
      " ORDER BY e.event_id DESC LIMIT ?3";
  Query query = impl_->session.query(filter.payment_id ? by_payment.c_str() : all.c_str());
  query.with(filter.cursor.value_or(kNewest), filter.source, filter.limit + 1);
  if (filter.payment_id) query.with(*filter.payment_id);
  Page<EventView> page;
  while (query.next()) {
    Row row = query.row();
    page.items.push_back(read_event(row));
  }
  close_page(page, filter.limit, [](const EventView& view) { return view.id.value; });
  return page;
}

std::optional<EventView> Reader::event(core::EventId id) {
  static const std::string sql = std::string("SELECT ") + kEventColumns +
                                 ", e.headers, e.body FROM event e"
                                 " JOIN event_progress g USING (event_id) WHERE e.event_id = ?";
  Query query = impl_->session.query(sql.c_str());
  if (!query.with(id).next()) return std::nullopt;
  Row row = query.row();
  EventView view = read_event(row);
  view.headers_json = row.optional_text();
  view.body = row.optional_text();
  return view;
}

std::vector<RejectedDelivery> Reader::rejected(std::int64_t limit) {
  Query query = impl_->session.query(
      "SELECT at_ms, remote_ip, path, status, reason, webhook_id, content_type, body_bytes,"
      "  body_sha256 FROM rejected_delivery ORDER BY rejected_id DESC LIMIT ?");
  query.with(limit);
  std::vector<RejectedDelivery> list;
  while (query.next()) {
    Row row = query.row();
    RejectedDelivery delivery;
    delivery.at = row.time();
    delivery.remote_ip = row.text();
    delivery.path = row.text();
    delivery.status = static_cast<int>(row.integer());
    delivery.reason = row.text();
    delivery.webhook_id = row.text();
    delivery.content_type = row.text();
    delivery.body_bytes = row.integer();
    delivery.body_sha256 = row.text();
    list.push_back(std::move(delivery));
  }
  return list;
}

std::optional<FindingView> Reader::finding(std::int64_t id) {
  static const std::string sql = std::string(kFindings) + " WHERE f.finding_id = ?";
  Query query = impl_->session.query(sql.c_str());
  if (!query.with(id).next()) return std::nullopt;
  return read_finding(query.row());
}

Page<FindingView> Reader::findings(bool open_only, std::int64_t limit,
                                   std::optional<std::int64_t> cursor) {
  static const std::string sql = std::string(kFindings) +
                                 " WHERE f.finding_id < ? AND (? = 0 OR f.open = 1)"
                                 " ORDER BY f.finding_id DESC LIMIT ?";
  Query query = impl_->session.query(sql.c_str());
  query.with(cursor.value_or(kNewest), open_only, limit + 1);
  Page<FindingView> page;
  while (query.next()) page.items.push_back(read_finding(query.row()));
  close_page(page, limit, [](const FindingView& view) { return view.id; });
  return page;
}

Stats Reader::stats() {
  Stats stats;
  {
    Query query = impl_->session.query("SELECT result, count(*) FROM payment GROUP BY result");
    while (query.next()) {
      Row row = query.row();
      const auto result = row.word<core::Result>();
      stats.payments_by_result.emplace_back(result, row.integer());
    }
  }
  {
    Query query =
        impl_->session.query("SELECT kind, count(*) FROM finding WHERE open = 1 GROUP BY kind");
    while (query.next()) {
      Row row = query.row();
      const auto kind = row.word<core::FindingKind>();
      stats.open_findings.emplace_back(kind, row.integer());
    }
  }
  {
    Query query = impl_->session.query(
        "SELECT count(*), (SELECT last_arrival_ms FROM event_progress"
        "  WHERE processed_at_ms IS NULL ORDER BY event_id LIMIT 1) "
        "FROM event_progress WHERE processed_at_ms IS NULL");
    query.next();
    Row row = query.row();
    stats.inbox_depth = row.integer();
    stats.inbox_oldest = row.optional_time();
  }
  {
    Query query = impl_->session.query(
        "SELECT transition_id, at_ms FROM transition ORDER BY transition_id DESC LIMIT 1");
    if (query.next()) {
      Row row = query.row();
      stats.newest_change.number = row.integer();
      stats.newest_change.at_ms = row.integer();
    }
  }
  {
    // Among the newest events: an API that told nothing for so many has nothing new to tell. The
    // newest is the last one that came, whatever the clock said then.
    Query query = impl_->session.query(
        "SELECT (SELECT received_at_ms FROM event WHERE source = 'webhook' AND api = 'v1'"
        "    AND event_id > newest - 10000 ORDER BY event_id DESC LIMIT 1),"
        "  (SELECT received_at_ms FROM event WHERE source = 'webhook' AND api = 'v2'"
        "    AND event_id > newest - 10000 ORDER BY event_id DESC LIMIT 1) "
        "FROM (SELECT max(event_id) AS newest FROM event) x");
    query.next();
    Row row = query.row();
    stats.last_webhook_v1 = row.optional_time();
    stats.last_webhook_v2 = row.optional_time();
  }
  Query query = impl_->session.query(
      "SELECT count(*), count(*) FILTER (WHERE failures > 0) FROM lookup WHERE next_at_ms IS NOT "
      "NULL");
  query.next();
  Row row = query.row();
  stats.lookups_planned = row.integer();
  stats.lookups_failing = row.integer();
  return stats;
}

}  // namespace reconciled::storage
