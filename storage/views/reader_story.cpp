// What the dashboard asks: one payment's story, searching, lists.
//
// With millions of payments in the file each is a few look-ups in an index, or a walk that ends.
#include <algorithm>

#include "storage/reader.h"
#include "storage/units/payment_detail.h"
#include "storage/views/read_rows.h"
#include "storage/views/reader_impl.h"

namespace reconciled::storage {
namespace {

// Of each kind, the newest: a flood of events must not hide how the payment ended.
constexpr std::int64_t kMostOfAKind = 100;
// A part of an id that is not its beginning has no index: so many of the newest payments are read.
constexpr std::int64_t kSearchedWhole = 10'000;

// In the order of their time, the list being newest first; whether some had to be left out.
template <class T>
bool close_story(std::vector<T>& list) {
  const bool is_cut = static_cast<std::int64_t>(list.size()) > kMostOfAKind;
  if (is_cut) list.pop_back();
  std::reverse(list.begin(), list.end());
  return is_cut;
}

std::vector<AnswerView> load_answers(Session& session, const core::PaymentId& id) {
  Query query = session.query(
      "SELECT s.snapshot_id, s.asked_at_ms, s.attempt_id, s.api, s.status, s.result,"
      "  s.total_amount, s.currency, s.cancelled_amount, s.failure_reason,"
      "  (SELECT count(*) FROM snapshot_repeat r WHERE r.snapshot_id = s.snapshot_id) "
      "FROM snapshot s WHERE s.payment_id = ? ORDER BY s.snapshot_id DESC LIMIT ?");
  query.with(id, kMostOfAKind + 1);
  std::vector<AnswerView> answers;
  while (query.next()) {
    Row row = query.row();
    const std::int64_t number = row.integer();
    const core::Time asked_at = row.time();
    core::AttemptId attempt = row.attempt_id();
    const auto api = row.word<core::Api>();
    std::string status = row.text();
    const auto result = row.word<core::Result>();
    const std::int64_t total = row.integer();
    core::Currency currency = row.currency();
    const std::int64_t cancelled = row.integer();
    std::string reason = row.text();
    answers.push_back({number, asked_at, std::move(attempt), api, std::move(status), result,
                       {total, std::move(currency)}, cancelled, std::move(reason), row.integer()});
  }
  return answers;
}

std::vector<ChangeView> load_changes(Session& session, std::int64_t payment) {
  Query query = session.query(
      "SELECT transition_id, at_ms, cause, from_result, to_result, from_ui_state, to_ui_state,"
      "  from_deliverable, to_deliverable, authority, webhook_status "
      "FROM transition WHERE payment_no = ? ORDER BY version DESC LIMIT ?");
  query.with(payment, kMostOfAKind + 1);
  std::vector<ChangeView> changes;
  while (query.next()) {
    Row row = query.row();
    ChangeView change{};
    change.id = row.integer();
    change.at = row.time();
    change.cause = row.text();
    change.from = row.word<core::Result>();
    change.to = row.word<core::Result>();
    change.from_ui = row.word<core::UiState>();
    change.to_ui = row.word<core::UiState>();
    change.was_deliverable = row.flag();
    change.is_deliverable = row.flag();
    change.authority = row.optional_word<core::Authority>();
    change.webhook_status = row.word<core::Result>();
    changes.push_back(std::move(change));
  }
  return changes;
}

std::vector<OrderVersionView> load_orders(Session& session, const core::PaymentId& id) {
  Query query = session.query(
      "SELECT registered_at_ms, amount, currency, deleted, by_whom, note "
      "FROM expected_order WHERE payment_id = ? ORDER BY order_id DESC LIMIT ?");
  query.with(id, kMostOfAKind + 1);
  std::vector<OrderVersionView> orders;
  while (query.next()) {
    Row row = query.row();
    const core::Time at = row.time();
    const std::int64_t amount = row.integer();
    core::Currency currency = row.currency();
    const bool is_withdrawn = row.flag();
    std::string by = row.text();
    orders.push_back({at, {amount, std::move(currency)}, is_withdrawn, std::move(by), row.text()});
  }
  return orders;
}

std::vector<NotificationView> load_notifications(Session& session, std::int64_t payment) {
  Query query = session.query(
      "SELECT notification_id, payment_id, version, type, state, tries, outcome, created_at_ms,"
      "  failing_since_ms, next_at_ms, sent_at_ms "
      "FROM notification WHERE payment_no = ? ORDER BY notification_id DESC LIMIT ?");
  query.with(payment, kMostOfAKind + 1);
  std::vector<NotificationView> list;
  while (query.next()) {
    Row row = query.row();
    list.push_back(read_notification(row));
  }
  return list;
}

std::vector<PaymentView> read_payments(Query& query) {
  std::vector<PaymentView> payments;
  while (query.next()) payments.push_back(read_payment(query.row()));
  return payments;
}

// The number of the first payment that was created at `time` or later: numbers are given in the
// order of creation, so it is found by halving. A clock that stepped back makes it rough there.
std::int64_t number_at(Session& session, core::Time time) {
  std::int64_t low = 0;
  std::int64_t high = 0;
  {
    Query query = session.query("SELECT coalesce(max(payment_no), 0) FROM payment");
    query.next();
    high = query.row().integer() + 1;
  }
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    // Numbers have gaps: the next one that there is.
    Query query = session.query(
        "SELECT created_at_ms FROM payment WHERE payment_no >= ? ORDER BY payment_no LIMIT 1");
    const bool is_before = query.with(middle).next() && query.row().time() < time;
    if (is_before) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return low;
}

}  // namespace

std::optional<Story> Reader::story(const core::PaymentId& id) {
  std::optional<PaymentDetail> detail = payment(id, false);
  if (!detail) return std::nullopt;
  const std::int64_t number = detail->payment.number;
  Story story{std::move(*detail), {}, {}, {}, {}, {}, false};
  Page<EventView> events = this->events({{}, id, kMostOfAKind, {}});
  story.events = std::move(events.items);
  std::reverse(story.events.begin(), story.events.end());
  story.is_cut = events.next_cursor.has_value();
  story.answers = load_answers(impl_->session, id);
  story.changes = load_changes(impl_->session, number);
  story.orders = load_orders(impl_->session, id);
  story.notifications = load_notifications(impl_->session, number);
  const bool cut_answers = close_story(story.answers);
  const bool cut_changes = close_story(story.changes);
  const bool cut_orders = close_story(story.orders);
  const bool cut_notifications = close_story(story.notifications);
  story.is_cut = story.is_cut || cut_answers || cut_changes || cut_orders || cut_notifications;
  return story;
}

std::vector<PaymentView> Reader::search(const std::string& text, std::int64_t limit) {
  static const std::string by_beginning =
      std::string("SELECT ") + kPaymentColumns +
      " FROM payment p WHERE p.payment_id >= ?1 AND p.payment_id < ?2"
      " ORDER BY p.payment_id LIMIT ?3";
  static const std::string by_attempt =
      std::string("SELECT ") + kPaymentColumns +
      " FROM (SELECT DISTINCT payment_no FROM (SELECT payment_no FROM attempt"
      "   WHERE attempt_id >= ?1 AND attempt_id < ?2 ORDER BY attempt_id LIMIT ?3) named) found"
      " JOIN payment p USING (payment_no) ORDER BY p.payment_no DESC";
  static const std::string by_pg_number =
      std::string("SELECT ") + kPaymentColumns +
      " FROM (SELECT DISTINCT payment_id FROM (SELECT payment_id FROM pg_number"
      "   WHERE pg_number >= ?1 AND pg_number < ?2 ORDER BY pg_number LIMIT ?3) named) found"
      " JOIN payment p USING (payment_id) ORDER BY p.payment_no DESC";
  static const std::string by_part =
      std::string("SELECT ") + kPaymentColumns +
      " FROM payment p WHERE p.payment_no > (SELECT coalesce(max(payment_no), 0) - ?2 FROM payment)"
      " AND replace(p.payment_id, ?1, '') <> p.payment_id ORDER BY p.payment_no DESC LIMIT ?3";
  if (text.empty()) return {};
  const std::string end = text + "\xF4\x8F\xBF\xBF";  // behind all that begin so
  std::vector<PaymentView> found;
  const auto add = [&](std::vector<PaymentView> more) {
    for (PaymentView& one : more) {
      const bool is_new = std::none_of(found.begin(), found.end(), [&](const PaymentView& known) {
        return known.number == one.number;
      });
      if (is_new && static_cast<std::int64_t>(found.size()) < limit) {
        found.push_back(std::move(one));
      }
    }
  };
  {
    Query query = impl_->session.query(by_beginning.c_str());
    query.with(text, end, limit);
    add(read_payments(query));
  }
  {
    Query query = impl_->session.query(by_attempt.c_str());
    query.with(text, end, limit);
    add(read_payments(query));
  }
  {
    Query query = impl_->session.query(by_pg_number.c_str());
    query.with(text, end, limit);
    add(read_payments(query));
  }
  if (!found.empty()) return found;
  Query query = impl_->session.query(by_part.c_str());
  query.with(text, kSearchedWhole, limit);
  add(read_payments(query));
  return found;
}

Page<PaymentView> Reader::listing(const PaymentListing& wanted) {
  static const std::string all =
      std::string("SELECT ") + kPaymentColumns +
      " FROM payment p WHERE p.payment_no < ?1 AND p.payment_no >= ?2"
      " ORDER BY p.payment_no DESC LIMIT ?3";
  static const std::string by_result =
      std::string("SELECT ") + kPaymentColumns +
      " FROM payment p WHERE p.result = ?4 AND p.payment_no < ?1 AND p.payment_no >= ?2"
      " ORDER BY p.payment_no DESC LIMIT ?3";
  Session& session = impl_->session;
  std::int64_t end = wanted.cursor.value_or(kNewest);
  if (wanted.until) end = std::min(end, number_at(session, *wanted.until));
  const std::int64_t begin = wanted.since ? number_at(session, *wanted.since) : 0;
  Query query = session.query(wanted.result ? by_result.c_str() : all.c_str());
  query.with(end, begin, wanted.limit + 1);
  if (wanted.result) query.with(*wanted.result);
  Page<PaymentView> page{read_payments(query), {}};
  close_page(page, wanted.limit, [](const PaymentView& view) { return view.number; });
  return page;
}

Page<FindingView> Reader::open_findings(std::optional<core::FindingKind> kind, std::int64_t limit,
                                        std::optional<std::int64_t> cursor) {
  static const std::string sql =
      std::string(kFindings) +
      " WHERE f.open = 1 AND f.finding_id < ?1 AND (CAST(?2 AS TEXT) IS NULL OR f.kind = ?2)"
      " ORDER BY f.finding_id DESC LIMIT ?3";
  Query query = impl_->session.query(sql.c_str());
  query.with(cursor.value_or(kNewest), kind, limit + 1);
  Page<FindingView> page;
  while (query.next()) {
    Row row = query.row();
    page.items.push_back(read_finding(row));
  }
  close_page(page, limit, [](const FindingView& view) { return view.id; });
  return page;
}

}  // namespace reconciled::storage
