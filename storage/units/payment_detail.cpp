#include "storage/units/payment_detail.h"

namespace reconciled::storage {

PaymentView read_payment(Row row) {
  const std::int64_t number = row.integer();
  PaymentView view{.payment_id = row.payment_id()};
  view.number = number;
  view.result = row.word<core::Result>();
  view.authority = row.optional_word<core::Authority>();
  view.deliverable = row.flag();
  view.unverified = row.flag();
  view.unobstructed = row.flag();
  view.ui_state = row.word<core::UiState>();
  view.webhook_status = row.word<core::Result>();
  view.currency = row.optional_currency();
  view.expected_amount = row.optional_integer();
  view.total_amount = row.optional_integer();
  view.cancelled_amount = row.optional_integer();
  view.created_at = row.time();
  view.updated_at = row.time();
  view.decided_at = row.optional_time();
  view.next_lookup_at = row.optional_time();
  view.asking_ended_at = row.optional_time();
  if (view.next_lookup_at) view.asking_ended_at.reset();
  view.version = row.integer();
  return view;
}

std::optional<PaymentView> load_payment(Session& session, const core::PaymentId& id) {
  static const std::string sql =
      std::string("SELECT ") + kPaymentColumns + " FROM payment p WHERE p.payment_id = ?";
  Query query = session.query(sql.c_str());
  if (!query.with(id).next()) return std::nullopt;
  return read_payment(query.row());
}

std::vector<AttemptView> load_attempts(Session& session, const core::PaymentId& id) {
  Query query = session.query(
      "SELECT a.attempt_id, a.api, a.result, s.total_amount, s.pg_provider, s.method,"
      "  s.account_bank, s.account_number, s.account_holder, s.account_due_us,"
      "  s.failure_reason, a.updated_at_ms "
      "FROM payment p JOIN attempt a USING (payment_no) "
      "LEFT JOIN snapshot s ON s.snapshot_id = a.snapshot_id "
      "WHERE p.payment_id = ? ORDER BY a.attempt_id");
  query.with(id);
  std::vector<AttemptView> attempts;
  while (query.next()) {
    Row row = query.row();
    core::AttemptId attempt_id = row.attempt_id();
    const auto api = row.word<core::Api>();
    const auto result = row.word<core::Result>();
    AttemptView view{.attempt_id = std::move(attempt_id), .api = api, .result = result};
    view.total_amount = row.optional_integer();
    view.pg_provider = row.text();
    view.method = row.text();
    core::VirtualAccount account;
    account.bank = row.text();
    account.number = row.text();
    account.holder = row.text();
    account.due_at = row.optional_portone_time();
    if (!account.number.empty() || account.due_at) view.virtual_account = std::move(account);
    view.failure_reason = row.text();
    view.updated_at = row.time();
    attempts.push_back(std::move(view));
  }
  return attempts;
}

FindingView read_finding(Row& row) {
  const std::int64_t id = row.integer();
  core::PaymentId payment = row.payment_id();
  const auto kind = row.word<core::FindingKind>();
  const bool open = row.flag();
  std::string detail = row.text();
  const core::Time opened = row.time();
  const auto closed = row.optional_time();
  std::string closed_by = row.text();
  std::string by = row.text();
  return {id,     std::move(payment),   kind,          open,      std::move(detail), opened,
          closed, std::move(closed_by), std::move(by), row.text()};
}

std::vector<FindingView> load_findings(Session& session, const core::PaymentId& id) {
  static const std::string sql =
      std::string(kFindings) + " WHERE f.payment_id = ? ORDER BY f.finding_id";
  Query query = session.query(sql.c_str());
  query.with(id);
  std::vector<FindingView> findings;
  while (query.next()) {
    Row row = query.row();
    findings.push_back(read_finding(row));
  }
  return findings;
}

std::optional<PaymentDetail> load_detail(Session& session, const core::PaymentId& id) {
  std::optional<PaymentView> view = load_payment(session, id);
  if (!view) return std::nullopt;
  return PaymentDetail{
      std::move(*view), load_attempts(session, id), {}, load_findings(session, id)};
}

}  // namespace reconciled::storage
