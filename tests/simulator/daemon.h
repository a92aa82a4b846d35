// The daemon between two starts: the real storage under a driver that keeps the reconciler's and
// the sweeper's rules, one step after the other, over a clock that others set.
//
// It reads what an event covers before it asks, numbers look-ups as they begin, has one in flight
// per payment and API, writes answers when they come, and loses what it has in memory when it ends.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "daemon/reconcile/negative_cache.h"
#include "daemon/reconcile/rate_limit.h"
#include "storage/reader.h"
#include "storage/writer.h"
#include "tests/simulator/portone.h"
#include "tests/simulator/replay.h"

namespace reconciled::simulator {

// The machine: the true time, which PortOne has, and how far its own clock is off.
struct Machine {
  core::Time at = moment(0);
  std::chrono::milliseconds off{0};
  [[nodiscard]] core::Time wall() const { return at + off; }
  [[nodiscard]] int second() const {
    return static_cast<int>(std::chrono::floor<std::chrono::seconds>(at - moment(0)).count());
  }
};

struct Setup {
  core::DecisionPolicy policy;
  core::Schedule schedule;
};

// The process ended between two writes.
struct Killed {};

class Daemon {
 public:
  static constexpr std::chrono::minutes kSweepEvery{10};

  // `keep_files`: called where a kill in the middle of a decision is to leave the files as they are.
  Daemon(const std::string& path, const Setup& setup, Machine& machine, Portone& portone,
         Random& random, std::function<void()> keep_files);

  // Takes a message in; false: that API is not configured.
  bool arrive(storage::NewEvent arrival);
  storage::OrderOutcome put_order(const core::PaymentId& id, const core::ExpectedOrder& order);
  // A person asks for a look-up.
  void ask_about(const core::PaymentId& id);
  // All that is due; then when there is something to do again.
  core::Time run();
  // From now on it ends before its so manieth write, or in the middle of what that decides.
  void die_at(int writes) { writes_left_ = writes; }
  storage::Reader& reader() { return reader_; }
  [[nodiscard]] bool is_asking() const { return !flights_.empty(); }
  // Payments that changed since this was called last.
  std::set<core::PaymentId> take_changed() { return std::exchange(changed_, {}); }

 private:
  using Key = std::pair<storage::QuestionKind, std::string>;
  struct Entry {
    storage::Question question;
    enum class State { kIdle, kQueued, kInFlight } state = State::kIdle;
    bool again = false;
    std::map<core::EventId, std::int64_t> events;
    std::map<core::EventId, std::int64_t> asked;
    std::string busy;
  };
  struct Flight {
    Key key;
    std::int64_t number;
    core::Time asked_at;  // by our clock
    int begun;            // by PortOne's
    core::Time lands_at;  // the true time
  };

  [[nodiscard]] core::Time now() const {
    const core::Time now = machine_.at + base_;
    shown_ = now;
    return now;
  }
  template <class T, class Submit>
  T write(Submit submit) {
    const bool is_last = writes_left_ > 0 && --writes_left_ == 0;
    if (is_last && random_.chance(25)) throw Killed{};
    dies_deciding_ = is_last;
    std::optional<T> value;
    submit(outstanding_.expect<T>([&value](const T& written) { value = written; }));
    outstanding_.wait();
    if (is_last) throw Killed{};
    return std::move(*value);
  }
  void note(const storage::SettledReport& settled);

  void follow_clock();
  void claim_events();
  [[nodiscard]] bool claim(const storage::InboxEvent& event);
  [[nodiscard]] storage::Askable askable() const;
  void begin(const std::vector<core::EventId>& events);
  void claim_due();
  void want(const storage::Question& question, std::optional<storage::Cover> event);

  void take_off();
  void land(const Flight& flight);
  void settle(storage::LookupReport report);
  void finish(const Key& key, bool usable);

  [[nodiscard]] storage::LookupReport ask(const storage::Question& question, core::Time asked_at,
                                          int at);
  void ask_attempt(storage::LookupReport& report, int at);
  void ask_order(storage::LookupReport& report, int at);
  void ask_v2(storage::LookupReport& report, int at);

  void sweep();
  [[nodiscard]] bool sweep(core::Api api);
  [[nodiscard]] bool walk(core::Api api, core::Time from, core::Time until);

  Setup setup_;
  Machine& machine_;
  Portone& portone_;
  Random& random_;
  Outstanding outstanding_;
  const std::function<void()> keep_files_;
  std::atomic<bool> dies_deciding_{false};
  mutable std::atomic<core::Time> shown_{core::Time{}};  // the newest `now`, for the writer's thread
  std::unique_ptr<storage::Writer> writer_;
  storage::Reader reader_;
  std::chrono::milliseconds base_;  // how far our clock is off, as far as we noticed
  int writes_left_ = 0;

  std::deque<core::EventId> claimed_;
  std::multimap<core::Time, core::EventId> postponed_;  // true times
  RateLimit budget_{kStrangerRates};
  RateLimit payment_budget_{kPaymentRates};
  NegativeCache unknown_;
  std::map<Key, Entry> entries_;
  std::deque<Key> ready_;
  std::set<std::string> busy_[2];
  std::vector<Flight> flights_;
  core::Time clock_noted_at_{};
  core::Time forget_at_{};  // true times
  core::Time sweep_at_{};
  std::set<core::PaymentId> changed_;
};

}  // namespace reconciled::simulator
