// The reconciler: turns events and due look-ups into questions to PortOne, and answers into
// decisions (design §2).
//
// Its own thread runs `run_once`; look-up threads ask PortOne and hand the answers to the writer,
// which decides inside its transaction. The database is the only memory that matters: whatever is
// lost here comes back from the inbox and the look-up plan at the next start.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "daemon/portone/asker.h"
#include "daemon/reconcile/lookup_budget.h"
#include "daemon/reconcile/lookup_queue.h"
#include "daemon/reconcile/unknown_memory.h"
#include "daemon/runtime/clock.h"
#include "storage/reader.h"
#include "storage/writer.h"

namespace reconciled {

class Reconciler {
 public:
  // Events being begun together. A crash makes suspects of them, which takes a commit for each.
  static constexpr std::size_t kMaxBeginning = 1'024;

  Reconciler(const core::Config& config, Clock& clock, storage::Writer& writer,
             Metrics& metrics, Warnings& warnings);
  ~Reconciler();  // stops
  Reconciler(const Reconciler&) = delete;
  Reconciler& operator=(const Reconciler&) = delete;

  void start();
  void stop();

  // Any thread: asks with the secrets and addresses of `config` from now on.
  void reload(const core::Config& config);

  // Any thread: what the writer committed.
  void committed(const storage::CommitNotice& notice);
  // Any thread: looks a payment up soon. `attempt` is asked for too where nothing is planned.
  void ask_about(const core::PaymentId& payment_id);
  // Any thread: a question that PortOne's lists or a waiting page raised.
  void ask(const storage::Question& question);

  // Any thread: something of its own to ask PortOne with, sharing the token.
  [[nodiscard]] std::shared_ptr<portone::Asker> make_asker();

  // Counts this thread's rounds; the watchdog sees by it that it lives.
  [[nodiscard]] std::uint64_t rounds() const { return rounds_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t waiting_lookups() const { return queue_.waiting(); }

  // One round: claims events and due look-ups. When to run next, if nothing wakes it before.
  core::Time run_once(storage::Reader& reader, core::Time now);

 private:
  // What reached us since the last round.
  struct Mail {
    std::deque<core::EventId> events;
    std::vector<core::PaymentId> payments;
    std::vector<storage::Question> questions;
    std::vector<storage::Question> unwritten;  // their answers could not be written
    std::vector<storage::Question> unknown;  // that only redirects named, and PortOne does not know
    std::vector<core::EventId> unanswered;   // that only redirects brought: no plan asks again
    bool overflowed = false;
  };
  using CountedAlone = core::Outcome<storage::CountedTries, storage::WriteFailure>;
  // What the look-up threads ask with; replaced as a whole by `reload`.
  struct Access {
    core::Config config;
    std::shared_ptr<portone::V1Tokens> tokens;  // null: V1 is not configured
  };
  // Events that are tried alone (storage::TryMode), for the writer's thread.
  struct Trial {
    std::vector<core::EventId> events;
    // Hands the decision about those that were counted to the writer, with TryMode::kAlone.
    std::function<void(const CountedAlone&)> decide;
  };
  void loop();
  void ask_loop(core::Api api, int number, std::size_t asker);
  void settle(const LookupQueue::Job& job, storage::LookupReport report);
  void try_answer(storage::LookupReport report, bool may_wait);
  void try_answer_alone(storage::LookupReport report, std::int64_t tries);
  void write_answer(const storage::LookupReport& report, storage::TryMode mode);
  void write_tried(storage::LookupReport report, const storage::CountedTries& tries,
                   storage::TryMode mode);
  void ask_again(const storage::Question& question);
  void note_for_redirect(const storage::LookupReport& report);
  void begin(std::vector<core::EventId> events, core::Time now);
  [[nodiscard]] bool ask_about(storage::Reader& reader, const storage::InboxEvent& event,
                               core::Time now);
  // Lines the question up, for all attempts of the payment that are known.
  void want(storage::Reader& reader, storage::Question question,
            const std::optional<storage::Cover>& event,
            LookupQueue::Turn turn = LookupQueue::Turn::kFirst);
  void line_up(core::EventId event);
  void postpone(core::Time until, core::EventId event);
  void put_off(core::EventId event);
  [[nodiscard]] bool may_begin_unproven(std::size_t begun) const;
  [[nodiscard]] bool may_scan() const;
  void scan_anew();
  void begin_one(core::EventId event, core::Time now, storage::TryMode mode);
  void note_begun(std::size_t events);
  void try_alone(std::int64_t tries, Trial trial);
  void next_trial();
  void go_on_trying(core::Time now);
  [[nodiscard]] Mail take_mail();
  void scan_inbox(storage::Reader& reader);
  void claim_events(storage::Reader& reader, core::Time now);
  void claim_requests(storage::Reader& reader, const Mail& mail, core::Time now);
  void claim_due(storage::Reader& reader, core::Time now);
  void ask_unwritten(core::Time now);
  void forget_unvouched(core::Time now);
  // Moves what is planned along where somebody set our clock, before the clock shows it.
  void follow_clock();
  void move_memory(std::chrono::milliseconds step);
  [[nodiscard]] std::shared_ptr<portone::Asker> renew_asker(std::shared_ptr<Access>& used,
                                                            std::size_t number);
  // An API that is not configured is not asked: its look-ups wait.
  [[nodiscard]] storage::Askable askable() const;
  void wake();

  const core::Config& config_;
  Clock& clock_;
  storage::Writer& writer_;
  Metrics& metrics_;

  LookupQueue queue_;
  LookupBudget budget_{kStrangerRates};
  LookupBudget payment_budget_{kPaymentRates};
  std::deque<core::EventId> claimed_;  // to be claimed in the next rounds
  std::set<core::EventId> lined_up_;   // the same: each stands there once
  core::EventId scanned_to_{};         // inbox rows up to here were seen by a scan
  bool is_scanning_ = true;            // at the start, and where some were left in the inbox
  bool has_left_some_ = false;         // there was no room for in `postponed_` or `unproven_`
  // Events that may not be asked about yet: over the budget, or just answered with unknown.
  std::multimap<core::Time, core::EventId> postponed_;
  std::deque<core::EventId> unproven_;  // from PortOne's addresses: they wait for the proven ones
  UnknownMemory unknown_;
  std::vector<storage::Question> unwritten_;
  core::Time ask_unwritten_at_{};
  core::Time claim_due_at_{};
  std::atomic<std::chrono::milliseconds> followed_step_{std::chrono::milliseconds{0}};  // being written
  std::atomic<std::chrono::milliseconds> adopted_step_{std::chrono::milliseconds{0}};
  core::Time clock_noted_at_{};
  std::atomic<core::Time> forget_at_{core::Time{}};  // never twice at once

  // The writer's thread alone. By how often they failed: an innocent event that crashes met twice
  // waits until the others are done with.
  std::multimap<std::int64_t, Trial> trials_;
  bool is_trying_ = false;
  // From then on there are last tries, too: where the process is killed again and again, one event
  // after the other would be parked for it.
  const core::Time calm_at_;
  std::atomic<bool> has_last_tries_{false};  // that wait for it
  // Events that the writer has to begin together.
  std::atomic<std::size_t> beginning_{0};

  portone::AccessWatch watch_;
  std::mutex access_mutex_;
  std::shared_ptr<Access> access_;
  // One a thread, of `access_` or older. Each API has threads of its own: one that hangs costs the
  // other nothing.
  std::vector<std::shared_ptr<portone::Asker>> askers_;
  std::vector<std::thread> ask_threads_;

  std::mutex mutex_;
  std::condition_variable wake_;
  Mail mail_;
  bool has_mail_ = false;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> rounds_{0};
  std::thread thread_;
};

}  // namespace reconciled
