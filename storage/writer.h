// The one writer: a thread with the process's only writing connection, and group commit.
//
// Any thread hands units of work in; the writer takes whatever is queued, runs it in one
// transaction with a savepoint per unit, commits once (synchronous=FULL) and only then calls each
// unit's completion, on its own thread. Completions must not block. What PortOne and the shop wait
// for goes first, then browsers, then what nobody waits for; each has a queue of its own, bounded
// in units and in bytes, and a unit that finds it full is refused at once and nothing of it
// happens.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "daemon/core/words/outcome.h"
#include "storage/backfill_records.h"
#include "storage/notification_records.h"
#include "storage/store.h"

namespace reconciled::storage {

struct WriteFailure {
  enum class Kind {
    kQueueFull,
    kStopping,
    kUnavailable,  // the world: disk, locks, memory
    kFailed        // the work itself
  } kind = Kind::kFailed;
  std::string detail;
};
template <class T>
using Done = std::function<void(const core::Outcome<T, WriteFailure>&)>;

// What the writer tells the rest of the daemon, on its own thread, after each commit.
struct CommitNotice {
  // New in the inbox, or back in it. The writer begins what is signed by itself, right after it is
  // acknowledged, and where there is little to do also what PortOne's addresses brought; whatever
  // else came is begun once somebody asks for it.
  struct Pending {
    core::EventId event;
    core::Time at{};  // of this arrival
    bool is_signed = false;
    bool is_begun = false;  // or is to be
  };
  std::vector<Pending> pending_events;
  std::vector<Suspect> suspects;  // of those that the writer began: to be tried alone
  bool lookups_changed = false;               // the plan of look-ups may have a new first
  std::vector<Settled> changed;               // payments
  NotificationCounts notifications{};         // messages to the shop's backend
  bool preregistrations_changed = false;      // likewise the plan of what PortOne is told
  std::vector<core::PaymentId> told;          // PortOne was told of these, however it took it
};
struct WriterHooks {
  std::function<void(const CommitNotice&)> committed;
  std::function<void(std::size_t units)> batch;           // after each commit, its size
  std::function<void(const std::string& what)> troubled;  // a batch failed; once a trouble
  // The store makes no sense any more: nothing is written until a restart. Any thread, once.
  std::function<void(const std::string& what)> damaged;
  // Deciding on an event that the writer began failed.
  std::function<void(core::EventId event, const std::string& what)> undecided;
};

struct WriterOptions {
  // How a payment is decided; another one only in tests of what happens when deciding fails.
  std::function<core::Decision(const core::PaymentEvidence&, const core::DecisionPolicy&)> decide =
      core::decide;
  // The clock that tells the times that come; without one they are taken as they come.
  std::function<core::Time()> now;
  // How a message to the shop's backend reads; empty: none is written.
  NotificationBody notification_body;
  // Whether there is anybody to tell now. What was told before is taken back or gone on with all the
  // same.
  bool has_backend = true;
  std::size_t queue_capacity = 16'384;  // of each queue; browsers have a quarter of it
  std::size_t queue_bytes = 32 << 20;   // of the bodies in it, likewise
  std::size_t max_batch = 512;
  // WAL pages (4 KiB each) after which a checkpoint is made.
  int checkpoint_pages = 4'096;
  // A lie that no configuration can tell: completes units before their commit, so that a test of
  // the tests can see acknowledged events get lost.
  bool completes_early = false;
};

class Writer {
 public:
  // The process owns the store. Throws where it cannot be opened.
  Writer(const Store& store, WriterOptions options, WriterHooks hooks);
  ~Writer();  // stops
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Takes over the configuration that decisions hang on; a row of evidence when it changed. A
  // payment keeps the one that it was decided under until the next evidence about it. Before
  // `start`.
  void adopt(const core::DecisionPolicy& policy, const core::Schedule& schedule, core::Time now);
  // The value kept under `key`, which is `first` where there was none. Before `start`.
  std::string keep(const std::string& key, const std::string& first);
  // Replaces the schedule for look-ups planned from now on.
  void set_schedule(const core::Schedule& schedule);

  void start();
  // From now on what the database does not take fails at once, whoever waits for it or not, so that
  // others can stop before `stop`.
  void stop_waiting();
  // Runs what is queued, and what completions queue meanwhile, then ends the thread; where the
  // database takes nothing, all of it fails at once. Later units are refused.
  void stop();

  // What a reader of the same file met. A damaged file takes no more writes until a restart, and
  // `troubled` hears what to do. Any thread.
  void reading_failed(const std::exception& error);
  // What a look through the file found: likewise.
  void found_damage(const std::string& what);

  void accept_event(NewEvent event, Done<Accepted> done);
  // A confirm call: stored and answered in one commit. `is_late` says whether "cannot tell" was
  // answered in its place by then: a new question keeps that answer.
  void answer_confirm(NewEvent question, std::function<bool()> is_late, Done<Confirmed> done);
  // The commit itself took too long: "cannot tell" was answered, and is what is kept.
  void take_back_confirm(core::EventId question);
  void reject_delivery(RejectedDelivery delivery);
  // Counts a try of events that are to be tried alone (promise 8), and commits that before it is
  // made; one that was tried three times in vain is parked.
  void count_tries_alone(std::vector<core::EventId> events, core::Time now,
                         Done<CountedTries> done);
  // Takes counted tries back: they failed through no fault of the events.
  void forgive_tries(std::vector<core::EventId> events);
  // Together with others it is decided one commit after the one that notes that it will be.
  void begin_event(core::EventId event, core::Time now, Done<SettledReport> done,
                   TryMode mode = TryMode::kTogether);
  // Puts a stored event back into the inbox; false: there is none of that number.
  void replay(core::EventId event, Done<bool> done);
  // Decides a payment again from its evidence: its state does not follow from it.
  void derive_again(core::PaymentId payment_id, core::Time now, Done<bool> done);
  void fire_watches(core::Time now);
  // Removes events that nobody vouches for, some at a time (promise 9).
  void forget_unvouched(core::Time now, Done<Forgotten> done);
  // Takes raw bodies and headers of what came before away, some at a time (retention).
  void empty_raw(const Retained& retained, Done<Emptied> done);
  // Gives room that nothing stands on any more back to the disk, some of it. Whether there is more.
  void give_back_room(Done<bool> done);
  // Keeps `value` under `key` in place of what was there.
  void put(std::string key, std::string value, Done<bool> done = {});
  // What a walk over PortOne's list found and how far it came, in one commit.
  void note_swept(Swept swept, Done<bool> done);
  // What a backfill found and how far it came, in one commit.
  void note_backfilled(Backfilled backfilled, Done<bool> done);
  // Our clock was set by so much at `now`, which does not show it yet: what is planned keeps its
  // distance from now.
  void shift_plans(std::chrono::milliseconds by, core::Time now, Done<bool> done);
  // The number of a look-up that begins now: higher than any before, over restarts too. Any thread;
  // waits for a commit once in many thousand.
  [[nodiscard]] std::int64_t next_look_up();
  void settle(LookupReport report, Done<SettledReport> done, TryMode mode = TryMode::kTogether);
  // Only plans the next time for a question whose answer could not be decided on.
  void note_failure(LookupReport report);
  void register_order(OrderRequest request, Done<OrderOutcome> done);
  // A person closes a finding (interface §2, `resolve`).
  void resolve_finding(ResolveRequest request, Done<ResolveOutcome> done);
  void withdraw_order(core::PaymentId payment_id, core::Time now, Done<OrderOutcome> done);
  // How PortOne took an order that it was told; false where nobody waits for that any more.
  void settle_preregistration(PreregistrationReport report, Done<bool> done);

  // How a try to send a message ended; what became of it.
  void note_try(NotificationTry tried, Done<std::optional<core::NotificationState>> done);
  // Sends a message again, or many in slices (interface §2, `resend`).
  void resend(std::int64_t notification, core::Time now, Done<ResendOutcome> done);
  void resend_some(const ResendRequest& request, const ResendSlice& last, core::Time now,
                   Done<ResendSlice> done);
  // Some of the messages that failed are due now. Whether there may be more.
  void hasten_notifications(core::Time now, Done<bool> done);

  // Calls `done` on the writer's thread, behind what nobody waits for and is queued now.
  void call_behind(Done<bool> done);

  [[nodiscard]] std::size_t queued() const;
  // Counts the writer's rounds; the watchdog sees by it that the thread lives.
  [[nodiscard]] std::uint64_t rounds() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reconciled::storage
