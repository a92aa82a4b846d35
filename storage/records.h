// What goes into the store and what comes back: plain values, named for what they mean.
//
// Used by the writer's callers and the reader's. Nothing of SQLite here (design §5: a second
// engine must be able to stand behind the same words).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "daemon/core/decision/confirm.h"
#include "daemon/core/decision/decision.h"
#include "daemon/core/decision/schedule.h"
#include "daemon/core/messages/evidence.h"
#include "daemon/core/messages/portone_answer.h"

namespace reconciled::storage {

// An event on its way in.
struct NewEvent {
  core::Event event;
  core::Time received_at{};
  std::string remote_ip;
  bool known_source = false;  // remote_ip is one of PortOne's
  std::string headers_json;   // the allow-listed ones
};
struct Accepted {
  core::EventId event;  // 0 where it was not taken
  bool is_copy = false;
  // Not taken: nobody vouches for it, and so many such events name the same payment already.
  bool is_one_too_many = false;
};
// Of what anybody can send about one payment, so many different events are taken. A shop and its
// buyers send a handful; deciding reads all of them.
inline constexpr std::int64_t kMaxAnybodys = 1'000;

// How a confirm call was answered.
struct Confirmed {
  core::EventId event;  // 0 where it was not taken
  core::ConfirmAnswer answer;
  bool is_copy = false;  // it was answered so before
};

struct RejectedDelivery {
  core::Time at{};
  std::string remote_ip;
  std::string path;
  int status = 0;
  std::string reason;
  std::string webhook_id;
  std::string content_type;
  std::int64_t body_bytes = 0;
  std::string body_sha256;  // hex
};

// What to ask PortOne, and about what.
enum class QuestionKind { kV1Attempt, kV1Order, kV2Payment };
struct Question {
  QuestionKind kind;
  std::string id;                             // imp_uid, merchant_uid or paymentId
  std::optional<core::PaymentId> payment_id;  // whose it is, where known or claimed
  // Who wants to know, beyond the plan: an attempt that a webhook or redirect named, which PortOne's
  // first answer may not show (V2), and whether only a redirect did.
  std::vector<core::AttemptId> named_attempts;
  bool for_redirect = false;
};
[[nodiscard]] std::string_view to_word(QuestionKind kind);
// Where it is kept up to when an API's lists were walked to the end, unix milliseconds.
[[nodiscard]] std::string last_sweep_key(core::Api api);

// Where `Writer::keep` has the time of the daemon's first start, unix milliseconds: what PortOne
// says of older payments that nobody named is taken in silently.
inline constexpr const char* kFirstStartKey = "first_started_at_ms";

// Where the views find how many seconds the configured time zone is ahead of UTC.
inline constexpr const char* kUtcOffsetKey = "utc_offset_s";

// Where the daemon keeps what time it is, now and then: a start before it tells that the clock was
// set back.
inline constexpr const char* kClockSeenKey = "clock_seen_ms";

// Which APIs can be asked: those that are configured.
struct Askable {
  bool v1 = false;
  bool v2 = false;
};

// An event, and how many of its copies were there when it was read: what a look-up that begins
// afterwards answers for.
struct Cover {
  core::EventId event;
  std::int64_t copies = 1;
  std::optional<core::Result> says{};  // what it claims
  friend auto operator<=>(const Cover&, const Cover&) = default;
};

// How a question was answered.
struct LookupReport {
  enum class Outcome { kAnswered, kNotFound, kUnusable };
  Question question;
  std::int64_t number = 0;  // of the look-up, given as it began; only grows
  core::Time asked_at{};
  core::Time answered_at{};
  Outcome outcome = Outcome::kUnusable;
  // kUnusable: PortOne answered about this very thing, and the answer cannot be read. kAnswered: of
  // what it told some was left out, `unreadable` names it.
  bool is_unreadable = false;
  std::vector<core::UnreadableRow> unreadable;
  // A side question (/transactions, a later page) got no usable answer, the main one stands: ask
  // again.
  bool side_failed = false;
  std::string detail;                     // one line, for people
  std::vector<core::Snapshot> snapshots;  // kAnswered
  std::optional<std::chrono::milliseconds> retry_after;
  std::vector<Cover> events;  // that wait for this answer

  // Whether nothing is left to ask for now.
  [[nodiscard]] bool is_final() const { return outcome != Outcome::kUnusable && !side_failed; }
};

// What a walk over a stretch of PortOne's list found, to be asked about now, and how far it came.
struct Swept {
  core::Api api = core::Api::kV1;
  core::Time up_to{};
  std::vector<Question> found;
};

// Messages to the shop's backend that a change brought.
struct NotificationCounts {
  std::int64_t added = 0;
  std::int64_t superseded = 0;  // no longer true, and never sent
  friend NotificationCounts operator+(const NotificationCounts& a, const NotificationCounts& b) {
    return {a.added + b.added, a.superseded + b.superseded};
  }
};

// A payment as a decision left it.
struct Settled {
  core::PaymentId payment_id;
  core::Result from = core::Result::kNone;
  core::Result to = core::Result::kNone;
  bool deliverable = false;
  std::optional<core::Authority> authority;
  std::vector<core::FindingKind> opened;  // findings
  std::int64_t version = 0;
  NotificationCounts notifications{};  // that it made
};
// An event that failed to be decided on before, or that a crash may have been: nobody knows which of
// those that were decided together it was.
struct Suspect {
  core::EventId event;
  std::int64_t tries = 0;  // that did not end well
};
struct SettledReport {
  std::vector<Settled> changed;
  // Received times of events that this report reconciled.
  std::vector<core::Time> reconciled_events;
  // Where there are any nothing was decided: they are to be tried alone.
  std::vector<Suspect> suspects;
  // Of the report's events: processed or parked meanwhile, so that they need no answer any more.
  std::vector<core::EventId> finished;
  // All of its events are parked: the answer may be what cannot be decided on, and is left.
  bool is_put_aside = false;
};

// What a person does by hand: who, as they call themselves, and why.
struct ByHand {
  std::string by;
  std::string note;
};

// A finding that a person closes.
struct ResolveRequest {
  std::int64_t finding = 0;
  ByHand hand;
  core::Time at{};
};
// kAlready: a person did; the first note stays. kOver: evidence did.
enum class ResolveOutcome { kResolved, kAlready, kOver, kAbsent };

struct OrderRequest {
  core::PaymentId payment_id;
  std::int64_t amount = 0;  // minor units, > 0
  core::Currency currency;
  std::string name;
  core::Time at{};
  bool preregister = false;  // PortOne is told of it, through each API that is configured
  std::optional<ByHand> correction{};  // a person changes what is paid already
};
enum class OrderOutcome { kCreated, kUpdated, kUnchanged, kConflict, kAbsent };

// What one API is to be told of an order before its payment window opens.
struct Preregistration {
  std::int64_t order_id = 0;  // the version of the order
  core::Api api = core::Api::kV1;
  core::PaymentId payment_id;
  core::Money money;
};
// How PortOne took it.
struct PreregistrationReport {
  enum class Outcome { kTaken, kRefused, kUnanswered };
  Preregistration told;
  Outcome outcome = Outcome::kUnanswered;
  std::string detail;  // one line, for people; where refused PortOne's own words, so never logged
  core::Time answered_at{};
  std::optional<std::chrono::milliseconds> retry_after;
};

// --- What is read ------------------------------------------------------------------------------

struct AttemptView {
  core::AttemptId attempt_id;
  core::Api api;
  core::Result result;
  std::optional<std::int64_t> total_amount;
  std::string pg_provider;
  std::string method;
  std::optional<core::VirtualAccount> virtual_account;
  std::string failure_reason;
  core::Time updated_at{};
};

struct PreregistrationView {
  core::Api api;
  core::PreregistrationState state;
  std::string detail;
  core::Time at{};                    // when it came to that
  std::optional<core::Time> next_at;  // PortOne is asked again, or due now
};

struct FindingView {
  std::int64_t id = 0;
  core::PaymentId payment_id;
  core::FindingKind kind;
  bool open = true;
  std::string detail;
  core::Time opened_at{};
  std::optional<core::Time> closed_at;
  std::string closed_by;  // evidence | person; empty while it is open
  std::string by;         // the person, as they called themselves
  std::string note;
};

struct TimelineEntry {
  core::Time at{};
  std::string kind;  // event | snapshot | transition | finding | notification
  std::int64_t id = 0;
  std::string summary;
  std::optional<std::string> from;
  std::optional<std::string> to;
};

struct PaymentView {
  std::int64_t number = 0;  // in the order of creation; 0: known by events only
  core::PaymentId payment_id;
  core::Result result = core::Result::kNone;
  std::optional<core::Authority> authority;
  bool deliverable = false;
  bool unverified = false;
  bool unobstructed = false;
  core::UiState ui_state = core::UiState::kNone;
  core::Result webhook_status = core::Result::kNone;
  std::optional<core::Currency> currency;
  std::optional<std::int64_t> expected_amount;
  std::optional<std::int64_t> total_amount;
  std::optional<std::int64_t> cancelled_amount;
  core::Time created_at{};
  core::Time updated_at{};
  std::optional<core::Time> decided_at;
  std::optional<core::Time> next_lookup_at;
  std::optional<core::Time> asking_ended_at;  // nothing more is planned, and it is still open
  std::int64_t version = 0;
};
struct PaymentDetail {
  PaymentView payment;
  std::vector<AttemptView> attempts;
  std::vector<TimelineEntry> timeline;
  std::vector<FindingView> findings;
};

struct EventView {
  core::EventId id;
  core::Time received_at{};
  core::EventSource source;
  std::optional<core::Api> api;
  core::EventKind kind;
  std::string type;
  std::optional<core::PaymentId> payment_id;
  std::optional<core::AttemptId> attempt_id;
  std::optional<core::Result> status;
  core::UiState hint = core::UiState::kNone;
  std::string reason_code;
  std::string reason_message;
  bool is_signed = false;
  std::string remote_ip;
  bool known_source = false;
  std::int64_t copies = 1;
  core::Time last_arrival{};
  std::optional<core::Time> processed_at;
  std::optional<std::string> headers_json;  // of one event only, not in lists
  std::optional<std::string> body;          // likewise
};

struct NotificationView {
  std::int64_t id = 0;
  core::PaymentId payment_id;
  std::int64_t version = 0;  // of the payment, as it tells it
  core::NotificationType type;
  core::NotificationState state;
  std::int64_t tries = 0;
  std::string outcome;  // of the newest try, for people
  core::Time created_at{};
  std::optional<core::Time> failing_since;
  std::optional<core::Time> next_at;
  std::optional<core::Time> sent_at;
};

// A place in the order of changes: the number of one, and when it was, so that another file's change
// of that number is told from it. Zero: before the first.
struct ChangeCursor {
  std::int64_t number = 0;
  std::int64_t at_ms = 0;
};

struct Stats {
  std::vector<std::pair<core::Result, std::int64_t>> payments_by_result;
  std::vector<std::pair<core::FindingKind, std::int64_t>> open_findings;
  std::int64_t inbox_depth = 0;
  std::optional<core::Time> inbox_oldest;
  std::int64_t lookups_planned = 0;
  std::int64_t lookups_failing = 0;
  ChangeCursor newest_change;
  std::optional<core::Time> last_webhook_v1;
  std::optional<core::Time> last_webhook_v2;
};

// How events are tried (promise 8). Together: the commit before notes which events are decided next,
// and after an unclean end exactly these are suspects. Suspects are tried alone afterwards, one after
// the other, each counted in a commit of its own before. That goes before what nobody waits for: no
// other work comes between the count and its decision.
enum class TryMode { kTogether, kAlone };

// What became of events whose tries were to be counted; those processed long since are in no list.
struct CountedTries {
  std::vector<core::EventId> counted;  // to be decided on now
  std::vector<core::EventId> parked;   // now or earlier
  NotificationCounts notifications{};
};

// For how long what is raw stays, and what `Writer::empty_raw` did.
struct Retained {
  core::Time from{};  // what came before leaves
  core::Time now{};
};
struct Emptied {
  std::int64_t events = 0;
  std::int64_t snapshots = 0;
  std::int64_t messages = 0;  // to the shop's backend
  bool has_more = false;
};

// What `Writer::forget_unvouched` did.
struct Forgotten {
  std::int64_t events = 0;
  bool has_more = false;  // it stopped for others to have their turn
};

}  // namespace reconciled::storage
