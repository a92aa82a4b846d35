// A store in a folder of its own: the real writer, the real reader and a stranger with sqlite3.
//
// Calls wait for their completion, so a test reads like the daemon's day. Times are seconds after
// a fixed instant (tests/core/decision/decision_evidence.h, whose answers of PortOne are used here too).
#pragma once

#include <sqlite3.h>

#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <thread>

#include "storage/sqlite/migrate.h"
#include "storage/reader.h"
#include "storage/rebuild.h"
#include "storage/writer.h"
#include "tests/core/decision/decision_evidence.h"
#include "tests/support/temporary_folder.h"

namespace reconciled::test {

// Not its Store by that name alone: that is the fixture here.
namespace storage = reconciled::storage;
using storage::Accepted;
using storage::Askable;
using storage::AttemptView;
using storage::ChangeCursor;
using storage::CommitNotice;
using storage::CountedTries;
using storage::Cover;
using storage::DatabaseInUse;
using storage::Done;
using storage::DueAttempt;
using storage::EventFilter;
using storage::EventView;
using storage::FindingView;
using storage::Forgotten;
using storage::InboxEvent;
using storage::LookupReport;
using storage::NewEvent;
using storage::NewerDatabase;
using storage::NotificationView;
using storage::OrderOutcome;
using storage::OrderRequest;
using storage::Page;
using storage::PaymentDetail;
using storage::PaymentFilter;
using storage::PaymentView;
using storage::Question;
using storage::QuestionKind;
using storage::Reader;
using storage::RebuildCounts;
using storage::RedirectFacts;
using storage::RejectedDelivery;
using storage::Settled;
using storage::SettledReport;
using storage::Stats;
using storage::Swept;
using storage::TimelineEntry;
using storage::TryMode;
using storage::WriteFailure;
using storage::Writer;
using storage::WriterHooks;
using storage::WriterOptions;
using storage::check_rebuild;
using storage::kClockSeenKey;
using storage::kFirstStartKey;
using storage::kMaxAnybodys;
using storage::kUtcOffsetKey;
using storage::last_sweep_key;
using storage::migrate;
using storage::rebuild;
using namespace std::chrono_literals;

// Somebody with the sqlite3 shell: foreign keys off, no defensive mode.
class Stranger {
 public:
  explicit Stranger(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &handle_) == SQLITE_OK);
    sqlite3_busy_timeout(handle_, 5'000);
  }
  ~Stranger() { sqlite3_close(handle_); }
  Stranger(const Stranger&) = delete;
  Stranger& operator=(const Stranger&) = delete;

  // The error, or the empty text.
  std::string run(const std::string& sql) {
    char* error = nullptr;
    sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, &error);
    std::string text = error == nullptr ? "" : error;
    sqlite3_free(error);
    return text;
  }
  [[nodiscard]] sqlite3* handle() { return handle_; }
  // All rows, columns joined by `|`, NULL as `-`.
  std::vector<std::string> rows(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    REQUIRE_MESSAGE(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK,
                    sqlite3_errmsg(handle_));
    std::vector<std::string> found;
    while (sqlite3_step(statement) == SQLITE_ROW) {
      std::string row;
      for (int i = 0; i < sqlite3_column_count(statement); ++i) {
        const unsigned char* text = sqlite3_column_text(statement, i);
        if (i > 0) row += '|';
        row += text == nullptr ? "-" : reinterpret_cast<const char*>(text);
      }
      found.push_back(std::move(row));
    }
    sqlite3_finalize(statement);
    return found;
  }
  std::string value(const std::string& sql) {
    const std::vector<std::string> found = rows(sql);
    return found.empty() ? "" : found.front();
  }

 private:
  sqlite3* handle_ = nullptr;
};

// What the writer told its hooks, for any thread.
struct Heard {
  std::mutex mutex;
  std::vector<std::size_t> batches;
  std::vector<std::string> troubles;
  std::vector<CommitNotice> notices;
  std::promise<void> first_trouble;
};

class Store {
 public:
  explicit Store(DecisionPolicy policy = both_apis(), bool started = true,
                 std::size_t queue_capacity = 65'536, std::size_t max_batch = 512)
      : path_(folder_ / "reconciled.db") {
    (void)migrate(path_);
    open(policy, queue_capacity, max_batch);
    if (started) writer_->start();
  }

  void open(const DecisionPolicy& policy, std::size_t queue_capacity = 65'536,
            std::size_t max_batch = 512, int checkpoint_pages = 4'096) {
    writer_.reset();
    WriterHooks hooks;
    hooks.batch = [this](std::size_t units) {
      const std::lock_guard lock(heard_.mutex);
      heard_.batches.push_back(units);
    };
    hooks.troubled = [this](const std::string& what) {
      const std::lock_guard lock(heard_.mutex);
      heard_.troubles.push_back(what);
      if (heard_.troubles.size() == 1) heard_.first_trouble.set_value();
    };
    hooks.committed = [this](const CommitNotice& notice) {
      const std::lock_guard lock(heard_.mutex);
      heard_.notices.push_back(notice);
    };
    writer_ = std::make_unique<Writer>(storage::Store(path_),
                                       WriterOptions{.decide = decide_,
                                                     .now = clock_,
                                                     .notification_body = body_,
                                                     .queue_capacity = queue_capacity,
                                                     .max_batch = max_batch,
                                                     .checkpoint_pages = checkpoint_pages},
                                       hooks);
    writer_->adopt(policy, {10s, 30s, 60s}, at(0));
  }

  void close() { writer_.reset(); }

  // How payments are decided from the next `open` on.
  void decide_with(std::function<Decision(const PaymentEvidence&, const DecisionPolicy&)> decide) {
    decide_ = std::move(decide);
  }

  // What messages to the shop's backend say, from the next `open` on; nobody is told before.
  void tell_with(storage::NotificationBody body) { body_ = std::move(body); }
  // The clock of the times that come, from the next `open` on.
  void tell_time_by(std::function<core::Time()> clock) { clock_ = std::move(clock); }

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Writer& writer() { return *writer_; }
  [[nodiscard]] Heard& heard() { return heard_; }
  // Until now; the writer may go on.
  [[nodiscard]] std::vector<CommitNotice> notices() {
    const std::lock_guard lock(heard_.mutex);
    return heard_.notices;
  }
  [[nodiscard]] Reader reader() const { return Reader(storage::Store(path_)); }

  // Calls `start` with a completion and waits for what it is told.
  template <class T, class Start>
  Outcome<T, WriteFailure> wait(Start start) {
    auto promise = std::make_shared<std::promise<Outcome<T, WriteFailure>>>();
    auto future = promise->get_future();
    start([promise](const Outcome<T, WriteFailure>& outcome) { promise->set_value(outcome); });
    return future.get();
  }
  Accepted accept(const NewEvent& event) {
    return wait<Accepted>([&](auto done) { writer_->accept_event(event, done); }).value();
  }
  ConfirmAnswer confirm(const NewEvent& question) {
    return confirm_told(question, false).answer;
  }
  // `is_late`: "cannot tell" was answered meanwhile.
  storage::Confirmed confirm_told(const NewEvent& question, bool is_late) {
    return wait<storage::Confirmed>([&](auto done) {
             writer_->answer_confirm(question, [is_late] { return is_late; }, done);
           })
        .value();
  }
  // The first decision about each of the events, before any look-up.
  SettledReport begin(const std::vector<EventId>& events, int now,
                      TryMode mode = TryMode::kTogether) {
    SettledReport all;
    for (const EventId id : events) {
      const auto one =
          wait<SettledReport>([&](auto done) { writer_->begin_event(id, at(now), done, mode); })
              .value();
      all.changed.insert(all.changed.end(), one.changed.begin(), one.changed.end());
      all.suspects.insert(all.suspects.end(), one.suspects.begin(), one.suspects.end());
    }
    return all;
  }
  SettledReport settle(const LookupReport& report, TryMode mode = TryMode::kTogether) {
    return wait<SettledReport>([&](auto done) { writer_->settle(report, done, mode); }).value();
  }
  OrderOutcome order(std::int64_t amount, int now = 0, const std::string& name = "",
                     const PaymentId& payment = kPayment, const Currency& currency = kKrw) {
    const OrderRequest request{payment, amount, currency, name, at(now)};
    return wait<OrderOutcome>([&](auto done) { writer_->register_order(request, done); }).value();
  }
  // A person corrects what is paid already.
  OrderOutcome correct(std::int64_t amount, int now, const std::string& note = "typo") {
    OrderRequest request{kPayment, amount, kKrw, "", at(now)};
    request.correction = storage::ByHand{"kim", note};
    return wait<OrderOutcome>([&](auto done) { writer_->register_order(request, done); }).value();
  }
  // A person closes a finding.
  storage::ResolveOutcome resolve(std::int64_t finding, int now, const std::string& note = "seen",
                                  const std::string& by = "kim") {
    return wait<storage::ResolveOutcome>([&](auto done) {
             writer_->resolve_finding({finding, {by, note}, at(now)}, done);
           })
        .value();
  }
  // Registered, and PortOne is to be told.
  OrderOutcome preregister(std::int64_t amount, int now, const PaymentId& payment = kPayment,
                           const std::string& name = "") {
    const OrderRequest request{payment, amount, kKrw, name, at(now), true};
    return wait<OrderOutcome>([&](auto done) { writer_->register_order(request, done); }).value();
  }
  // How PortOne takes what it is told, at that second.
  bool portone_takes(const storage::Preregistration& told,
                     storage::PreregistrationReport::Outcome outcome, int now,
                     const std::string& detail = "") {
    const storage::PreregistrationReport report{
        .told = told, .outcome = outcome, .detail = detail, .answered_at = at(now)};
    return wait<bool>([&](auto done) { writer_->settle_preregistration(report, done); }).value();
  }
  OrderOutcome withdraw(int now, const PaymentId& payment = kPayment) {
    return wait<OrderOutcome>([&](auto done) { writer_->withdraw_order(payment, at(now), done); })
        .value();
  }
  // What PortOne says, asked by order at that second and answered at once.
  SettledReport portone_says(std::vector<Snapshot> snapshots, int asked,
                             std::vector<EventId> events = {}) {
    const QuestionKind kind =
        snapshots.front().api == Api::kV1 ? QuestionKind::kV1Order : QuestionKind::kV2Payment;
    for (Snapshot& snapshot : snapshots) snapshot.asked_at = at(asked);
    LookupReport report = answered({kind, kPayment.str(), kPayment}, asked);
    report.snapshots = std::move(snapshots);
    report.events = covers(events);
    return settle(report);
  }
  // As somebody reads them who asks now.
  [[nodiscard]] std::vector<Cover> covers(const std::vector<EventId>& events) const {
    std::vector<Cover> all;
    Reader now = reader();
    for (const EventId id : events) {
      const auto event = now.event(id);
      REQUIRE(event.has_value());
      all.push_back({id, event->copies});
    }
    return all;
  }
  static LookupReport answered(Question question, int asked,
                               LookupReport::Outcome outcome = LookupReport::Outcome::kAnswered) {
    LookupReport report{.question = std::move(question), .number = asked};
    report.asked_at = report.answered_at = at(asked);
    report.outcome = outcome;
    report.detail = "as told";
    return report;
  }
  [[nodiscard]] PaymentView payment(const PaymentId& id = kPayment) const {
    const auto detail = reader().payment(id, false);
    REQUIRE(detail.has_value());
    return detail->payment;
  }

 private:
  TemporaryFolder folder_;
  std::string path_;
  std::function<Decision(const PaymentEvidence&, const DecisionPolicy&)> decide_ = core::decide;
  std::function<core::Time()> clock_;
  storage::NotificationBody body_;
  Heard heard_;
  std::unique_ptr<Writer> writer_;
};

inline NewEvent arrived(Event event, int received) {
  return {std::move(event), at(received), "203.0.113.7", false, R"({"user-agent":"test"})"};
}
inline NewEvent v1_webhook(const std::string& id, Result status, int received = 1,
                           const PaymentId& payment = kPayment) {
  Event event;
  event.source = EventSource::kWebhook;
  event.api = Api::kV1;
  event.kind = EventKind::kPayment;
  event.type = std::string(to_word(status));
  event.payment_id = payment;
  event.attempt_id = attempt(id);
  event.status = status;
  event.dedupe_text = id + "\n" + payment.str() + "\n" + event.type;
  event.stored_body = "{}";
  return arrived(std::move(event), received);
}
inline NewEvent v2_webhook(const std::string& id, Result status, const std::string& webhook_id,
                           int received = 1, const PaymentId& payment = kPayment) {
  NewEvent made = v1_webhook(id, status, received, payment);
  made.event.api = Api::kV2;
  made.event.type = "Transaction";
  made.event.said_at = portone_at(received);
  made.event.signed_by_portone = true;
  made.event.dedupe_text = webhook_id;
  return made;
}
inline NewEvent redirect(UiState hint, int received, std::optional<std::string> id = std::nullopt,
                         std::optional<PaymentId> payment = kPayment) {
  Event event;
  event.source = EventSource::kRedirect;
  event.api = Api::kV1;
  event.kind = EventKind::kPayment;
  event.type = "redirect";
  event.payment_id = std::move(payment);
  if (id) event.attempt_id = attempt(*id);
  event.hint = hint;
  event.dedupe_text = std::string(to_word(hint)) + id.value_or("");
  event.stored_body = "imp_success=true";
  return arrived(std::move(event), received);
}
inline NewEvent confirm_call(const std::string& id, const std::string& amount, int received = 1) {
  Event event;
  event.source = EventSource::kConfirm;
  event.api = Api::kV1;
  event.kind = EventKind::kConfirm;
  event.type = "confirm";
  event.payment_id = kPayment;
  event.attempt_id = attempt(id);
  event.asked_amount = amount;
  event.dedupe_text = id + "\n" + amount;
  return arrived(std::move(event), received);
}
inline Question about_attempt(const std::string& id, std::optional<PaymentId> payment = kPayment) {
  return {QuestionKind::kV1Attempt, id, std::move(payment)};
}

}  // namespace reconciled::test
