// What there is to do, as the reconciler and the sweep read it: the inbox, look-ups that are due,
// and what is known already of what PortOne names.
#include <algorithm>

#include "daemon/core/decision/trials.h"
#include "storage/reader.h"
#include "storage/units/units.h"
#include "storage/views/reader_impl.h"

namespace reconciled::storage {
namespace {

Question read_question(Row& row) {
  const std::string word = row.text();
  QuestionKind kind = QuestionKind::kV2Payment;
  if (word == to_word(QuestionKind::kV1Attempt)) kind = QuestionKind::kV1Attempt;
  if (word == to_word(QuestionKind::kV1Order)) kind = QuestionKind::kV1Order;
  std::string id = row.text();
  Question question{kind, std::move(id), row.optional_payment_id()};
  if (auto attempt = row.optional_attempt_id()) question.named_attempts.push_back(*attempt);
  return question;
}

std::vector<Question> read_questions(Query& query) {
  std::vector<Question> questions;
  while (query.next()) {
    Row row = query.row();
    questions.push_back(read_question(row));
  }
  return questions;
}

}  // namespace

std::vector<core::EventId> Reader::inbox_after(core::EventId id, std::int64_t limit) {
  Query query = impl_->session.query(
      "SELECT event_id FROM event_progress WHERE processed_at_ms IS NULL AND event_id > ? "
      "ORDER BY event_id LIMIT ?");
  query.with(id, limit);
  std::vector<core::EventId> ids;
  while (query.next()) ids.push_back({query.row().integer()});
  return ids;
}

Reader::Moment::Moment(Reader& reader) : reader_(reader) { reader_.impl_->session.begin_reading(); }

// It only read.
Reader::Moment::~Moment() { reader_.impl_->session.roll_back(); }

std::optional<InboxEvent> Reader::inbox_event(core::EventId id) {
  Query query = impl_->session.query(
      "SELECT e.source, e.api, e.payment_id, e.attempt_id, e.remote_ip, g.copies,"
      "  CASE WHEN e.source = 'webhook' AND e.known_source = 1 THEN 1 ELSE 0 END, e.signed,"
      "  CASE WHEN e.signed = 1 THEN 1"
      "    WHEN EXISTS (SELECT 1 FROM expected_order o WHERE o.payment_id = e.payment_id) THEN 1"
      "    WHEN EXISTS (SELECT 1 FROM snapshot s WHERE s.payment_id = e.payment_id) THEN 1"
      "    WHEN EXISTS (SELECT 1 FROM attempt a WHERE a.attempt_id = e.attempt_id) THEN 1"
      "    ELSE 0 END, e.status "
      "FROM event e JOIN event_progress g USING (event_id) "
      "WHERE e.event_id = ? AND g.processed_at_ms IS NULL");
  if (!query.with(id).next()) return std::nullopt;
  Row row = query.row();
  const auto source = row.word<core::EventSource>();
  const auto api = row.optional_word<core::Api>();
  auto payment = row.optional_payment_id();
  auto attempt = row.optional_attempt_id();
  std::string remote_ip = row.text();
  const std::int64_t copies = row.integer();
  const bool is_from_portone = row.flag();
  const bool is_signed = row.flag();
  const bool is_proven = row.flag();
  const auto says = row.optional_word<core::Result>();
  return InboxEvent{id,
                    source,
                    api,
                    std::move(payment),
                    std::move(attempt),
                    std::move(remote_ip),
                    copies,
                    is_from_portone || is_proven,
                    is_proven,
                    !is_signed && !is_from_portone,
                    says};
}

namespace {

// What is asked again and again is not asked about a payment that is on trial (trials.h).
// (Here and in due_attempts event_by_subject would be built anew, whole, for every reading.)
constexpr const char* kMayBeDecided =
    " AND NOT EXISTS (SELECT 1 FROM event_index i JOIN event_progress g USING (event_id)"
    "   WHERE i.subject = coalesce(l.payment_id, l.id)"
    "     AND (g.parked = 1 OR (g.processed_at_ms IS NULL AND g.tries >= ?1))) ";

}  // namespace

std::vector<Question> Reader::due_lookups(core::Time now, std::int64_t limit, Askable askable) {
  static const std::string sql =
      std::string(
          "SELECT l.question, l.id, l.payment_id, l.attempt_id FROM lookup l "
          "WHERE l.next_at_ms <= ?2 AND l.next_at_ms IS NOT NULL AND l.question <> 'v1_attempt'"
          " AND (?4 = 1 OR l.question <> 'v1_order') AND (?5 = 1 OR l.question <> 'v2_payment')") +
      kMayBeDecided + "ORDER BY l.next_at_ms LIMIT ?3";
  Query query = impl_->session.query(sql.c_str());
  query.with(core::kTriesOnTrial, now, limit, askable.v1, askable.v2);
  return read_questions(query);
}

std::vector<DueAttempt> Reader::due_attempts(core::Time now, std::int64_t limit) {
  static const std::string sql =
      std::string(
          "SELECT l.question, l.id, l.payment_id, l.attempt_id,"
          "  EXISTS (SELECT 1 FROM event_index i JOIN event e USING (event_id)"
          "    WHERE i.subject = coalesce(l.payment_id, l.id) AND e.attempt_id = l.id"
          "      AND e.source = 'webhook' AND (e.known_source = 1 OR e.signed = 1)) "
          "FROM lookup l WHERE l.next_at_ms <= ?2 AND l.next_at_ms IS NOT NULL"
          "  AND l.question = 'v1_attempt'") +
      kMayBeDecided + "ORDER BY l.next_at_ms LIMIT ?3";
  Query query = impl_->session.query(sql.c_str());
  query.with(core::kTriesOnTrial, now, limit);
  std::vector<DueAttempt> due;
  while (query.next()) {
    Row row = query.row();
    Question question = read_question(row);
    due.push_back({std::move(question), row.flag()});
  }
  return due;
}

std::optional<core::Time> Reader::next_lookup(Askable askable) {
  // In order of the index: those that wait for an API are skipped, and the first other one ends it.
  Query query = impl_->session.query(
      "SELECT min(at) FROM ("
      "  SELECT * FROM (SELECT next_at_ms AS at FROM lookup"
      "    WHERE next_at_ms IS NOT NULL AND question <> 'v1_attempt'"
      "      AND (?1 = 1 OR question <> 'v1_order') AND (?2 = 1 OR question <> 'v2_payment')"
      "    ORDER BY next_at_ms LIMIT 1) vouched UNION ALL "
      "  SELECT min(next_at_ms) FROM lookup"
      "    WHERE next_at_ms IS NOT NULL AND question = 'v1_attempt' AND ?1 = 1) planned");
  if (!query.with(askable.v1, askable.v2).next()) return std::nullopt;
  return query.row().optional_time();
}

bool Reader::has_due_watch(core::Time now) {
  Query query =
      impl_->session.query("SELECT EXISTS (SELECT 1 FROM webhook_watch WHERE due_at_ms <= ?)");
  return query.with(now).next() && query.row().flag();
}

std::optional<core::Time> Reader::oldest_waiting(Askable askable) {
  // CROSS JOIN: from the inbox to its events, never the other way round.
  Query query = impl_->session.query(
      "SELECT g.last_arrival_ms FROM event_progress g CROSS JOIN event e "
      "WHERE g.processed_at_ms IS NULL AND e.event_id = g.event_id AND e.source = 'webhook'"
      "  AND (e.signed = 1 OR e.known_source = 1)"
      "  AND (?1 = 1 OR e.api <> 'v1') AND (?2 = 1 OR e.api <> 'v2') "
      "ORDER BY g.event_id LIMIT 1");
  if (!query.with(askable.v1, askable.v2).next()) return std::nullopt;
  return query.row().time();
}

std::optional<core::Time> Reader::last_sweep(core::Api api) {
  Query query = impl_->session.query("SELECT CAST(value AS BIGINT) FROM meta WHERE key = ?");
  if (!query.with(last_sweep_key(api)).next()) return std::nullopt;
  return query.row().time();
}

bool Reader::is_news(const core::Snapshot& listed) {
  Query query = impl_->session.query(
      "SELECT s.result, s.cancelled_amount, s.total_amount, s.api, s.currency,"
      "  coalesce(s.store_id, ''), s.channel, coalesce(s.disputes, '[]') FROM attempt a "
      "JOIN snapshot s ON s.snapshot_id = a.snapshot_id WHERE a.attempt_id = ?");
  if (!query.with(listed.attempt_id).next()) return true;
  Row row = query.row();
  const auto result = row.word<core::Result>();
  const std::int64_t cancelled = row.integer();
  const std::int64_t total = row.integer();
  if (result != listed.result || cancelled != listed.cancelled_amount ||
      total != listed.total_amount) {
    return true;
  }
  // What changes none of these and holds the goods, too. Another API's answers say less of it.
  const bool is_of_this_api = row.word<core::Api>() == listed.api;
  const bool same_currency = row.currency() == listed.currency;
  const bool same_store = row.text() == listed.store_id;
  const bool same_channel = row.optional_word<core::Channel>() == listed.channel;
  const std::optional<std::string> disputes = disputes_text(listed.disputes);
  return is_of_this_api && (!same_currency || !same_store || (listed.channel && !same_channel) ||
                            (disputes && *disputes != row.text()));
}

std::vector<Question> Reader::news_in(core::Api api, Askable askable,
                                      const std::vector<core::Snapshot>& listed,
                                      const std::vector<core::UnreadableRow>& unreadable) {
  // An order has all its attempts in one answer. (V1: the list's row names both.)
  const auto question_about = [api](const core::PaymentId& payment) {
    const auto kind = api == core::Api::kV1 ? QuestionKind::kV1Order : QuestionKind::kV2Payment;
    return Question{kind, payment.str(), payment, {}, false};
  };
  std::vector<Question> found;
  for (const core::Snapshot& row : listed) {
    // A window that was opened and nothing more is nothing to reconcile; and V1's own list tells of
    // V1 payments.
    if (row.result == core::Result::kReady) continue;
    const bool by_v2_alone = api == core::Api::kV2 && row.version == core::Api::kV1;
    if ((by_v2_alone && askable.v1) || !is_news(row)) continue;
    found.push_back(question_about(row.payment_id));
    if (api == core::Api::kV2) found.back().named_attempts.push_back(row.attempt_id);
  }
  for (const core::UnreadableRow& row : unreadable) {
    if (const auto payment = payment_of(row.id)) found.push_back(question_about(*payment));
  }
  return found;
}

std::optional<core::PaymentId> Reader::payment_of(const std::string& id) {
  Query query = impl_->session.query(
      "SELECT payment_id FROM payment WHERE payment_id = ?1 UNION ALL "
      "SELECT payment_id FROM attempt WHERE attempt_id = ?1 LIMIT 1");
  if (!query.with(id).next()) return std::nullopt;
  return query.row().payment_id();
}

void Reader::name_attempts(Question& question) {
  if (question.kind != QuestionKind::kV2Payment || !question.payment_id) return;
  Query query = impl_->session.query(
      "SELECT a.attempt_id FROM payment p JOIN attempt a USING (payment_no) "
      "WHERE p.payment_id = ? AND a.api = 'v2' ORDER BY a.attempt_id");
  query.with(*question.payment_id);
  while (query.next()) {
    core::AttemptId id = query.row().attempt_id();
    auto& named = question.named_attempts;
    if (std::find(named.begin(), named.end(), id) == named.end()) named.push_back(std::move(id));
  }
}

std::vector<Question> Reader::planned_questions(const core::PaymentId& id) {
  Query query = impl_->session.query(
      "SELECT question, id, payment_id, attempt_id FROM lookup WHERE payment_id = ?");
  query.with(id);
  return read_questions(query);
}

}  // namespace reconciled::storage
