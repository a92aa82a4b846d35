#include "storage/reader.h"

#include "daemon/core/decision/decision.h"
#include "storage/units/payment_detail.h"
#include "storage/units/units.h"
#include "storage/views/reader_impl.h"

namespace reconciled::storage {
namespace {

// The newest 500: a flood of events must not hide how the payment ended.
std::vector<TimelineEntry> load_timeline(Session& session, const core::PaymentId& id) {
  Query query = session.query(
      "SELECT at_ms, kind, id, summary, from_result, to_result FROM timeline "
      "WHERE payment_id = ?1 LIMIT 500 "
      "OFFSET (SELECT CASE WHEN count(*) > 500 THEN count(*) - 500 ELSE 0 END"
      "  FROM timeline WHERE payment_id = ?1)");
  query.with(id);
  std::vector<TimelineEntry> entries;
  while (query.next()) {
    Row row = query.row();
    TimelineEntry entry;
    entry.at = row.time();
    entry.kind = row.text();
    entry.id = row.integer();
    entry.summary = row.text();
    entry.from = row.optional_text();
    entry.to = row.optional_text();
    entries.push_back(std::move(entry));
  }
  return entries;
}

// A payment that only events name: what the decision says of them, without a row of its own.
std::optional<PaymentView> from_events(Session& session, const core::PaymentId& id) {
  const core::PaymentEvidence evidence = load_evidence(session, id);
  Query query = session.query(
      "SELECT min(e.received_at_ms), max(g.last_arrival_ms) "
      "FROM event_by_subject i JOIN event e USING (event_id) JOIN event_progress g USING "
      "(event_id) "
      "WHERE i.subject = ?1 AND e.payment_id = ?1 AND e.kind IN ('payment', 'confirm')");
  query.with(id).next();
  Row row = query.row();
  const auto first = row.optional_time();
  const auto last = row.optional_time();
  if (!first || !last) return std::nullopt;
  const core::Decision decision = core::decide(evidence, core::DecisionPolicy{});
  PaymentView view{.payment_id = id};
  view.ui_state = decision.ui_state;
  view.webhook_status = decision.webhook_status;
  view.created_at = *first;
  view.updated_at = *last;
  return view;
}

}  // namespace

Reader::~Reader() = default;
Reader::Reader(Reader&&) noexcept = default;
Reader& Reader::operator=(Reader&&) noexcept = default;

std::optional<PaymentDetail> Reader::payment(const core::PaymentId& id, bool with_timeline) {
  Session& session = impl_->session;
  std::optional<PaymentView> view = load_payment(session, id);
  if (!view) view = from_events(session, id);
  if (!view) return std::nullopt;
  PaymentDetail detail{
      std::move(*view), load_attempts(session, id), {}, load_findings(session, id)};
  if (with_timeline) detail.timeline = load_timeline(session, id);
  return detail;
}

std::optional<Reader::Changes> Reader::changes(std::int64_t limit, const ChangeCursor& cursor) {
  {
    Query query = impl_->session.query(
        "SELECT max(transition_id),"
        "  (SELECT at_ms FROM transition WHERE transition_id = ?1) FROM transition");
    query.with(cursor.number).next();
    Row row = query.row();
    const std::int64_t newest = row.optional_integer().value_or(0);
    // Absent where nobody vouched for the payment and it left.
    const std::optional<std::int64_t> at = row.optional_integer();
    if (cursor.number > newest || (at && cursor.at_ms != 0 && *at != cursor.at_ms)) {
      return std::nullopt;
    }
  }
  Changes page{{}, cursor};
  std::vector<core::PaymentId> ids;
  {
    // A change that was followed by another one of the same payment is told by that one.
    Query query = impl_->session.query(
        "SELECT t.transition_id, t.at_ms, p.payment_id "
        "FROM transition t JOIN payment p USING (payment_no) "
        "WHERE t.transition_id > ? AND t.version = p.version ORDER BY t.transition_id LIMIT ?");
    query.with(cursor.number, limit);
    while (query.next()) {
      Row row = query.row();
      page.next.number = row.integer();
      page.next.at_ms = row.integer();
      ids.push_back(row.payment_id());
    }
  }
  for (const core::PaymentId& id : ids) {
    std::optional<PaymentDetail> detail = load_detail(impl_->session, id);
    if (detail) page.items.push_back(std::move(*detail));
  }
  return page;
}

std::optional<core::ExpectedOrder> Reader::order(const core::PaymentId& id) {
  return load_order(impl_->session, id);
}

std::optional<RedirectFacts> Reader::redirect(core::EventId id) {
  Session& session = impl_->session;
  RedirectFacts facts;
  {
    Query query = session.query(
        "SELECT g.last_arrival_ms, CASE WHEN g.answered_copies >= g.copies THEN 1 ELSE 0 END,"
        "  e.hint, e.reason_message, e.payment_id, e.attempt_id, e.api "
        "FROM event e JOIN event_progress g USING (event_id) "
        "WHERE e.event_id = ? AND e.source = 'redirect'");
    if (!query.with(id).next()) return std::nullopt;
    Row row = query.row();
    facts.arrived = row.time();
    facts.is_answered = row.flag();
    facts.hint = row.word<core::UiState>();
    facts.reason = row.text();
    facts.payment_id = row.optional_payment_id();
    facts.attempt_id = row.optional_attempt_id();
    facts.api = row.optional_word<core::Api>();
  }
  if (!facts.payment_id && facts.attempt_id) {
    Query query = session.query(
        "SELECT payment_id FROM attempt WHERE attempt_id = ? ORDER BY result = 'none', payment_id");
    if (query.with(*facts.attempt_id).next()) facts.payment_id = query.row().payment_id();
  }
  if (facts.payment_id) {
    facts.payment = load_payment(session, *facts.payment_id);
    for (AttemptView& attempt : load_attempts(session, *facts.payment_id)) {
      const bool answered = attempt.result != core::Result::kNone;
      if (answered && attempt.attempt_id == facts.attempt_id) facts.attempt = std::move(attempt);
    }
  }
  Query query = session.query(
      "SELECT max(at) FROM ("
      "  SELECT max(asked_at_ms) AS at FROM lookup WHERE payment_id = ?1 UNION ALL "
      "  SELECT asked_at_ms FROM lookup WHERE question = 'v1_attempt' AND id = ?2 UNION ALL "
      "  SELECT max(asked_at_ms) FROM snapshot WHERE payment_id = ?1) asked");
  query.with(facts.payment_id, facts.attempt_id).next();
  facts.asked_at = query.row().optional_time();
  return facts;
}

}  // namespace reconciled::storage
