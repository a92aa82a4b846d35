#include "storage/derived.h"

#include <algorithm>
#include <set>

namespace reconciled::storage {
namespace {

constexpr std::size_t kMostLooks = 64;  // at one payment whose events wait

// The configuration that the payment was decided under; the newest for one that has no row.
std::optional<std::int64_t> configuration_for(Session& session,
                                              const std::optional<StoredPayment>& stored) {
  if (stored) return stored->configuration_id;
  Query newest = session.query("SELECT max(configuration_id) FROM configuration");
  newest.next();
  return newest.row().optional_integer();
}

core::DecisionPolicy policy_for(Session& session, const std::optional<StoredPayment>& stored) {
  const auto id = configuration_for(session, stored);
  return id ? load_policy(session, *id) : core::DecisionPolicy{};
}

// What waits in the inbox may have been decided on, or not yet.
std::set<core::EventId> waiting_events(Session& session, const core::PaymentId& payment_id) {
  Query query = session.query(
      "SELECT i.event_id FROM event_by_subject i JOIN event_progress g USING (event_id) "
      "WHERE i.subject = ? AND g.processed_at_ms IS NULL");
  query.with(payment_id);
  std::set<core::EventId> waiting;
  while (query.next()) waiting.insert({query.row().integer()});
  return waiting;
}

using FindingKey = std::pair<core::FindingKind, std::string>;

void compare_findings(Session& session, const core::PaymentId& payment_id,
                      const core::Decision& decision, std::vector<std::string>& found) {
  const auto keys_of = [&](Query query) {
    std::set<FindingKey> keys;
    query.with(payment_id);
    while (query.next()) {
      Row row = query.row();
      const auto kind = row.word<core::FindingKind>();
      keys.emplace(kind, row.text());
    }
    return keys;
  };
  const std::set<FindingKey> open = keys_of(session.query(
      "SELECT kind, cause FROM finding WHERE payment_id = ? AND open = 1 AND kind <> 'poisoned'"));
  const std::set<FindingKey> closed_by_person =
      keys_of(session.query("SELECT kind, cause FROM resolution WHERE payment_id = ?"));
  std::set<FindingKey> derived;
  for (const core::FindingDraft& draft : decision.findings) {
    FindingKey key{draft.kind, draft.cause};
    if (!closed_by_person.contains(key)) derived.insert(std::move(key));
  }
  for (const FindingKey& key : derived) {
    if (!open.contains(key)) {
      found.push_back("finding " + std::string(core::to_word(key.first)) + " is not open");
    }
  }
  for (const FindingKey& key : open) {
    if (!derived.contains(key)) {
      found.push_back("finding " + std::string(core::to_word(key.first)) + " is open");
    }
  }
}

void compare_attempts(Session& session, const core::PaymentId& payment_id,
                      const core::Decision& decision, std::vector<std::string>& found) {
  std::set<std::pair<std::string, core::Result>> stored;
  std::set<std::pair<std::string, core::Result>> derived;
  Query query = session.query(
      "SELECT a.attempt_id, a.result FROM payment p JOIN attempt a USING (payment_no) "
      "WHERE p.payment_id = ?");
  query.with(payment_id);
  while (query.next()) {
    Row row = query.row();
    std::string id = row.text();
    stored.emplace(std::move(id), row.word<core::Result>());
  }
  for (const core::AttemptState& attempt : decision.attempts) {
    derived.emplace(attempt.attempt_id.str(), attempt.result);
  }
  if (stored != derived) found.emplace_back("the attempts differ");
}

Difference difference_from(Session& session, const std::optional<StoredPayment>& stored,
                           const core::PaymentEvidence& evidence) {
  const core::PaymentId& payment_id = evidence.payment_id;
  const core::Decision decision = core::decide(evidence, policy_for(session, stored));
  Difference difference;
  std::vector<std::string>& found = difference.sentences;
  if (!stored) {
    if (may_exist(evidence, decision)) found.emplace_back("there is evidence, but no payment");
    return difference;
  }
  const PaymentRow derived = row_of(evidence, decision);
  const PaymentRow& row = stored->row;
  const auto say = [&](const char* what, std::string_view stands, std::string_view follows) {
    if (stands == follows) return;
    found.push_back(std::string(what) + " is " + std::string(stands) + ", the evidence says " +
                    std::string(follows));
  };
  say("result", core::to_word(row.result), core::to_word(derived.result));
  say("deliverable", row.deliverable ? "true" : "false", derived.deliverable ? "true" : "false");
  say("ui_state", core::to_word(row.ui_state), core::to_word(derived.ui_state));
  say("webhook_status", core::to_word(row.webhook_status), core::to_word(derived.webhook_status));
  if (found.empty() && !(row == derived)) {
    found.emplace_back("authority, amounts or winner differ");
  }
  compare_attempts(session, payment_id, decision, found);
  compare_findings(session, payment_id, decision, found);
  difference.claims_too_much = row.deliverable && !derived.deliverable;
  return difference;
}

}  // namespace

// Each part has an order and an end of its own, or every page would walk all that is left.
std::vector<core::PaymentId> subjects_after(Session& session, const std::string& last,
                                            std::int64_t most) {
  Query query = session.query(
      "SELECT id FROM ("
      "  SELECT * FROM (SELECT payment_id AS id FROM payment WHERE payment_id > ?1"
      "    ORDER BY payment_id LIMIT ?2) payments UNION "
      "  SELECT * FROM (SELECT DISTINCT payment_id FROM expected_order WHERE payment_id > ?1"
      "    ORDER BY payment_id LIMIT ?2) orders UNION "
      "  SELECT * FROM (SELECT DISTINCT payment_id FROM snapshot WHERE payment_id > ?1"
      "    ORDER BY payment_id LIMIT ?2) snapshots UNION "
      "  SELECT * FROM (SELECT DISTINCT i.subject FROM event_index i JOIN event e USING (event_id)"
      "    WHERE i.subject > ?1 AND e.payment_id = i.subject AND e.source = 'webhook'"
      "      AND e.kind = 'payment' ORDER BY i.subject LIMIT ?2) events UNION "
      "  SELECT payment_id FROM event WHERE payment_id > ?1 AND source = 'webhook'"
      "    AND kind = 'payment' AND event_id >"
      "      (SELECT CAST(value AS BIGINT) FROM meta WHERE key = 'events_indexed_to')) subjects "
      "ORDER BY id LIMIT ?2");
  query.with(last, most);
  std::vector<core::PaymentId> ids;
  while (query.next()) ids.push_back(query.row().payment_id());
  return ids;
}

Difference difference(Session& session, const core::PaymentId& payment_id) {
  // One read transaction: evidence and state as they were in the same moment.
  const Transaction moment(session, Transaction::For::kReading);
  const std::optional<StoredPayment> stored = load_stored(session, payment_id);
  core::PaymentEvidence evidence = load_evidence(session, payment_id);
  Difference found = difference_from(session, stored, evidence);
  if (found.empty()) return found;
  // Each of those that wait may have been decided on already, or not: one after the other, as they
  // are taken from the inbox, is left out, the newest first.
  const std::set<core::EventId> waiting = waiting_events(session, payment_id);
  std::size_t looks = 0;
  for (auto newest = waiting.rbegin(); newest != waiting.rend(); ++newest) {
    const auto is_it = [&](const auto& fact) { return fact.event == *newest; };
    std::erase_if(evidence.webhooks, is_it);
    std::erase_if(evidence.redirects, is_it);
    const bool is_last = std::next(newest) == waiting.rend();
    if (!is_last && ++looks > kMostLooks) continue;
    if (difference_from(session, stored, evidence).empty()) return {};
  }
  return found;
}

bool follows(Session& session, const core::PaymentId& payment_id) {
  return difference(session, payment_id).empty();
}

std::optional<Settled> derive_again(Session& session, const core::PaymentId& payment_id,
                                    core::Time now) {
  const std::optional<StoredPayment> stored = load_stored(session, payment_id);
  DecisionContext context;
  context.policy = policy_for(session, stored);
  context.configuration_id = configuration_for(session, stored).value_or(1);
  context.writes_lookups = false;
  return redecide(session, context, payment_id, {"rebuild", std::nullopt, true}, now,
                  std::nullopt);
}

}  // namespace reconciled::storage
