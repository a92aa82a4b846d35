#include <cstring>

#include "daemon/core/messages/signature.h"
#include "daemon/core/words/mark.h"
#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

constexpr std::int64_t kKeptRejections = 1'000;

// Under what the event is found: its payment, else its attempt, else nothing.
std::string_view subject_of(const core::Event& event) {
  if (event.payment_id) return event.payment_id->str();
  if (event.attempt_id) return event.attempt_id->str();
  return {};
}

// Of a redirect: the newest one tells what the buyer last saw.
std::int64_t arrival_of(Session& session, const NewEvent& event) {
  return event.event.source == core::EventSource::kRedirect ? session.next_arrival() : 0;
}

void count_copy(Session& session, core::EventId id, const NewEvent& event) {
  // A copy may be news (interface §4): it goes back to the inbox until a look-up that began with it
  // known has been answered.
  session
      .query(
          "UPDATE event_progress SET copies = copies + 1, last_arrival_ms = ?1, arrival = ?4,"
          "  processed_at_ms = CASE WHEN ?2 = 1 THEN NULL ELSE processed_at_ms END "
          "WHERE event_id = ?3")
      .with(event.received_at, needs_reconciling(event.event), id, arrival_of(session, event))
      .run();
}

// Neither signed nor from one of PortOne's addresses.
bool is_anybodys(const NewEvent& event) {
  const bool is_from_portone =
      event.event.source != core::EventSource::kRedirect && event.known_source;
  return !event.event.signed_by_portone && !is_from_portone;
}

bool has_too_many(Session& session, std::string_view subject) {
  Query query = session.query(
      "SELECT count(*) FROM (SELECT 1 FROM event_by_subject WHERE subject = ?1 LIMIT ?2) found");
  return query.with(subject, kMaxAnybodys).next() && query.row().integer() == kMaxAnybodys;
}

// Whether the order may be paid by that attempt, as far as we hold PortOne's answers.
core::ConfirmFacts load_confirm_facts(Session& session, const core::Event& question) {
  core::ConfirmFacts facts;
  const auto& payment_id = question.payment_id;
  if (!payment_id) return facts;
  facts.order = load_order(session, *payment_id);
  // By PortOne's answers, whether or not a webhook has announced them, and also by one that is
  // still in doubt: better refused than charged twice.
  Query paid = session.query(
      "SELECT x.attempt_id FROM ("
      "  SELECT a.attempt_id FROM payment p JOIN attempt a USING (payment_no)"
      "    WHERE p.payment_id = ?1"
      "    AND (a.result = 'paid' OR a.result = 'partially_cancelled') UNION "
      "  SELECT s.attempt_id FROM snapshot s WHERE s.payment_id = ?1"
      "    AND (s.result = 'paid' OR s.result = 'partially_cancelled')"
      "    AND s.look_up = (SELECT max(n.look_up) FROM snapshot n"
      "      WHERE n.attempt_id = s.attempt_id)) x "
      "ORDER BY CASE WHEN x.attempt_id = ?2 THEN 1 ELSE 0 END, x.attempt_id LIMIT 1");
  if (paid.with(*payment_id, question.attempt_id).next()) facts.paid_by = paid.row().attempt_id();
  return facts;
}

}  // namespace

bool needs_reconciling(const core::Event& event) {
  return event.kind == core::EventKind::kPayment && event.source != core::EventSource::kConfirm &&
         (event.payment_id || event.attempt_id);
}

std::int64_t dedupe_hash(const core::Event& event) {
  const std::string digest =
      core::sha256(std::string(core::to_word(event.source)) + "\n" + event.dedupe_text);
  std::int64_t hash = 0;
  std::memcpy(&hash, digest.data(), sizeof hash);
  return hash;
}

Accepted insert_event(Session& session, const NewEvent& accepted, std::int64_t hash) {
  const core::Event& event = accepted.event;
  const std::string_view subject = subject_of(event);
  if (session.may_hold_event(hash)) {
    Query find = session.query(
        "SELECT event_id FROM event_by_subject WHERE subject = ? AND dedupe_hash = ?");
    if (find.with(subject, hash).next()) {
      const core::EventId id{find.row().integer()};
      RECONCILED_MARK_IF(needs_reconciling(event), kCopyIsNews);
      count_copy(session, id, accepted);
      return {id, true};
    }
  }
  if (!subject.empty() && is_anybodys(accepted) && has_too_many(session, subject)) {
    return {.is_one_too_many = true};
  }
  const core::EventId id{
      session
          .query(
              "INSERT INTO event (received_at_ms, source, api, kind, type, payment_id, attempt_id,"
              "  cancellation_id, store_id, status, said_at_us, asked_amount, hint, reason_code,"
              "  reason_message, signed, remote_ip, known_source, headers, body) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
              "RETURNING event_id")
          .with(accepted.received_at, event.source, event.api, event.kind, event.type,
                event.payment_id, event.attempt_id, if_any(event.cancellation_id),
                if_any(event.store_id), event.status, event.said_at, if_any(event.asked_amount),
                event.hint, if_any(event.reason_code), if_any(event.reason_message),
                event.signed_by_portone, if_any(accepted.remote_ip), accepted.known_source,
                if_any(accepted.headers_json), event.stored_body)
          .number()};
  session.note_event(hash);
  const std::optional<core::Time> processed =
      needs_reconciling(event) ? std::nullopt : std::optional(accepted.received_at);
  session
      .query(
          "INSERT INTO event_progress (event_id, dedupe_hash, arrival, last_arrival_ms,"
          "  processed_at_ms) VALUES (?, ?, ?, ?, ?)")
      .with(id, hash, arrival_of(session, accepted), accepted.received_at, processed)
      .run();
  session.query("INSERT INTO event_recent (subject, dedupe_hash, event_id) VALUES (?, ?, ?)")
      .with(subject, hash, id)
      .run();
  return {id, false};
}

Confirmed answer_confirm(Session& session, const NewEvent& question, bool is_late) {
  const Accepted accepted = insert_event(session, question, dedupe_hash(question.event));
  if (accepted.is_one_too_many) return {{}, core::cannot_tell(), false};
  {
    Query find = session.query("SELECT approved, reason FROM confirm_answer WHERE event_id = ?");
    if (find.with(accepted.event).next()) {
      Row row = find.row();
      const bool approved = row.flag();
      return {accepted.event, {approved, row.text()}, true};
    }
  }
  core::ConfirmAnswer answer =
      is_late ? core::cannot_tell()
              : core::answer_confirm(question.event, load_confirm_facts(session, question.event));
  session.query("INSERT INTO confirm_answer (event_id, approved, reason) VALUES (?, ?, ?)")
      .with(accepted.event, answer.approved, if_any(answer.reason))
      .run();
  return {accepted.event, std::move(answer), false};
}

void take_back_confirm(Session& session, core::EventId question) {
  session.query("UPDATE confirm_answer SET approved = 0, reason = ? WHERE event_id = ?")
      .with(core::cannot_tell().reason, question)
      .run();
}

void insert_rejected(Session& session, const RejectedDelivery& delivery) {
  const std::int64_t id =
      session
          .query(
              "INSERT INTO rejected_delivery (at_ms, remote_ip, path, status, reason, webhook_id,"
              "  content_type, body_bytes, body_sha256) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
              "RETURNING rejected_id")
          .with(delivery.at, if_any(delivery.remote_ip), delivery.path, delivery.status,
                delivery.reason, if_any(delivery.webhook_id), if_any(delivery.content_type),
                delivery.body_bytes, delivery.body_sha256)
          .number();
  session.query("DELETE FROM rejected_delivery WHERE rejected_id <= ?")
      .with(id - kKeptRejections)
      .run();
}

void index_attempt_events(Session& session, const core::AttemptId& attempt,
                          const core::PaymentId& payment) {
  session
      .query(
          "INSERT INTO event_index (subject, dedupe_hash, event_id) "
          "SELECT ?1, i.dedupe_hash, i.event_id "
          "FROM event_by_subject i JOIN event e USING (event_id) "
          "WHERE i.subject = ?2 AND e.payment_id IS NULL AND e.attempt_id = ?2 "
          "ON CONFLICT DO NOTHING")
      .with(payment, attempt)
      .run();
}

}  // namespace reconciled::storage
