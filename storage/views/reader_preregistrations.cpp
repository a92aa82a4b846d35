// What PortOne is to be told of orders, and how it took it.
#include "storage/reader.h"
#include "storage/views/reader_impl.h"

namespace reconciled::storage {
namespace {

void read_due(Query& query, std::vector<Preregistration>& due) {
  while (query.next()) {
    Row row = query.row();
    const std::int64_t order_id = row.integer();
    const auto api = row.word<core::Api>();
    core::PaymentId payment_id = row.payment_id();
    const std::int64_t amount = row.integer();
    due.push_back({order_id, api, std::move(payment_id), {amount, row.currency()}});
  }
}

}  // namespace

std::vector<PreregistrationView> Reader::preregistrations(const core::PaymentId& id) {
  Query query = impl_->session.query(
      "SELECT r.api, r.state, r.detail, r.at_ms, r.next_at_ms FROM preregistration r "
      "WHERE r.order_id = (SELECT max(o.order_id) FROM expected_order o WHERE o.payment_id = ?) "
      "ORDER BY r.api");
  query.with(id);
  std::vector<PreregistrationView> all;
  while (query.next()) {
    Row row = query.row();
    const auto api = row.word<core::Api>();
    const auto state = row.word<core::PreregistrationState>();
    std::string detail = row.text();
    const core::Time at = row.time();
    all.push_back({api, state, std::move(detail), at, row.optional_time()});
  }
  return all;
}

std::vector<Preregistration> Reader::due_preregistrations(core::Api api, core::Time now,
                                                          std::int64_t limit) {
  std::vector<Preregistration> due;
  // CROSS JOIN: from what is due to its orders, never the other way round.
  Query first = impl_->session.query(
      "SELECT r.order_id, r.api, o.payment_id, o.amount, o.currency "
      "FROM preregistration r CROSS JOIN expected_order o "
      "WHERE r.next_at_ms IS NOT NULL AND r.failures = 0 AND r.next_at_ms <= ?1 AND r.api = ?2"
      "  AND o.order_id = r.order_id ORDER BY r.next_at_ms LIMIT ?3");
  read_due(first.with(now, api, limit), due);
  if (static_cast<std::int64_t>(due.size()) >= limit) return due;
  Query again = impl_->session.query(
      "SELECT r.order_id, r.api, o.payment_id, o.amount, o.currency "
      "FROM preregistration r CROSS JOIN expected_order o "
      "WHERE r.next_at_ms IS NOT NULL AND r.failures > 0 AND r.next_at_ms <= ?1 AND r.api = ?2"
      "  AND o.order_id = r.order_id ORDER BY r.next_at_ms LIMIT ?3");
  read_due(again.with(now, api, limit - static_cast<std::int64_t>(due.size())), due);
  return due;
}

std::optional<core::Time> Reader::next_preregistration(core::Api api) {
  Query query = impl_->session.query(
      "SELECT min(at) FROM ("
      "  SELECT * FROM (SELECT next_at_ms AS at FROM preregistration"
      "    WHERE next_at_ms IS NOT NULL AND failures = 0 AND api = ?1"
      "    ORDER BY next_at_ms LIMIT 1) fresh UNION ALL "
      "  SELECT * FROM (SELECT next_at_ms FROM preregistration"
      "    WHERE next_at_ms IS NOT NULL AND failures > 0 AND api = ?1"
      "    ORDER BY next_at_ms LIMIT 1) again) planned");
  if (!query.with(api).next()) return std::nullopt;
  return query.row().optional_time();
}

}  // namespace reconciled::storage
