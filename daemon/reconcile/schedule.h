// The look-ups that are due by their plan, and what time it is for plans.
//
// Belongs to the reconciler's thread. The plan is on disk: rows stay due until their answer is
// written. A schedule of ten minutes takes ten minutes, whoever sets our clock meanwhile.
#pragma once

#include <atomic>
#include <functional>
#include <vector>

#include "daemon/reconcile/asking.h"
#include "daemon/reconcile/inbox.h"
#include "daemon/runtime/clock.h"
#include "storage/reader.h"
#include "storage/writer.h"

namespace reconciled {

class Schedule {
 public:
  // `wake` has another round of the reconciler's begun; any thread.
  Schedule(Clock& clock, storage::Writer& writer, Asking& asking, Inbox& inbox,
           std::function<void()> wake);

  // Asks what is due.
  void ask_due(storage::Reader& reader, storage::Askable askable, core::Time now);
  // An answer that the database did not take is asked for again, but not at the rate at which a full
  // disk refuses it.
  void ask_unwritten(const std::vector<storage::Question>& more, core::Time now);
  // Has what nobody vouches for removed, some at a time (promise 9).
  void forget_unvouched(core::Time now);
  [[nodiscard]] core::Time forget_at() const { return forget_at_.load(); }

  // Moves what is planned along where somebody set our clock, before the clock shows it; keeps in
  // the file what time it was, so that a start can tell that the clock went back before it.
  void follow_clock();

 private:
  void move_times(std::chrono::milliseconds by);

  Clock& clock_;
  storage::Writer& writer_;
  Asking& asking_;
  Inbox& inbox_;
  const std::function<void()> wake_;
  std::vector<storage::Question> unwritten_;
  core::Time ask_unwritten_at_{};
  core::Time ask_due_at_{};
  core::Time clock_noted_at_{};
  // From here on the writer's thread has a part in them.
  std::atomic<core::Time> forget_at_{core::Time{}};  // never twice at once
  std::atomic<std::chrono::milliseconds> step_being_written_{std::chrono::milliseconds{0}};
  std::atomic<std::chrono::milliseconds> step_written_{std::chrono::milliseconds{0}};
};

}  // namespace reconciled
