// Messages to the shop's backend: what is told, in which order, and when again (interface §7).
#include "storage/units/notifications.h"

#include <algorithm>

#include "storage/units/payment_detail.h"

namespace reconciled::storage {
namespace {

using core::NotificationState;
using core::NotificationType;

constexpr std::int64_t kResentAtOnce = 256;

// What was told last where messages wait for a step backwards to be confirmed.
std::optional<core::Standing> load_untold(Session& session, std::int64_t payment) {
  Query query = session.query(
      "SELECT result, deliverable, attempt_id, cancelled_amount FROM untold WHERE payment_no = ?");
  if (!query.with(payment).next()) return std::nullopt;
  Row row = query.row();
  core::Standing told;
  told.result = row.word<core::Result>();
  told.deliverable = row.flag();
  told.winner = row.optional_attempt_id();
  told.cancelled_amount = row.optional_integer();
  return told;
}

bool was_told(Session& session, std::int64_t payment) {
  Query query = session.query("SELECT EXISTS (SELECT 1 FROM notification WHERE payment_no = ?)");
  return query.with(payment).next() && query.row().flag();
}

void keep_untold(Session& session, std::int64_t payment, const core::Standing& told) {
  session
      .query(
          "INSERT INTO untold (payment_no, result, deliverable, attempt_id, cancelled_amount) "
          "VALUES (?, ?, ?, ?, ?) ON CONFLICT (payment_no) DO NOTHING")
      .with(payment, told.result, told.deliverable, told.winner, told.cancelled_amount)
      .run();
}

core::PaidMessages paid_messages(Session& session, std::int64_t payment,
                                 const std::optional<core::AttemptId>& attempt) {
  Query query = session.query(
      "SELECT max(CASE WHEN state = 'superseded' THEN 0 ELSE 1 END) FROM notification "
      "WHERE payment_no = ? AND type = 'payment.paid' AND attempt_id = ?");
  query.with(payment, attempt).next();
  const std::optional<std::int64_t> stands = query.row().optional_integer();
  if (!stands) return core::PaidMessages::kNone;
  return *stands == 1 ? core::PaidMessages::kStand : core::PaidMessages::kSuperseded;
}

struct Neighbour {
  std::int64_t id = 0;
  std::int64_t tries = 0;
  std::optional<core::Time> failing_since;
  std::optional<core::Time> next_at;
};

std::optional<Neighbour> read_neighbour(Query& query) {
  if (!query.next()) return std::nullopt;
  Row row = query.row();
  Neighbour found;
  found.id = row.integer();
  found.tries = row.integer();
  found.failing_since = row.optional_time();
  found.next_at = row.optional_time();
  return found;
}

// The one that `id` waits for, where there is one. Findings neither block nor wait.
std::optional<Neighbour> one_before(Session& session, std::int64_t payment, std::int64_t id) {
  Query query = session.query(
      "SELECT notification_id, tries, failing_since_ms, next_at_ms FROM notification "
      "WHERE payment_no = ? AND notification_id < ? AND state = 'waiting'"
      "  AND type <> 'payment.finding' ORDER BY notification_id DESC LIMIT 1");
  query.with(payment, id);
  return read_neighbour(query);
}

std::optional<Neighbour> one_behind(Session& session, std::int64_t payment, std::int64_t id) {
  Query query = session.query(
      "SELECT notification_id, tries, failing_since_ms, next_at_ms FROM notification "
      "WHERE payment_no = ? AND notification_id > ? AND state = 'waiting'"
      "  AND type <> 'payment.finding' ORDER BY notification_id LIMIT 1");
  query.with(payment, id);
  return read_neighbour(query);
}

void plan(Session& session, std::int64_t id, std::optional<core::Time> at) {
  session.query("UPDATE notification SET next_at_ms = ? WHERE notification_id = ?")
      .with(at, id)
      .run();
}

// When one may go that comes behind `before`.
std::optional<core::Time> turn_behind(const std::optional<Neighbour>& before, core::Time now) {
  if (!before) return now;
  if (!before->failing_since) return std::nullopt;
  return std::max(now, *before->failing_since + core::kGoesAheadAfter);
}

// `before` is on its way no more, or has failed: the one behind it has its turn, or gets a time.
void go_on_behind(Session& session, std::int64_t payment, std::int64_t id, core::Time at) {
  const std::optional<Neighbour> next = one_behind(session, payment, id);
  if (!next || next->tries > 0) return;
  if (!next->next_at || *next->next_at > at) plan(session, next->id, at);
}

// Retention passed by while it waited.
void empty_if_old(Session& session, std::int64_t id) {
  if (id > load_number(session, kRawMessagesKey)) return;
  session.query("UPDATE notification SET body = '' WHERE notification_id = ?").with(id).run();
}

// Those that say that the payment may be delivered and have not left, where that holds no more.
void supersede(Session& session, const Told& told, core::Time now, NotificationCounts& counts) {
  struct Gone {
    std::int64_t id;
    bool was_waiting;
  };
  std::vector<Gone> gone;
  {
    Query query = session.query(
        "SELECT notification_id, state FROM notification "
        "WHERE payment_no = ?1 AND type = 'payment.paid' AND state IN ('waiting', 'parked')"
        "  AND (?2 = 0 OR attempt_id IS DISTINCT FROM ?3)");
    query.with(told.payment, told.now.deliverable, told.now.winner);
    while (query.next()) {
      Row row = query.row();
      const std::int64_t id = row.integer();
      gone.push_back({id, row.word<NotificationState>() == NotificationState::kWaiting});
    }
  }
  for (const Gone& one : gone) {
    session
        .query(
            "UPDATE notification SET state = 'superseded', next_at_ms = NULL,"
            "  failing_since_ms = NULL WHERE notification_id = ?")
        .with(one.id)
        .run();
    empty_if_old(session, one.id);
    counts.superseded += 1;
    if (one.was_waiting) go_on_behind(session, told.payment, one.id, now);
  }
}

void insert(Session& session, const Told& told, NotificationType type, const std::string& body,
            core::Time now) {
  const bool waits = type != NotificationType::kFinding;
  const std::optional<core::Time> next =
      waits ? turn_behind(one_before(session, told.payment, INT64_MAX), now) : now;
  session
      .query(
          "INSERT INTO notification (payment_no, payment_id, version, type, attempt_id, body, state,"
          "  next_at_ms, created_at_ms) VALUES (?, ?, ?, ?, ?, ?, 'waiting', ?, ?)")
      .with(told.payment, told.payment_id, told.version, type, told.now.winner, body, next, now)
      .run();
}

}  // namespace

NotificationCounts announce(Session& session, const NotificationBody& body_of, const Told& told,
                            core::Time now) {
  NotificationCounts counts;
  const bool holds_no_more = told.before.deliverable && (!told.now.deliverable ||
                                                         told.before.winner != told.now.winner);
  if (holds_no_more) supersede(session, told, now, counts);
  if (told.goes_on_only && !was_told(session, told.payment)) return counts;
  std::optional<NotificationType> type;
  const std::optional<core::Standing> untold = load_untold(session, told.payment);
  if (told.waits) {
    keep_untold(session, told.payment, told.before);
  } else {
    if (untold) session.query("DELETE FROM untold WHERE payment_no = ?").with(told.payment).run();
    const bool may_be_paid = told.now.deliverable;
    type = core::announcement(untold.value_or(told.before), told.now,
                              may_be_paid ? paid_messages(session, told.payment, told.now.winner)
                                          : core::PaidMessages::kNone);
  }
  if (!type && told.opened.empty()) return counts;
  const std::optional<PaymentDetail> detail = load_detail(session, told.payment_id);
  if (!detail) return counts;
  if (type) {
    insert(session, told, *type, body_of(*type, now, *detail, nullptr), now);
    counts.added += 1;
  }
  for (const FindingView& finding : detail->findings) {
    const bool is_new = std::find(told.opened.begin(), told.opened.end(), finding.id) !=
                        told.opened.end();
    if (!is_new) continue;
    insert(session, told, NotificationType::kFinding,
           body_of(NotificationType::kFinding, now, *detail, &finding), now);
    counts.added += 1;
  }
  return counts;
}

std::optional<NotificationState> note_try(Session& session, const NotificationTry& tried) {
  std::int64_t payment = 0;
  std::int64_t tries = 0;
  core::Time failing_since{};
  bool is_finding = false;
  {
    Query query = session.query(
        "SELECT payment_no, type, state, tries, failing_since_ms FROM notification "
        "WHERE notification_id = ?");
    if (!query.with(tried.id).next()) return std::nullopt;
    Row row = query.row();
    payment = row.integer();
    is_finding = row.word<NotificationType>() == NotificationType::kFinding;
    const auto state = row.word<NotificationState>();
    // It may be superseded while it is under way: then it counts only if it arrived.
    if (!tried.is_taken && state != NotificationState::kWaiting) return state;
    tries = row.integer() + 1;
    failing_since = row.optional_time().value_or(tried.at);
  }
  if (tried.is_taken) {
    session
        .query(
            "UPDATE notification SET state = 'sent', tries = ?, outcome = ?, sent_at_ms = ?,"
            "  next_at_ms = NULL, failing_since_ms = NULL WHERE notification_id = ?")
        .with(tries, tried.outcome, tried.at, tried.id)
        .run();
    empty_if_old(session, tried.id);
    if (!is_finding) go_on_behind(session, payment, tried.id, tried.at);
    return NotificationState::kSent;
  }
  const std::optional<core::Time> next = core::next_try(
      tries, failing_since, tried.at, std::to_string(tried.id), tried.retry_after);
  const auto state = next ? NotificationState::kWaiting : NotificationState::kParked;
  session
      .query(
          "UPDATE notification SET state = ?, tries = ?, outcome = ?, next_at_ms = ?,"
          "  failing_since_ms = ? WHERE notification_id = ?")
      .with(state, tries, tried.outcome, next, next ? std::optional(failing_since) : std::nullopt,
            tried.id)
      .run();
  if (!next) empty_if_old(session, tried.id);
  if (!is_finding) {
    const core::Time at = next ? std::max(tried.at, failing_since + core::kGoesAheadAfter) : tried.at;
    go_on_behind(session, payment, tried.id, at);
  }
  return state;
}

ResendOutcome resend(Session& session, std::int64_t id, core::Time now) {
  std::int64_t payment = 0;
  bool is_finding = false;
  bool holds = true;
  bool has_body = true;
  {
    Query query = session.query(
        "SELECT n.payment_no, n.type, CASE WHEN n.type <> 'payment.paid' THEN 1"
        "    WHEN p.deliverable = 1 AND p.winning_attempt_id = n.attempt_id THEN 1 ELSE 0 END,"
        "  n.body <> '' "
        "FROM notification n LEFT JOIN payment p ON p.payment_no = n.payment_no "
        "WHERE n.notification_id = ?");
    if (!query.with(id).next()) return ResendOutcome::kAbsent;
    Row row = query.row();
    payment = row.integer();
    is_finding = row.word<NotificationType>() == NotificationType::kFinding;
    holds = row.flag();
    has_body = row.flag();
  }
  if (!holds) return ResendOutcome::kSuperseded;
  if (!has_body) return ResendOutcome::kExpired;
  const std::optional<core::Time> next =
      is_finding ? now : turn_behind(one_before(session, payment, id), now);
  session
      .query(
          "UPDATE notification SET state = 'waiting', tries = 0, failing_since_ms = NULL,"
          "  next_at_ms = ?, sent_at_ms = NULL WHERE notification_id = ?")
      .with(next, id)
      .run();
  // Those behind it that have not begun wait for it again.
  const std::optional<Neighbour> behind =
      is_finding ? std::nullopt : one_behind(session, payment, id);
  if (behind && behind->tries == 0) plan(session, behind->id, std::nullopt);
  return ResendOutcome::kResent;
}

ResendSlice resend_some(Session& session, const ResendRequest& request, const ResendSlice& last,
                        core::Time now) {
  ResendSlice slice{.from = std::max(request.since, last.from), .after_id = last.after_id};
  std::vector<std::int64_t> ids;
  {
    Query query = session.query(
        "SELECT notification_id, created_at_ms FROM notification "
        "WHERE created_at_ms >= ?1 AND created_at_ms < ?2"
        "  AND (created_at_ms > ?1 OR notification_id > ?3)"
        "  AND (state = 'parked' OR (state = 'waiting' AND tries > 0) OR (?4 = 0 AND state = 'sent')) "
        "ORDER BY created_at_ms, notification_id LIMIT ?5");
    query.with(slice.from, request.until, slice.after_id, request.failed_only, kResentAtOnce);
    while (query.next()) {
      Row row = query.row();
      ids.push_back(row.integer());
      slice.after_id = ids.back();
      slice.from = row.time();
    }
  }
  for (const std::int64_t id : ids) {
    switch (resend(session, id, now)) {
      case ResendOutcome::kResent:
        slice.resent += 1;
        break;
      case ResendOutcome::kExpired:
        slice.expired += 1;
        break;
      case ResendOutcome::kSuperseded:
      case ResendOutcome::kAbsent:
        slice.superseded += 1;
        break;
    }
  }
  slice.has_more = static_cast<std::int64_t>(ids.size()) == kResentAtOnce;
  return slice;
}

bool hasten_some(Session& session, core::Time now) {
  return session
             .query(
                 "UPDATE notification SET next_at_ms = ?1, tries = 1 WHERE notification_id IN ("
                 "  SELECT notification_id FROM notification WHERE failing_since_ms IS NOT NULL"
                 "    AND state = 'waiting' AND next_at_ms > ?1 ORDER BY failing_since_ms LIMIT ?2)")
             .with(now, kResentAtOnce)
             .run() == kResentAtOnce;
}

}  // namespace reconciled::storage
