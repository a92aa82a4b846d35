#include <algorithm>
#include <set>

#include "daemon/core/decision/trials.h"
#include "daemon/core/words/mark.h"
#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

struct PendingEvent {
  core::EventId id;
  core::EventSource source;
  std::optional<core::Api> api;
  std::optional<core::PaymentId> payment_id;
  std::optional<core::AttemptId> attempt_id;
  core::Time received{};  // the first copy
};

std::optional<PendingEvent> load_pending(Session& session, core::EventId id) {
  Query query = session.query(
      "SELECT e.source, e.api, e.payment_id, e.attempt_id, e.received_at_ms "
      "FROM event e JOIN event_progress g USING (event_id) "
      "WHERE e.event_id = ? AND g.processed_at_ms IS NULL");
  if (!query.with(id).next()) return std::nullopt;
  Row row = query.row();
  const auto source = row.word<core::EventSource>();
  const auto api = row.optional_word<core::Api>();
  auto payment = row.optional_payment_id();
  auto attempt = row.optional_attempt_id();
  return PendingEvent{id, source, api, std::move(payment), std::move(attempt), row.time()};
}

// Whose the attempt is, or is said to be: first the payment that PortOne names, where it did.
std::vector<core::PaymentId> owners_of(Session& session, const core::AttemptId& attempt) {
  Query query = session.query(
      "SELECT payment_id FROM attempt WHERE attempt_id = ? ORDER BY result = 'none', payment_id");
  query.with(attempt);
  std::vector<core::PaymentId> owners;
  while (query.next()) owners.push_back(query.row().payment_id());
  return owners;
}

void add(std::vector<Settled>& all, std::optional<Settled> one) {
  if (one) all.push_back(std::move(*one));
}

// Everything whose state can change through the answer: who the question was about, whom PortOne
// names, and who held or claimed the attempts until now.
std::set<core::PaymentId> affected_by(Session& session, const LookupReport& report) {
  std::set<core::PaymentId> affected;
  if (report.question.payment_id) affected.insert(*report.question.payment_id);
  for (const core::Snapshot& snapshot : report.snapshots) {
    affected.insert(snapshot.payment_id);
    for (core::PaymentId& owner : owners_of(session, snapshot.attempt_id)) {
      affected.insert(std::move(owner));
    }
  }
  for (const Cover& cover : report.events) {
    if (auto event = load_pending(session, cover.event); event && event->payment_id) {
      affected.insert(std::move(*event->payment_id));
    }
  }
  return affected;
}

// Also when the webhook is reconciled long since: its schedule goes on without it.
bool is_named_by_webhook(Session& session, const Question& question) {
  Query query = session.query(
      "SELECT EXISTS (SELECT 1 FROM event_by_subject i JOIN event e USING (event_id) "
      "  WHERE i.subject IN (?1, ?2) AND e.source = 'webhook' AND ?1 IN (e.payment_id, "
      "e.attempt_id))");
  return query.with(question.id, question.payment_id).next() && query.row().flag();
}

// An event of the payment failed twice or was put aside (promise 8): deciding on the payment may be
// what ends the process. Nothing but that event's own trial decides it.
bool is_on_trial(Session& session, const core::PaymentId& payment_id) {
  Query query = session.query(
      "SELECT g.tries, g.parked, g.processed_at_ms IS NULL "
      "FROM event_by_subject i JOIN event_progress g USING (event_id) "
      "WHERE i.subject = ? AND (g.parked = 1 OR g.tries > 0)");
  query.with(payment_id);
  while (query.next()) {
    Row row = query.row();
    const std::int64_t tries = row.integer();
    const bool is_parked = row.flag();
    if (core::is_on_trial(tries, is_parked, row.flag())) return true;
  }
  return false;
}

// Marks the events that the answer covers: a look-up that began before a copy was known does not
// answer for that copy. Before deciding: a redirect that is answered may contradict.
std::vector<core::Time> finish_events(Session& session, const LookupReport& report) {
  std::vector<core::Time> received;
  for (const Cover& cover : report.events) {
    {
      Query query = session.query(
          "UPDATE event_progress SET processed_at_ms = ?1, answered_copies = copies "
          "WHERE event_id = ?2 AND processed_at_ms IS NULL AND copies = ?3 "
          "RETURNING last_arrival_ms");
      if (query.with(report.answered_at, cover.event, cover.copies).next()) {
        RECONCILED_MARK(kAnswerCoversEvent);
        received.push_back(query.row().time());
        query.next();
        continue;
      }
    }
    [[maybe_unused]] const int outrun =
        session
            .query(
                "UPDATE event_progress SET answered_copies = ?2 "
                "WHERE event_id = ?1 AND answered_copies < ?2 AND copies >= ?2")
            .with(cover.event, cover.copies)
            .run();
    RECONCILED_MARK_IF(outrun > 0, kCopyOutranAnswer);
  }
  return received;
}

// Its evidence that PortOne's answers about it could not be read, and that they can be again: one
// after the other.
void note_readable(Session& session, const core::PaymentId& payment_id, const core::TimerMark& mark,
                   core::Time now) {
  bool stands = false;
  {
    Query query = session.query(
        "SELECT kind FROM timer_mark WHERE payment_id = ?"
        "  AND (kind = 'unreadable' OR kind = 'readable') ORDER BY look_up DESC LIMIT 1");
    stands = query.with(payment_id).next() && query.row().text() == "unreadable";
  }
  if (stands == (mark.kind == core::TimerMark::Kind::kReadable)) {
    insert_mark(session, payment_id, mark, now);
  }
}

// V2 shows one attempt of a payment. Where we hold money or hope by another one that nobody asked
// for by name, what we know of it would stay as it is for good: it is asked for at once.
void ask_for_unshown(Session& session, const LookupReport& report) {
  const Question& asked = report.question;
  if (asked.kind != QuestionKind::kV2Payment || !asked.payment_id || report.snapshots.empty()) {
    return;
  }
  std::vector<core::AttemptId> held;
  {
    Query query = session.query(
        "SELECT a.attempt_id, a.result FROM payment p JOIN attempt a USING (payment_no) "
        "WHERE p.payment_id = ? AND a.api = 'v2' ORDER BY a.attempt_id");
    query.with(*asked.payment_id);
    while (query.next()) {
      Row row = query.row();
      core::AttemptId id = row.attempt_id();
      if (core::holds_or_hopes(row.word<core::Result>())) held.push_back(std::move(id));
    }
  }
  for (const core::AttemptId& id : held) {
    const auto& named = asked.named_attempts;
    const bool is_shown =
        std::any_of(report.snapshots.begin(), report.snapshots.end(),
                    [&](const core::Snapshot& shown) { return shown.attempt_id == id; });
    if (is_shown || std::find(named.begin(), named.end(), id) != named.end()) continue;
    Question question{QuestionKind::kV2Payment, asked.id, asked.payment_id};
    question.named_attempts.push_back(id);
    RECONCILED_MARK(kUnshownAskedByName);
    hasten_lookup(session, question, report.answered_at);
    return;
  }
}

std::vector<core::EventId> events_of(const LookupReport& report) {
  std::vector<core::EventId> events;
  for (const Cover& cover : report.events) events.push_back(cover.event);
  return events;
}

// Leaves those of the report's events that still wait for it. False where nothing may be decided
// now: suspects among them are to be tried alone, and an answer whose events are all parked may be
// what cannot be decided on.
bool sort_events(Session& session, LookupReport& report, TryMode mode, SettledReport& settled) {
  bool is_one_parked = false;
  std::vector<Cover> waiting;
  for (const Cover& cover : report.events) {
    const TryState state = try_state(session, cover.event);
    is_one_parked = is_one_parked || state.is_parked;
    if (!state.is_in_inbox) {
      settled.finished.push_back(cover.event);
    } else {
      waiting.push_back(cover);
      if (mode == TryMode::kTogether && core::is_suspect(state.tries)) {
        settled.suspects.push_back({cover.event, state.tries});
      }
    }
  }
  report.events = std::move(waiting);
  settled.is_put_aside = report.events.empty() && is_one_parked;
  return settled.suspects.empty() && !settled.is_put_aside;
}

}  // namespace

SettledReport begin_event(Session& session, const DecisionContext& context, core::EventId id,
                          core::Time now, TryMode mode) {
  SettledReport settled;
  if (mode == TryMode::kTogether) {
    const TryState state = try_state(session, id);
    if (!state.is_in_inbox) return settled;
    if (core::is_suspect(state.tries)) {
      settled.suspects.push_back({id, state.tries});
      return settled;
    }
  }
  std::optional<PendingEvent> event = load_pending(session, id);
  if (!event) return settled;
  const bool is_last = !core::is_asked_about(context.policy, event->source, event->api,
                                             event->payment_id.has_value());
  std::optional<core::PaymentId> owner;
  if (event->attempt_id) {
    const std::vector<core::PaymentId> owners = owners_of(session, *event->attempt_id);
    if (!owners.empty()) owner = owners.front();
  }
  if (!event->payment_id && owner) {
    event->payment_id = owner;
    RECONCILED_MARK(kRedirectFoundOwner);
    index_attempt_events(session, *event->attempt_id, *owner);
  }
  if (event->payment_id) {
    // The first copy of a webhook, or of a redirect about an attempt that PortOne binds to the
    // payment, starts the schedule anew; anybody can invent other redirects. For later copies this
    // is the time at which it began already.
    const bool counts = event->source == core::EventSource::kWebhook || owner == event->payment_id;
    std::optional<core::Restart> restart;
    if (counts) restart = core::Restart{event->received, id.value};
    add(settled.changed,
        redecide(session, context, *event->payment_id, {"event", id.value}, now, restart));
  }
  if (mode == TryMode::kAlone) take_back_tries(session, {id});
  if (is_last) {
    RECONCILED_MARK(kFirstDecisionIsLast);
    session.query("UPDATE event_progress SET processed_at_ms = ?, tries = 0 WHERE event_id = ?")
        .with(now, id)
        .run();
  }
  return settled;
}

SettledReport settle_report(Session& session, const DecisionContext& context, LookupReport& report,
                            TryMode mode) {
  SettledReport settled;
  if (!sort_events(session, report, mode, settled)) return settled;
  const std::set<core::PaymentId> affected = affected_by(session, report);
  const bool answered = report.outcome == LookupReport::Outcome::kAnswered;
  Cause cause{"snapshot", std::nullopt};
  for (core::Snapshot snapshot : report.snapshots) {
    snapshot.look_up = report.number;
    cause.id = insert_snapshot(session, snapshot).value;
    index_attempt_events(session, snapshot.attempt_id, snapshot.payment_id);
  }
  if (answered && report.is_final() && report.question.kind == QuestionKind::kV1Attempt) {
    // From now on the payment that PortOne named is asked about, by order.
    RECONCILED_MARK(kAttemptGotItsOrder);
    forget_lookup(session, report.question);
  } else if (report.outcome == LookupReport::Outcome::kUnusable && report.question.for_redirect) {
    RECONCILED_MARK(kStrangerLeftUnplanned);
    // Nobody vouches for it: no plan is made, the event waits in the inbox for the budget.
  } else {
    const auto mark =
        note_answer(session, context, report, is_named_by_webhook(session, report.question));
    if (mark && report.question.payment_id) {
      note_readable(session, *report.question.payment_id, *mark, report.answered_at);
    }
  }
  if (mode == TryMode::kAlone) {
    if (report.is_final()) {
      clear_tries(session, events_of(report));
    } else {
      take_back_tries(session, events_of(report));
    }
  }
  if (report.is_final()) settled.reconciled_events = finish_events(session, report);
  for (const core::PaymentId& payment_id : affected) {
    if (report.events.empty() && is_on_trial(session, payment_id)) {
      add(settled.changed, withhold(session, context, payment_id, report, cause));
      continue;
    }
    add(settled.changed,
        redecide(session, context, payment_id, cause, report.answered_at, std::nullopt));
  }
  if (report.is_final()) ask_for_unshown(session, report);
  return settled;
}

SettledReport fire_watches(Session& session, const DecisionContext& context, core::Time now) {
  struct Watch {
    core::PaymentId payment_id;
    core::TimerMark mark;
  };
  std::vector<Watch> due;
  {
    Query query = session.query(
        "SELECT payment_id, attempt_id, result FROM webhook_watch WHERE due_at_ms <= ? "
        "ORDER BY due_at_ms LIMIT 256");
    query.with(now);
    while (query.next()) {
      Row row = query.row();
      core::PaymentId payment_id = row.payment_id();
      core::TimerMark mark{core::TimerMark::Kind::kWebhookOverdue, row.optional_attempt_id(),
                           row.optional_word<core::Result>()};
      due.push_back({std::move(payment_id), std::move(mark)});
    }
  }
  SettledReport settled;
  for (const Watch& watch : due) {
    if (is_on_trial(session, watch.payment_id)) continue;
    RECONCILED_MARK(kWebhookOverdue);
    insert_mark(session, watch.payment_id, watch.mark, now);
    add(settled.changed,
        redecide(session, context, watch.payment_id, {"timer", std::nullopt}, now, std::nullopt));
  }
  return settled;
}

std::int64_t adopt_policy(Session& session, const core::DecisionPolicy& policy, core::Time now) {
  {
    Query newest = session.query(
        "SELECT configuration_id FROM configuration ORDER BY configuration_id DESC LIMIT 1");
    if (newest.next()) {
      const std::int64_t id = newest.row().integer();
      if (load_policy(session, id) == policy) return id;
      RECONCILED_MARK(kConfigurationChanged);
    }
  }
  return session
      .query(
          "INSERT INTO configuration (since_ms, missing_webhook, unregistered_orders, channel,"
          "  v1, v2_store_id) VALUES (?, ?, ?, ?, ?, ?) RETURNING configuration_id")
      .with(now, policy.wait_for_webhook ? "wait" : "lookup",
            policy.accept_unregistered ? "accept" : "hold", policy.channel, policy.v1_configured,
            policy.v2_store_id)
      .number();
}

core::DecisionPolicy load_policy(Session& session, std::int64_t configuration_id) {
  Query query = session.query(
      "SELECT missing_webhook, unregistered_orders, channel, v1, v2_store_id FROM configuration "
      "WHERE configuration_id = ?");
  if (!query.with(configuration_id).next()) throw std::runtime_error("no such configuration");
  Row row = query.row();
  core::DecisionPolicy policy;
  policy.wait_for_webhook = row.text() == "wait";
  policy.accept_unregistered = row.text() == "accept";
  policy.channel = row.word<core::Channel>();
  policy.v1_configured = row.flag();
  policy.v2_store_id = row.optional_text();
  return policy;
}

}  // namespace reconciled::storage
