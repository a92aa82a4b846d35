// The writer's inside, shared by its sources; private to this folder.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "storage/engine.h"
#include "storage/units/units.h"
#include "storage/writer.h"

namespace reconciled::storage {

// Who waits for a unit of work; the lanes have queues of their own, so that no flood in one fills
// another.
enum class Lane {
  kFirst,      // PortOne or the shop: what a webhook, a confirm call or an order waits for
  kRedirect,   // a browser
  kBackground  // nobody: what comes of it is on disk already
};
inline constexpr std::size_t kLanes = 3;

// One queued piece of work: `run` inside the transaction, then exactly one of the others. It may be
// run a second time after the first was taken back.
struct WriteUnit {
  std::function<void(Session&, CommitNotice&)> run;
  std::function<void()> committed;
  std::function<void(const WriteFailure&)> failed;
  std::size_t bytes = 0;  // of what a sender made as long as they liked
  // What it decides on together with others: a commit notes it before it runs (promise 8).
  std::vector<core::EventId> deciding;
};

inline void append(std::vector<Settled>& all, const std::vector<Settled>& more) {
  all.insert(all.end(), more.begin(), more.end());
}

inline void merge(CommitNotice& all, const CommitNotice& one) {
  all.pending_events.insert(all.pending_events.end(), one.pending_events.begin(),
                            one.pending_events.end());
  all.suspects.insert(all.suspects.end(), one.suspects.begin(), one.suspects.end());
  all.lookups_changed |= one.lookups_changed;
  all.preregistrations_changed |= one.preregistrations_changed;
  all.told.insert(all.told.end(), one.told.begin(), one.told.end());
  append(all.changed, one.changed);
  all.notifications = all.notifications + one.notifications;
}

// What a decision changed, for those who are told after the commit.
inline void note(CommitNotice& notice, const std::vector<Settled>& changed) {
  append(notice.changed, changed);
  for (const Settled& one : changed) {
    notice.notifications = notice.notifications + one.notifications;
  }
}

struct Writer::Impl {
  using Clock = std::chrono::steady_clock;

  Impl(const Store& store, WriterOptions writer_options, WriterHooks writer_hooks);

  void submit(WriteUnit unit, Lane lane);
  // Queues `work`, whose value reaches `done` after the commit.
  template <class T, class Work>
  void submit_for(Lane lane, Work work, Done<T> done, std::size_t bytes = 0) {
    WriteUnit unit = unit_for<T>(std::move(work), std::move(done));
    unit.bytes = bytes;
    submit(std::move(unit), lane);
  }
  template <class T, class Work>
  [[nodiscard]] static WriteUnit unit_for(Work work, Done<T> done) {
    auto value = std::make_shared<std::optional<T>>();
    WriteUnit unit;
    unit.run = [value, work = std::move(work)](Session& s, CommitNotice& notice) mutable {
      value->emplace(work(s, notice));
    };
    if (done) {
      auto shared = std::make_shared<Done<T>>(std::move(done));
      unit.committed = [value, shared] { (*shared)(std::move(**value)); };
      unit.failed = [shared](const WriteFailure& failure) { (*shared)(failure); };
    }
    return unit;
  }

  void loop();
  bool take(std::vector<WriteUnit>& batch);
  void take_from(Lane lane, std::size_t most, std::vector<WriteUnit>& batch);
  void run_next(std::vector<WriteUnit>& batch,
                std::vector<std::optional<WriteFailure>>& failures, CommitNotice& notice);
  void close_group(CommitNotice& notice);
  [[nodiscard]] bool take_background(std::vector<WriteUnit>& batch, std::size_t waited_for,
                                     Clock::time_point end);
  [[nodiscard]] bool runs_together(WriteUnit& unit, CommitNotice& notice);
  void run_background(std::vector<WriteUnit>& batch,
                      std::vector<std::optional<WriteFailure>>& failures, CommitNotice& notice,
                      Clock::duration slice);
  [[nodiscard]] std::deque<WriteUnit>& queue_of(Lane lane) {
    return queues[static_cast<std::size_t>(lane)];
  }
  [[nodiscard]] std::size_t& bytes_of(Lane lane) {
    return queued_bytes[static_cast<std::size_t>(lane)];
  }
  [[nodiscard]] std::size_t queued() const;
  // False where the database did not take it.
  [[nodiscard]] bool run_batch(std::vector<WriteUnit>& batch);
  [[nodiscard]] bool wait_after_failure();
  void fail(std::vector<WriteUnit>& units, const WriteFailure& failure);
  void complete(std::vector<WriteUnit>& batch,
                const std::vector<std::optional<WriteFailure>>& failures);
  // What others do when they are told must not end the writer: the next ones are still to be told.
  template <class Call>
  void call_out(Call call) {
    try {
      call();
    } catch (const std::exception& error) {
      trouble(error.what());
    }
  }
  void index_some(std::int64_t arrived);
  void index_all();
  void begin_accepted(CommitNotice& notice);
  void note_announced();
  // They were not announced after all.
  void take_back_announcement();
  void begin();
  // Keeps in the file that look-ups up to some way beyond `number` may have been given out.
  void reserve_look_ups(std::int64_t number);
  std::optional<WriteFailure> run_unit(WriteUnit& unit, CommitNotice& notice);
  void give_up(std::vector<WriteUnit>& batch, const std::exception& error);
  void trouble(const std::string& what);
  void note_damage(const std::exception& error);

  [[nodiscard]] std::shared_ptr<const DecisionContext> context_now() const {
    const std::lock_guard lock(mutex);
    return context;
  }

  WriterOptions options;
  WriterHooks hooks;
  std::unique_ptr<WriterEngine> engine;
  Session& session;  // the engine's
  // Units that decide together, the writer's thread alone: those that the last commit noted, which
  // the next batch runs, and those that the next commit notes.
  std::deque<WriteUnit> announced;
  std::deque<WriteUnit> to_announce;
  std::size_t accepted_to_begin = 0;  // of these, in front: events that the same commit stores
  bool has_note = false;  // the file names some
  // Those of the batch that are within the open savepoint, and what comes of them.
  struct Group {
    std::size_t begin = 0;
    bool is_open = false;
    CommitNotice notice{};
  };
  Group group;  // the writer's thread alone
  std::atomic<std::size_t> announced_count{0};
  static constexpr std::int64_t kReservedLookUps = 65'536;
  std::atomic<std::int64_t> look_ups{0};           // the newest number given
  std::atomic<std::int64_t> look_ups_reserved{0};  // given out up to here at most, says the file
  // What comes with an earlier time than this was timed before our clock was set forward. The
  // writer's thread alone.
  core::Time earliest{};
  // A step that this batch makes, which the clock shows once it is committed; likewise.
  std::chrono::milliseconds step{0};
  // A time that was read before our clock was set, as near as the clock now has it: what waited
  // behind the step must not plan by a clock that is gone.
  [[nodiscard]] core::Time even(core::Time time) const;
  [[nodiscard]] LookupReport even(const LookupReport& report) const;
  std::int64_t too_many_unsigned = 0;  // events, as far as they were counted
  bool has_recent_events = false;      // that are not indexed yet
  bool is_troubled = false;

  mutable std::mutex mutex;
  std::condition_variable wake;
  std::array<std::deque<WriteUnit>, kLanes> queues;  // by lane
  std::array<std::size_t, kLanes> queued_bytes{};    // likewise
  std::atomic<bool> stopping{false};                 // written under the mutex
  std::string damage;                                // of the file: nothing is written any more
  std::atomic<bool> is_patient{true};  // waits for the write lock; written under the mutex
  bool has_abandoned = false;          // a stop while the database takes nothing: so is all work
  std::shared_ptr<const DecisionContext> context;
  std::atomic<std::uint64_t> rounds{0};
  std::atomic<std::thread::id> own_thread{};
  std::thread thread;
};

}  // namespace reconciled::storage
