#include <algorithm>
#include <array>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "daemon/core/messages/signature.h"
#include "daemon/core/messages/stored_text.h"
#include "daemon/core/words/check.h"
#include "daemon/core/words/mark.h"
#include "storage/units/units.h"

namespace reconciled::storage {
std::optional<std::string> disputes_text(const std::optional<std::vector<core::Dispute>>& list) {
  if (!list) return std::nullopt;
  nlohmann::json json = nlohmann::json::array();
  for (const core::Dispute& dispute : *list) {
    json.push_back({{"id", dispute.id}, {"resolved", dispute.resolved}});
  }
  return json.dump();
}

namespace {

std::optional<std::vector<core::Dispute>> disputes_from(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  std::vector<core::Dispute> list;
  for (const auto& item : nlohmann::json::parse(*text)) {
    list.push_back({item.at("id").get<std::string>(), item.at("resolved").get<bool>()});
  }
  return list;
}

std::optional<std::string> chargebacks_text(const std::vector<std::string>& ids) {
  if (ids.empty()) return std::nullopt;
  return nlohmann::json(ids).dump();
}

std::vector<std::string> chargebacks_from(const std::optional<std::string>& text) {
  if (!text) return {};
  return nlohmann::json::parse(*text).get<std::vector<std::string>>();
}

core::SnapshotFact read_snapshot(Row row) {
  const core::SnapshotId id{row.integer()};
  const std::int64_t look_up = row.integer();
  core::PaymentId payment = row.payment_id();
  core::AttemptId attempt = row.attempt_id();
  const auto api = row.word<core::Api>();
  const auto version = row.word<core::Api>();
  std::string status = row.text();
  const auto result = row.word<core::Result>();
  const std::int64_t total = row.integer();
  const std::int64_t cancelled = row.integer();
  core::Snapshot snapshot{.api = api,
                          .version = version,
                          .payment_id = std::move(payment),
                          .attempt_id = std::move(attempt),
                          .result = result,
                          .status = std::move(status),
                          .total_amount = total,
                          .cancelled_amount = cancelled,
                          .currency = row.currency()};
  snapshot.store_id = row.text();
  snapshot.channel = row.optional_word<core::Channel>();
  const std::optional<std::string> number = row.optional_text();
  const std::optional<core::PortoneTime> due = row.optional_portone_time();
  if (number || due) {
    snapshot.virtual_account = core::VirtualAccount{.number = number.value_or(""), .due_at = due};
  }
  snapshot.started_at = row.optional_portone_time();
  snapshot.status_at = row.optional_portone_time();
  snapshot.paid_at = row.optional_portone_time();
  snapshot.updated_at = row.optional_portone_time();
  snapshot.disputes = disputes_from(row.optional_text());
  snapshot.chargebacks = chargebacks_from(row.optional_text());
  snapshot.look_up = look_up;
  snapshot.asked_at = row.time();
  return {id, std::move(snapshot), {}};
}

void load_events(Session& session, core::PaymentEvidence& evidence) {
  Query query = session.query(
      "SELECT e.event_id, e.source, e.api, e.signed, e.attempt_id, e.status, e.said_at_us,"
      "  e.hint, g.arrival, CASE WHEN g.answered_copies >= g.copies THEN 1 ELSE 0 END "
      "FROM event_by_subject i JOIN event e USING (event_id) JOIN event_progress g USING "
      "(event_id) "
      "WHERE i.subject = ?1 AND e.kind = 'payment' "
      "  AND (e.payment_id = ?1 OR e.payment_id IS NULL)");
  query.with(evidence.payment_id);
  while (query.next()) {
    Row row = query.row();
    const core::EventId id{row.integer()};
    const auto source = row.word<core::EventSource>();
    const auto api = row.optional_word<core::Api>();
    const bool is_signed = row.flag();
    auto attempt = row.optional_attempt_id();
    const auto status = row.optional_word<core::Result>();
    const auto said_at = row.optional_portone_time();
    const auto hint = row.word<core::UiState>();
    const std::int64_t arrival = row.integer();
    const bool is_answered = row.flag();
    if (source == core::EventSource::kWebhook) {
      evidence.webhooks.push_back(
          {id, api.value_or(core::Api::kV1), is_signed, std::move(attempt), status, said_at});
    } else if (source == core::EventSource::kRedirect) {
      evidence.redirects.push_back({id, std::move(attempt), hint, arrival, is_answered});
    }
  }
}

// Of each attempt that PortOne binds to the payment, or a signed webhook names for it: also those
// that bind it to another payment.
std::set<std::string> attempts_of(Session& session, const core::PaymentEvidence& evidence) {
  std::set<std::string> attempts;
  for (const core::WebhookFact& webhook : evidence.webhooks) {
    if (webhook.is_signed && webhook.attempt_id) attempts.insert(webhook.attempt_id->str());
  }
  Query query = session.query("SELECT attempt_id FROM snapshot WHERE payment_id = ?");
  query.with(evidence.payment_id);
  while (query.next()) attempts.insert(query.row().text());
  return attempts;
}

void load_snapshots(Session& session, core::PaymentEvidence& evidence) {
  for (const std::string& attempt : attempts_of(session, evidence)) {
    const std::size_t first = evidence.snapshots.size();
    {
      Query query = session.query(
          "SELECT snapshot_id, look_up, payment_id, attempt_id, api, version, status, result,"
          "  total_amount, cancelled_amount, currency, store_id, channel,"
          "  account_number, account_due_us, started_at_us, status_at_us, paid_at_us,"
          "  updated_at_us, disputes, chargebacks, asked_at_ms "
          "FROM snapshot WHERE attempt_id = ? ORDER BY snapshot_id");
      query.with(attempt);
      while (query.next()) evidence.snapshots.push_back(read_snapshot(query.row()));
    }
    for (std::size_t i = first; i < evidence.snapshots.size(); ++i) {
      core::SnapshotFact& fact = evidence.snapshots[i];
      Query query = session.query(
          "SELECT look_up FROM snapshot_repeat WHERE snapshot_id = ? ORDER BY look_up");
      query.with(fact.id);
      while (query.next()) fact.repeats.push_back(query.row().integer());
    }
  }
}

constexpr std::array<std::string_view, 6> kMarkKinds{
    "webhook_overdue", "schedule_done", "asking_ended", "unreadable", "readable", "to_be_told"};
static_assert(static_cast<std::size_t>(core::TimerMark::Kind::kToBeTold) + 1 == kMarkKinds.size());

core::TimerMark::Kind mark_kind(const std::string& word) {
  const auto found = std::find(kMarkKinds.begin(), kMarkKinds.end(), word);
  core::check(found != kMarkKinds.end(), "marks are written with known words");
  return static_cast<core::TimerMark::Kind>(found - kMarkKinds.begin());
}

void load_marks(Session& session, core::PaymentEvidence& evidence) {
  Query query = session.query(
      "SELECT kind, attempt_id, result, up_to_event, look_up FROM timer_mark "
      "WHERE payment_id = ?");
  query.with(evidence.payment_id);
  while (query.next()) {
    Row row = query.row();
    core::TimerMark mark;
    mark.kind = mark_kind(row.text());
    mark.attempt_id = row.optional_attempt_id();
    mark.result = row.optional_word<core::Result>();
    mark.up_to_event = row.integer();
    mark.look_up = row.integer();
    evidence.marks.push_back(std::move(mark));
  }
}

std::optional<core::Time> load_first_start(Session& session) {
  Query query = session.query("SELECT CAST(value AS BIGINT) FROM meta WHERE key = ?");
  if (!query.with(kFirstStartKey).next()) return std::nullopt;
  return query.row().time();
}

void load_resolutions(Session& session, core::PaymentEvidence& evidence) {
  Query query = session.query(
      "SELECT kind, cause FROM resolution WHERE payment_id = ? ORDER BY resolution_id");
  query.with(evidence.payment_id);
  while (query.next()) {
    Row row = query.row();
    const auto kind = row.word<core::FindingKind>();
    evidence.resolutions.push_back({kind, row.text()});
  }
}

}  // namespace

namespace {

struct NewestOrder {
  core::ExpectedOrder order;
  bool is_withdrawn = false;
};

std::optional<NewestOrder> load_newest_order(Session& session, const core::PaymentId& payment_id) {
  Query query = session.query(
      "SELECT amount, currency, name, deleted, registered_at_ms FROM expected_order "
      "WHERE payment_id = ? ORDER BY order_id DESC LIMIT 1");
  if (!query.with(payment_id).next()) return std::nullopt;
  Row row = query.row();
  const std::int64_t amount = row.integer();
  core::Currency currency = row.currency();
  std::string name = row.text();
  const bool deleted = row.flag();
  return NewestOrder{{amount, std::move(currency), std::move(name), deleted, row.time()}, deleted};
}

}  // namespace

std::optional<core::ExpectedOrder> load_order(Session& session, const core::PaymentId& payment_id) {
  std::optional<NewestOrder> newest = load_newest_order(session, payment_id);
  if (!newest || newest->is_withdrawn) return std::nullopt;
  return std::move(newest->order);
}

core::PaymentEvidence load_evidence(Session& session, const core::PaymentId& payment_id) {
  core::PaymentEvidence evidence{.payment_id = payment_id};
  if (std::optional<NewestOrder> newest = load_newest_order(session, payment_id)) {
    evidence.is_withdrawn = newest->is_withdrawn;
    if (!newest->is_withdrawn) evidence.order = std::move(newest->order);
  }
  load_events(session, evidence);
  load_snapshots(session, evidence);
  load_marks(session, evidence);
  load_resolutions(session, evidence);
  evidence.first_started_at = load_first_start(session);
  return evidence;
}

void insert_mark(Session& session, const core::PaymentId& payment_id, const core::TimerMark& mark,
                 core::Time at) {
  session
      .query(
          "INSERT INTO timer_mark (payment_id, kind, attempt_id, result, up_to_event, look_up,"
          "  at_ms) VALUES (?, ?, ?, ?, ?, ?, ?)")
      .with(payment_id, kMarkKinds.at(static_cast<std::size_t>(mark.kind)), mark.attempt_id,
            mark.result, mark.up_to_event, mark.look_up, at)
      .run();
}

namespace {

// All that the answer says, so that one that says it again is known for a repetition: 64 bits of
// its SHA-256.
std::int64_t content_of(const core::Snapshot& s) {
  const auto number = [](const auto& time) {
    return time ? std::to_string(time->time_since_epoch().count()) : std::string("-");
  };
  std::string account = "-";
  if (s.virtual_account) {
    account = core::join_fields({s.virtual_account->bank, s.virtual_account->number,
                                 s.virtual_account->holder, number(s.virtual_account->due_at)});
  }
  const std::string digest = core::sha256(core::join_fields(
      {core::to_word(s.version), s.payment_id.str(), s.status, core::to_word(s.result),
       std::to_string(s.total_amount), std::to_string(s.cancelled_amount), s.currency.code(),
       s.store_id, s.channel ? core::to_word(*s.channel) : "-", s.pg_provider, s.method, account,
       s.failure_reason, number(s.started_at), number(s.status_at), number(s.paid_at),
       number(s.updated_at), disputes_text(s.disputes).value_or("-"),
       chargebacks_text(s.chargebacks).value_or("-")}));
  std::int64_t content = 0;
  std::memcpy(&content, digest.data(), sizeof content);
  return content;
}

// The answer of the same API about the attempt that the newest look-up before this one brought, if
// it said the same.
std::optional<core::SnapshotId> find_repeated(Session& session, const core::Snapshot& s,
                                              std::int64_t content) {
  {
    Query any = session.query("SELECT 1 FROM snapshot WHERE attempt_id = ? AND api = ? LIMIT 1");
    if (!any.with(s.attempt_id, s.api).next()) return std::nullopt;
  }
  Query query = session.query(
      "SELECT x.snapshot_id, x.content FROM ("
      "  SELECT s.snapshot_id, s.content, s.look_up FROM snapshot s"
      "    WHERE s.attempt_id = ?1 AND s.api = ?2 UNION ALL "
      "  SELECT s.snapshot_id, s.content, r.look_up FROM snapshot s"
      "    JOIN snapshot_repeat r ON r.snapshot_id = s.snapshot_id"
      "    WHERE s.attempt_id = ?1 AND s.api = ?2) x "
      "WHERE x.look_up <= ?3 ORDER BY x.look_up DESC, x.snapshot_id DESC LIMIT 1");
  if (!query.with(s.attempt_id, s.api, s.look_up).next()) return std::nullopt;
  Row row = query.row();
  const core::SnapshotId id{row.integer()};
  if (row.integer() != content) return std::nullopt;
  return id;
}

// With answers that came before, too: an older version did not keep it.
void note_pg_number(Session& session, const core::Snapshot& s) {
  if (s.pg_number.empty()) return;
  session
      .query(
          "INSERT INTO pg_number (pg_number, payment_id) VALUES (?, ?) ON CONFLICT DO NOTHING")
      .with(s.pg_number, s.payment_id)
      .run();
}

}  // namespace

core::SnapshotId insert_snapshot(Session& session, const core::Snapshot& s) {
  note_pg_number(session, s);
  const std::int64_t content = content_of(s);
  if (const auto repeated = find_repeated(session, s, content)) {
    RECONCILED_MARK(kAnswerRepeated);
    session
        .query(
            "INSERT INTO snapshot_repeat (snapshot_id, look_up, asked_at_ms) "
            "SELECT snapshot_id, ?2, ?3 FROM snapshot WHERE snapshot_id = ?1 AND look_up <> ?2 "
            "ON CONFLICT DO NOTHING")
        .with(*repeated, s.look_up, s.asked_at)
        .run();
    return *repeated;
  }
  std::optional<std::string> bank, number, holder;
  std::optional<core::PortoneTime> due;
  if (s.virtual_account) {
    bank = s.virtual_account->bank;
    number = s.virtual_account->number;
    holder = s.virtual_account->holder;
    due = s.virtual_account->due_at;
  }
  const std::int64_t snapshot =
      session
          .query(
              "INSERT INTO snapshot (look_up, content, payment_id, attempt_id, api, version, "
              "status,"
              "  result,"
              "  total_amount, cancelled_amount, currency, store_id, channel, pg_provider, method,"
              "  account_bank, account_number, account_holder, account_due_us, failure_reason,"
              "  started_at_us, status_at_us, paid_at_us, updated_at_us, disputes, chargebacks,"
              "  asked_at_ms) "
              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
              "?, ?) "
              "RETURNING snapshot_id")
          .with(s.look_up, content, s.payment_id, s.attempt_id, s.api, s.version, s.status,
                s.result, s.total_amount, s.cancelled_amount, s.currency, if_any(s.store_id),
                s.channel, if_any(s.pg_provider), if_any(s.method), bank, number, holder, due,
                if_any(s.failure_reason), s.started_at, s.status_at, s.paid_at, s.updated_at,
                disputes_text(s.disputes), chargebacks_text(s.chargebacks), s.asked_at)
          .number();
  if (!s.stored_body.empty()) {
    session.query("INSERT INTO snapshot_body (snapshot_id, body) VALUES (?, ?)")
        .with(snapshot, s.stored_body)
        .run();
  }
  return {snapshot};
}

}  // namespace reconciled::storage
