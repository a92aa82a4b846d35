// Reading the store: a read-only connection with the questions that the daemon asks.
//
// A Reader belongs to one thread; each thread that reads has its own. Nothing here waits for the
// writer (WAL), and nothing here changes the file. Lists page by cursor: pass back `next_cursor`.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/core/books/entry.h"
#include "storage/notification_records.h"
#include "storage/store.h"
#include "storage/story.h"

namespace reconciled::storage {

template <class T>
struct Page {
  std::vector<T> items;
  std::optional<std::int64_t> next_cursor;  // nothing: this was the last page
};

struct PaymentFilter {
  std::optional<core::Result> result;
  std::optional<core::UiState> ui_state;
  std::optional<bool> deliverable;
  std::optional<core::FindingKind> finding;  // an open one of that kind
  std::string contains;                      // in the payment_id; or exactly an attempt_id or a gateway's number
  std::optional<core::Time> since;           // created at or after
  std::optional<core::Time> until;           // created before
  std::int64_t limit = 100;
  std::optional<std::int64_t> cursor;
};

struct EventFilter {
  std::optional<core::EventSource> source;
  std::optional<core::PaymentId> payment_id;
  std::int64_t limit = 100;
  std::optional<std::int64_t> cursor;
};

// What a waiting page shows is decided from.
struct RedirectFacts {
  core::Time arrived{};  // the redirect's newest copy
  core::UiState hint = core::UiState::kNone;
  std::string reason;  // the payment window's own words
  std::optional<core::PaymentId> payment_id;
  std::optional<core::AttemptId> attempt_id;
  std::optional<core::Api> api;
  std::optional<PaymentView> payment;
  std::optional<AttemptView> attempt;  // the redirect's, where PortOne binds it to the payment
  // A look-up that began after the redirect's newest copy was answered, if only by "unknown".
  bool is_answered = false;
  // When PortOne was last asked about this payment or attempt with a usable answer.
  std::optional<core::Time> asked_at;
};

// An event that waits to be reconciled.
struct InboxEvent {
  core::EventId id;
  core::EventSource source;
  std::optional<core::Api> api;
  std::optional<core::PaymentId> payment_id;
  std::optional<core::AttemptId> attempt_id;
  std::string remote_ip;
  std::int64_t copies = 1;
  // Signed, from one of PortOne's addresses, or about something that a registered order or
  // PortOne's answer named; anything else is looked up within a budget (design §2).
  bool is_trusted = false;
  // Not by the address alone: what it names is asked about first.
  bool is_proven = false;
  // Neither signed nor from one of PortOne's addresses: whoever knows the order can have sent it.
  bool is_anybodys = false;
  std::optional<core::Result> says{};  // what it claims

  [[nodiscard]] const std::string& subject() const {
    return payment_id ? payment_id->str() : attempt_id->str();
  }
};

// A look-up of an attempt that only a message named.
struct DueAttempt {
  Question question;
  bool is_vouched_for = false;  // one of PortOne's addresses sent it; others share a budget
};

class Reader {
 public:
  // Throws where it cannot be opened; the store may go.
  explicit Reader(const Store& store);
  ~Reader();
  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;

  // One payment with all there is; also one that only events name, as `none`.
  [[nodiscard]] std::optional<PaymentDetail> payment(const core::PaymentId& id, bool with_timeline);
  [[nodiscard]] Page<PaymentView> payments(const PaymentFilter& filter);
  // Payments in the order of their last change, each once, that come after `cursor`. Nothing where
  // the cursor is of another file: an older copy was put back.
  struct Changes {
    std::vector<PaymentDetail> items;
    ChangeCursor next;
  };
  [[nodiscard]] std::optional<Changes> changes(std::int64_t limit, const ChangeCursor& cursor);
  [[nodiscard]] std::optional<core::ExpectedOrder> order(const core::PaymentId& id);
  // Of the newest version of the order, by API; nothing where PortOne was never to be told of it.
  [[nodiscard]] std::vector<PreregistrationView> preregistrations(const core::PaymentId& id);
  [[nodiscard]] Page<EventView> events(const EventFilter& filter);
  [[nodiscard]] std::optional<EventView> event(core::EventId id);
  [[nodiscard]] std::vector<RejectedDelivery> rejected(std::int64_t limit);
  [[nodiscard]] std::optional<FindingView> finding(std::int64_t id);
  [[nodiscard]] Page<FindingView> findings(bool open_only, std::int64_t limit,
                                           std::optional<std::int64_t> cursor);
  [[nodiscard]] Page<NotificationView> notifications(std::optional<core::NotificationState> state,
                                                     std::int64_t limit,
                                                     std::optional<std::int64_t> cursor);
  [[nodiscard]] Stats stats();
  // The kinds of findings that are open: how many, since when, and of the newest whose they are.
  struct OpenKind {
    core::FindingKind kind;
    std::int64_t count = 0;
    core::Time since{};
    std::int64_t newest = 0;  // the highest number of one
    std::vector<core::PaymentId> payments;
  };
  [[nodiscard]] std::vector<OpenKind> open_kinds(std::int64_t payments_each);
  [[nodiscard]] std::optional<RedirectFacts> redirect(core::EventId id);

  // For the dashboard: never more than indexes and a few thousand rows give at once. One payment's
  // story, also of one that only events name; payments whose id, or an attempt's, begins so, or, of
  // the newest, holds it anywhere; a page of a list; open findings of a kind.
  [[nodiscard]] std::optional<Story> story(const core::PaymentId& id);
  [[nodiscard]] std::vector<PaymentView> search(const std::string& text, std::int64_t limit);
  [[nodiscard]] Page<PaymentView> listing(const PaymentListing& wanted);
  [[nodiscard]] Page<FindingView> open_findings(std::optional<core::FindingKind> kind,
                                                std::int64_t limit,
                                                std::optional<std::int64_t> cursor);

  // For the notifier: what is due, by its time; when the next one is; one of them, while it is due;
  // and how it goes.
  [[nodiscard]] std::vector<std::int64_t> due_notifications(core::Time now, std::int64_t limit);
  [[nodiscard]] std::optional<core::Time> next_notification();
  [[nodiscard]] std::optional<DueNotification> due_notification(std::int64_t id, core::Time now);
  [[nodiscard]] NotificationOutlook notification_outlook();

  // For the reconciler.
  [[nodiscard]] std::vector<core::EventId> inbox_after(core::EventId id, std::int64_t limit);
  [[nodiscard]] std::optional<InboxEvent> inbox_event(core::EventId id);
  // While it lives, all that is read is as of one moment, which also makes many small readings
  // cheap. Not for long: the WAL keeps what it may still read.
  class Moment {
   public:
    explicit Moment(Reader& reader);
    ~Moment();
    Moment(const Moment&) = delete;
    Moment& operator=(const Moment&) = delete;

   private:
    Reader& reader_;
  };
  // Look-ups of an API that is not configured wait until it is again.
  [[nodiscard]] std::vector<Question> due_lookups(core::Time now, std::int64_t limit,
                                                  Askable askable);
  // Due too, but about attempts that PortOne bound to no payment yet (V1).
  [[nodiscard]] std::vector<DueAttempt> due_attempts(core::Time now, std::int64_t limit);
  [[nodiscard]] std::optional<core::Time> next_lookup(Askable askable);
  // What that API is to be told now, first what it was not told in vain; and when it will be.
  [[nodiscard]] std::vector<Preregistration> due_preregistrations(core::Api api, core::Time now,
                                                                  std::int64_t limit);
  [[nodiscard]] std::optional<core::Time> next_preregistration(core::Api api);
  [[nodiscard]] bool has_due_watch(core::Time now);
  // When the oldest webhook that is certainly PortOne's and can be asked about came, of those that
  // wait to be decided.
  [[nodiscard]] std::optional<core::Time> oldest_waiting(Askable askable);
  // Up to when that API's lists were last walked to the end; nothing before the first time.
  [[nodiscard]] std::optional<core::Time> last_sweep(core::Api api);
  // Whether PortOne's list tells something about the attempt that the store does not know.
  [[nodiscard]] bool is_news(const core::Snapshot& listed);
  // What a page of that API's list tells anew, as the questions to ask about it. What cannot be read
  // of a payment of ours is asked about by itself.
  [[nodiscard]] std::vector<Question> news_in(core::Api api, Askable askable,
                                              const std::vector<core::Snapshot>& listed,
                                              const std::vector<core::UnreadableRow>& unreadable);

  // For a day's books: an attempt as we stand on it, with what stands beside it. `named`: the payment
  // that PortOne counts it for, where no answer has told us of it.
  [[nodiscard]] core::OurBooking booking(const core::AttemptId& id,
                                         const std::optional<core::PaymentId>& named);
  // Attempts that an answer says something of `day` about, in slices of answers from the newest to
  // the oldest: those that came well before the day cannot. One may come twice, or have become
  // another day's.
  struct BookedSlice {
    std::vector<core::AttemptId> attempts;
    std::optional<std::int64_t> next;  // pass it back; nothing: that was all
  };
  [[nodiscard]] BookedSlice booked_on(const core::BookDay& day, std::optional<std::int64_t> cursor);
  // What the daemon keeps for itself under that key.
  [[nodiscard]] std::optional<std::string> kept(const std::string& key);
  // The payment that an id of PortOne's names, by itself or by one of its attempts; nothing where
  // nobody registered or bound it.
  [[nodiscard]] std::optional<core::PaymentId> payment_of(const std::string& id);
  // V2 answers about one attempt of a payment alone: names the others that are known, so that they
  // are asked for, too. Other questions stay as they are.
  void name_attempts(Question& question);
  // The look-ups that are planned for a payment, due or not.
  [[nodiscard]] std::vector<Question> planned_questions(const core::PaymentId& id);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reconciled::storage
