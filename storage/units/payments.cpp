#include <algorithm>

#include "daemon/core/words/mark.h"
#include "storage/units/units.h"

namespace reconciled::storage {
namespace {

struct Change {
  const core::PaymentId& payment_id;
  std::int64_t number;  // the payment's
  const PaymentRow& before;
  const PaymentRow& after;
  std::int64_t version;
  core::Time now;
};

// The payment's number.
std::int64_t write_row(Session& session, const DecisionContext& context, const Change& change,
                       const core::Decision& decision, std::optional<core::Time> decided_at) {
  const PaymentRow& row = change.after;
  return session
      .query(
          "INSERT INTO payment (payment_id, result, authority, deliverable, unverified,"
          "  unobstructed, ui_state, webhook_status, currency, expected_amount,"
          "  expected_currency, total_amount, cancelled_amount, winning_attempt_id,"
          "  deciding_snapshot_id, created_at_ms, updated_at_ms, decided_at_ms, version,"
          "  configuration_id) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?16,"
          "  ?17, ?18, ?19) "
          "ON CONFLICT (payment_id) DO UPDATE SET result = ?2, authority = ?3, deliverable = ?4,"
          "  unverified = ?5, unobstructed = ?6, ui_state = ?7, webhook_status = ?8,"
          "  currency = ?9, expected_amount = ?10, expected_currency = ?11, total_amount = ?12,"
          "  cancelled_amount = ?13, winning_attempt_id = ?14, deciding_snapshot_id = ?15,"
          "  updated_at_ms = ?16, decided_at_ms = ?17, version = ?18, configuration_id = ?19 "
          "RETURNING payment_no")
      .with(change.payment_id, row.result, row.authority, row.deliverable, row.unverified,
            row.unobstructed, row.ui_state, row.webhook_status, row.currency, row.expected_amount,
            row.expected_currency, row.total_amount, row.cancelled_amount, row.winner,
            decision.deciding_snapshot, change.now, decided_at, change.version,
            context.configuration_id)
      .number();
}

void write_transition(Session& session, const Change& change, const Cause& cause) {
  session
      .query(
          "INSERT INTO transition (payment_no, payment_id, version, at_ms, cause, cause_id,"
          "  from_result, to_result, from_ui_state, to_ui_state, from_deliverable, to_deliverable,"
          "  authority, webhook_status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
      .with(change.number, change.payment_id, change.version, change.now, cause.kind, cause.id,
            change.before.result, change.after.result, change.before.ui_state,
            change.after.ui_state, change.before.deliverable, change.after.deliverable,
            change.after.authority, change.after.webhook_status)
      .run();
}

// PortOne binds them to another payment: whoever claimed them for this one was wrong.
void drop_attempts(Session& session, std::int64_t payment, const core::Decision& decision) {
  std::vector<core::AttemptId> gone;
  {
    Query query = session.query("SELECT attempt_id FROM attempt WHERE payment_no = ?");
    query.with(payment);
    while (query.next()) {
      core::AttemptId id = query.row().attempt_id();
      const bool stays =
          std::any_of(decision.attempts.begin(), decision.attempts.end(),
                      [&](const core::AttemptState& attempt) { return attempt.attempt_id == id; });
      if (!stays) gone.push_back(std::move(id));
    }
  }
  for (const core::AttemptId& id : gone) {
    RECONCILED_MARK(kAttemptDropped);
    session.query("DELETE FROM attempt WHERE payment_no = ? AND attempt_id = ?")
        .with(payment, id)
        .run();
  }
}

void write_attempts(Session& session, std::int64_t payment, const core::PaymentId& payment_id,
                    const core::Decision& decision, core::Time now) {
  for (const core::AttemptState& attempt : decision.attempts) {
    session
        .query(
            "INSERT INTO attempt (payment_no, attempt_id, payment_id, api, result, snapshot_id,"
            "  updated_at_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) "
            "ON CONFLICT (payment_no, attempt_id) DO UPDATE SET api = ?4, result = ?5,"
            "  snapshot_id = ?6, updated_at_ms ="
            "    CASE WHEN attempt.result = ?5 THEN attempt.updated_at_ms ELSE ?7 END "
            "WHERE attempt.result <> ?5 OR attempt.snapshot_id IS DISTINCT FROM ?6")
        .with(payment, attempt.attempt_id, payment_id, attempt.api, attempt.result,
              attempt.snapshot_id, now)
        .run();
  }
}

// Where a webhook about the result should come, its time runs from now; else nothing is watched.
void watch_for_webhook(Session& session, const core::PaymentId& payment_id,
                       const core::Decision& decision, core::Time now) {
  const std::optional<core::Time> due = core::webhook_due(decision, now);
  if (!due) {
    session.query("DELETE FROM webhook_watch WHERE payment_id = ?").with(payment_id).run();
    return;
  }
  session
      .query(
          "INSERT INTO webhook_watch (payment_id, attempt_id, result, due_at_ms) "
          "VALUES (?1, ?2, ?3, ?4) "
          "ON CONFLICT (payment_id) DO UPDATE SET attempt_id = ?2, result = ?3, due_at_ms = ?4 "
          "WHERE webhook_watch.attempt_id <> ?2 OR webhook_watch.result <> ?3")
      .with(payment_id, decision.winner, decision.result, due)
      .run();
}

// Gives a payment that has just got a row the number under which its history stands, where somebody
// had taken its row away and a rebuild brings it back. Its number from now on.
std::int64_t number_of_history(Session& session, const core::PaymentId& payment_id,
                               std::int64_t number) {
  std::optional<std::int64_t> before;
  {
    // All of the history is searched: nothing but a rebuild asks.
    Query query = session.query("SELECT max(payment_no) FROM transition WHERE payment_id = ?");
    query.with(payment_id).next();
    before = query.row().optional_integer();
  }
  if (!before || *before == number) return number;
  session.query("UPDATE payment SET payment_no = ? WHERE payment_no = ?")
      .with(*before, number)
      .run();
  return *before;
}

// A new row's version goes on behind the history that stands under its number.
std::int64_t go_on_behind_history(Session& session, std::int64_t number, std::int64_t version) {
  std::int64_t last = 0;
  {
    Query query = session.query("SELECT max(version) FROM transition WHERE payment_no = ?");
    query.with(number).next();
    last = query.row().optional_integer().value_or(0);
  }
  if (last < version) return version;
  session.query("UPDATE payment SET version = ? WHERE payment_no = ?").with(last + 1, number).run();
  return last + 1;
}

bool is_marked(const std::vector<core::TimerMark>& marks, const core::TimerMark& mark) {
  return std::any_of(marks.begin(), marks.end(), [&](const core::TimerMark& known) {
    return known.kind == mark.kind && known.up_to_event == mark.up_to_event &&
           known.look_up == mark.look_up;
  });
}

}  // namespace

std::optional<StoredPayment> load_stored(Session& session, const core::PaymentId& payment_id) {
  Query query = session.query(
      "SELECT result, authority, deliverable, unverified, unobstructed, ui_state, webhook_status,"
      "  currency, expected_amount, expected_currency, total_amount, cancelled_amount,"
      "  winning_attempt_id, deciding_snapshot_id, decided_at_ms, version,"
      "  configuration_id, payment_no "
      "FROM payment WHERE payment_id = ?");
  if (!query.with(payment_id).next()) return std::nullopt;
  Row row = query.row();
  StoredPayment stored;
  stored.row.result = row.word<core::Result>();
  stored.row.authority = row.optional_word<core::Authority>();
  stored.row.deliverable = row.flag();
  stored.row.unverified = row.flag();
  stored.row.unobstructed = row.flag();
  stored.row.ui_state = row.word<core::UiState>();
  stored.row.webhook_status = row.word<core::Result>();
  stored.row.currency = row.optional_text();
  stored.row.expected_amount = row.optional_integer();
  stored.row.expected_currency = row.optional_text();
  stored.row.total_amount = row.optional_integer();
  stored.row.cancelled_amount = row.optional_integer();
  stored.row.winner = row.optional_text();
  if (const auto id = row.optional_integer()) stored.deciding_snapshot = core::SnapshotId{*id};
  stored.decided_at = row.optional_time();
  stored.version = row.integer();
  stored.configuration_id = row.integer();
  stored.number = row.integer();
  return stored;
}

core::Standing standing_of(const PaymentRow& row) {
  core::Standing standing{.result = row.result, .deliverable = row.deliverable};
  if (row.winner) standing.winner = core::AttemptId::trusted(*row.winner);
  standing.cancelled_amount = row.cancelled_amount;
  return standing;
}

PaymentRow row_of(const core::PaymentEvidence& evidence, const core::Decision& decision) {
  PaymentRow row;
  row.result = decision.result;
  row.authority = decision.authority;
  row.deliverable = decision.deliverable;
  row.unverified = decision.unverified;
  row.unobstructed = decision.unobstructed;
  row.ui_state = decision.ui_state;
  row.webhook_status = decision.webhook_status;
  if (decision.currency) {
    row.currency = decision.currency->code();
  } else if (evidence.order) {
    row.currency = evidence.order->currency.code();
  }
  if (evidence.order) {
    row.expected_amount = evidence.order->amount;
    row.expected_currency = evidence.order->currency.code();
  }
  row.total_amount = decision.total_amount;
  row.cancelled_amount = decision.cancelled_amount;
  if (decision.winner) row.winner = decision.winner->str();
  return row;
}

bool may_exist(const core::PaymentEvidence& evidence, const core::Decision& decision) {
  return evidence.order || !evidence.webhooks.empty() || !decision.attempts.empty();
}

std::optional<Settled> withhold(Session& session, const DecisionContext& context,
                                const core::PaymentId& payment_id, const LookupReport& report,
                                const Cause& cause) {
  const std::optional<StoredPayment> stored = load_stored(session, payment_id);
  if (!stored || !stored->row.deliverable) return std::nullopt;
  const PaymentRow& before = stored->row;
  const bool stands = std::all_of(
      report.snapshots.begin(), report.snapshots.end(), [&](const core::Snapshot& snapshot) {
        return snapshot.payment_id == payment_id && snapshot.attempt_id.str() == before.winner &&
               snapshot.result == before.result && snapshot.total_amount == before.total_amount &&
               snapshot.cancelled_amount == before.cancelled_amount;
      });
  if (stands) return std::nullopt;
  PaymentRow after = before;
  after.deliverable = false;
  after.unobstructed = false;
  const Change change{payment_id, stored->number,      before,
                      after,      stored->version + 1, report.answered_at};
  session
      .query(
          "UPDATE payment SET deliverable = 0, unobstructed = 0, version = ?, updated_at_ms = ? "
          "WHERE payment_id = ?")
      .with(change.version, report.answered_at, payment_id)
      .run();
  write_transition(session, change, cause);
  Settled settled{payment_id, before.result, after.result, false, before.authority,
                  {},         change.version};
  if (context.notification_body) {
    settled.notifications = announce(session, context.notification_body,
                                     {.payment_id = payment_id,
                                      .payment = stored->number,
                                      .version = change.version,
                                      .before = standing_of(before),
                                      .now = standing_of(after),
                                      .goes_on_only = !context.has_backend},
                                     report.answered_at);
  }
  return settled;
}

std::optional<Settled> redecide(Session& session, const DecisionContext& context,
                                const core::PaymentId& payment_id, const Cause& cause,
                                core::Time now, const std::optional<core::Restart>& restart) {
  const core::PaymentEvidence evidence = load_evidence(session, payment_id);
  const core::Decision decision = context.decide(evidence, context.policy);
  const std::optional<StoredPayment> stored = load_stored(session, payment_id);
  if (!stored && !may_exist(evidence, decision)) return std::nullopt;

  const PaymentRow before = stored ? stored->row : PaymentRow{};
  const PaymentRow after = row_of(evidence, decision);
  // Where a copy was put back, above all that were given before.
  std::int64_t version = stored ? stored->version : load_number(session, "versions_from");
  std::int64_t number = stored ? stored->number : 0;
  const bool is_news =
      !stored || before != after ||
      stored->deciding_snapshot.has_value() != decision.deciding_snapshot.has_value();
  if (is_news) {
    Change change{payment_id, number, before, after, ++version, now};
    std::optional<core::Time> decided_at;
    if (core::is_decided(after.result)) {
      decided_at = before.result == after.result && stored ? stored->decided_at : now;
    }
    number = write_row(session, context, change, decision, decided_at);
    if (!stored) {
      if (cause.restores) number = number_of_history(session, payment_id, number);
      version = go_on_behind_history(session, number, version);
    }
    change.number = number;
    change.version = version;
    write_transition(session, change, cause);
  } else if (stored->configuration_id != context.configuration_id) {
    // Findings and attempts follow the new configuration below: a rebuild has to use it too.
    RECONCILED_MARK(kConfigurationNoted);
    session.query("UPDATE payment SET configuration_id = ? WHERE payment_no = ?")
        .with(context.configuration_id, number)
        .run();
  }
  // A number that had a history may have attempts, too.
  if (stored || version > 1) drop_attempts(session, number, decision);
  write_attempts(session, number, payment_id, decision, now);
  const OpenedFindings opened = write_findings(session, payment_id, decision, now);
  bool is_marked_anew = false;
  if (context.writes_lookups) watch_for_webhook(session, payment_id, decision, now);
  if (context.writes_lookups && (evidence.order || !decision.attempts.empty())) {
    for (const core::TimerMark& mark :
         plan_lookups(session, context, evidence, decision, now, restart)) {
      if (is_marked(evidence.marks, mark)) continue;
      insert_mark(session, payment_id, mark, now);
      is_marked_anew = true;
    }
  }
  std::optional<Settled> settled;
  if (is_news || !opened.kinds.empty()) {
    settled = Settled{payment_id,         before.result, after.result, after.deliverable,
                      decision.authority, opened.kinds,  version};
    if (context.notification_body && !decision.is_silent) {
      settled->notifications = announce(session, context.notification_body,
                                        {.payment_id = payment_id,
                                         .payment = number,
                                         .version = version,
                                         .before = standing_of(before),
                                         .now = standing_of(after),
                                         .opened = opened.ids,
                                         .goes_on_only = !context.has_backend,
                                         .waits = decision.suspect_look_up.has_value()},
                                        now);
    }
  }
  // A mark is evidence: what follows from it is decided at once. It makes no second mark.
  if (is_marked_anew) {
    RECONCILED_MARK(kMarkDecidedAtOnce);
    auto again = redecide(session, context, payment_id, {"timer", std::nullopt}, now, std::nullopt);
    if (again && settled) {
      again->from = settled->from;
      again->opened.insert(again->opened.end(), settled->opened.begin(), settled->opened.end());
      again->notifications = again->notifications + settled->notifications;
    }
    if (again) settled = std::move(again);
  }
  return settled;
}

}  // namespace reconciled::storage
