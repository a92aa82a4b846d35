// Growth has an end: what nobody vouches for leaves (promise 9, migrations: event_stays).
#include "daemon/core/decision/growth.h"
#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

// Few: others wait for the writer meanwhile.
constexpr std::size_t kAtOnce = 64;
// They are counted for so many steps in advance: there may be millions.
constexpr std::int64_t kCounted = 256 * kAtOnce;
// Where `meta` has the newest event that was looked at: it left, or stays for good.
constexpr const char* kSeenKey = "unsigned_seen_to";

struct Candidate {
  core::EventId id{};
  core::UnsignedEvent event;
  std::optional<std::string> payment_id;
  std::optional<std::string> attempt_id;
};

// The highest number given, 0 where there is none.
core::EventId newest_event(Session& session) {
  return {session.query("SELECT coalesce(max(event_id), 0) FROM event").number()};
}

std::vector<Candidate> load_candidates(Session& session, std::int64_t seen) {
  Query query = session.query(
      "SELECT e.event_id, e.source, e.payment_id, e.attempt_id, e.received_at_ms,"
      "  e.known_source, g.processed_at_ms IS NULL "
      "FROM event e JOIN event_progress g USING (event_id) "
      "WHERE e.signed = 0 AND e.event_id > ? ORDER BY e.event_id LIMIT ?");
  query.with(seen, static_cast<std::int64_t>(kAtOnce));
  std::vector<Candidate> found;
  while (query.next()) {
    Row row = query.row();
    Candidate candidate{.id = core::EventId{row.integer()}};
    candidate.event.source = row.word<core::EventSource>();
    candidate.payment_id = row.optional_text();
    candidate.attempt_id = row.optional_text();
    candidate.event.received = row.time();
    candidate.event.is_from_portone = row.flag();
    candidate.event.is_pending = row.flag();
    found.push_back(std::move(candidate));
  }
  return found;
}

// The same question as the trigger event_stays asks.
bool is_vouched_for(Session& session, const Candidate& event) {
  Query query = session.query(
      "SELECT EXISTS (SELECT 1 FROM expected_order o WHERE o.payment_id = ?1)"
      "  OR EXISTS (SELECT 1 FROM snapshot s WHERE s.payment_id = ?1)"
      "  OR EXISTS (SELECT 1 FROM snapshot s WHERE s.attempt_id = ?2)"
      "  OR EXISTS (SELECT 1 FROM attempt a WHERE a.attempt_id = ?2)"
      "  OR EXISTS (SELECT 1 FROM event_by_subject i JOIN event e USING (event_id)"
      "             WHERE i.subject = ?1 AND e.signed = 1)");
  return query.with(event.payment_id, event.attempt_id).next() && query.row().flag();
}

// A payment that nothing but the event told of goes with it.
void forget_payment(Session& session, const std::string& payment_id) {
  {
    Query named = session.query("SELECT 1 FROM event_by_subject WHERE subject = ?");
    if (named.with(payment_id).next()) return;
  }
  session
      .query(
          "DELETE FROM transition "
          "WHERE payment_no = (SELECT payment_no FROM payment WHERE payment_id = ?)")
      .with(payment_id)
      .run();
  session.query("DELETE FROM payment WHERE payment_id = ?").with(payment_id).run();
  session.query("DELETE FROM lookup WHERE question IN ('v1_order', 'v2_payment') AND id = ?")
      .with(payment_id)
      .run();
}

// Unless another event of the payment that it was asked for names the attempt: that one's webhook
// may wait for the answer.
void forget_attempt(Session& session, const std::string& attempt_id) {
  std::string subject;
  {
    Query planned = session.query(
        "SELECT coalesce(payment_id, id) FROM lookup WHERE question = 'v1_attempt' AND id = ?");
    if (!planned.with(attempt_id).next()) return;
    subject = planned.row().text();
  }
  {
    Query named = session.query(
        "SELECT 1 FROM event_by_subject i JOIN event e USING (event_id) "
        "WHERE i.subject = ? AND e.attempt_id = ?");
    if (named.with(subject, attempt_id).next()) return;
  }
  session.query("DELETE FROM lookup WHERE question = 'v1_attempt' AND id = ?")
      .with(attempt_id)
      .run();
}

void forget_event(Session& session, const Candidate& event) {
  const std::string subject = event.payment_id.value_or(event.attempt_id.value_or(""));
  session.query("DELETE FROM event_index WHERE subject = ? AND event_id = ?")
      .with(subject, event.id)
      .run();
  session.query("DELETE FROM event_recent WHERE subject = ? AND event_id = ?")
      .with(subject, event.id)
      .run();
  session.query("DELETE FROM confirm_answer WHERE event_id = ?").with(event.id).run();
  session.query("DELETE FROM event_progress WHERE event_id = ?").with(event.id).run();
  session.query("DELETE FROM event WHERE event_id = ?").with(event.id).run();
  if (event.attempt_id) forget_attempt(session, *event.attempt_id);
  if (event.payment_id) forget_payment(session, *event.payment_id);
}

// By how many the unsigned events newer than `seen` are too many; not counted further than needed.
std::int64_t count_too_many(Session& session, std::int64_t seen) {
  Query query = session.query(
      "SELECT count(*) FROM (SELECT 1 FROM event WHERE signed = 0 AND event_id > ?1 LIMIT ?2) "
      "newer");
  return query.with(seen, core::kMostUnsigned + kCounted).number() - core::kMostUnsigned;
}

}  // namespace

Forgotten forget_unvouched(Session& session, core::Time now, std::int64_t& too_many) {
  const std::int64_t before = load_number(session, kSeenKey);
  Forgotten forgotten;
  std::int64_t seen = before;
  const std::vector<Candidate> candidates = load_candidates(session, before);
  const core::EventId newest = newest_event(session);
  bool is_counted = too_many > 0;
  const auto are_too_many = [&] {
    if (!is_counted) too_many = count_too_many(session, seen);
    is_counted = true;
    return too_many > 0;
  };
  for (const Candidate& candidate : candidates) {
    // Its number would be given to the next one.
    if (candidate.id == newest) break;
    const core::Stay stay = core::stay_of(candidate.event, now, are_too_many);
    if (stay == core::Stay::kAllNewer) break;
    if (stay == core::Stay::kIfVouched && !is_vouched_for(session, candidate)) {
      forget_event(session, candidate);
      ++forgotten.events;
    }
    seen = candidate.id.value;
    --too_many;
  }
  if (seen != before) store_value(session, kSeenKey, std::to_string(seen));
  forgotten.has_more = candidates.size() == kAtOnce && seen == candidates.back().id.value;
  return forgotten;
}

}  // namespace reconciled::storage
