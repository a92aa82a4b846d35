// Events that are tried alone, one after the other (promise 8, storage::TryMode).
//
// A crash counts against all events that were being tried together; those that it may have been wait
// here for their turn. The writer's thread alone, but for `go_on`. An innocent event that crashes
// met twice waits until the others are done with, and until the process has lived for a while: where
// it is killed again and again, one event after the other would be parked for it.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <vector>

#include "daemon/core/words/outcome.h"
#include "daemon/runtime/clock.h"
#include "storage/writer.h"

namespace reconciled {

class Trials {
 public:
  using Counted = core::Outcome<storage::CountedTries, storage::WriteFailure>;
  // Hands the decision about those that were counted to the writer, with TryMode::kAlone.
  using Decide = std::function<void(const Counted&)>;

  Trials(storage::Writer& writer, const Clock& clock);

  // `tries`: how often the worst of the events failed.
  void add(std::int64_t tries, std::vector<core::EventId> events, Decide decide);
  // Any thread: whether last tries may be made now may have changed.
  void go_on();
  void stop() { is_stopping_ = true; }

 private:
  using Steady = std::chrono::steady_clock;
  struct Trial {
    std::vector<core::EventId> events;
    Decide decide;
  };
  void next();

  storage::Writer& writer_;
  const Clock& clock_;
  // From then on there are last tries, too; however the machine's clock is set meanwhile.
  const Steady::time_point calm_at_;
  std::multimap<std::int64_t, Trial> waiting_;  // by how often they failed
  bool is_trying_ = false;
  std::atomic<bool> has_last_tries_{false};  // that wait for it
  std::atomic<bool> is_stopping_{false};
};

}  // namespace reconciled
