// PortOne's answers on their way to the writer, and events on theirs before the first answer.
//
// PortOne's thread and the reconciler's hand things in; the writer's thread goes on with them. The
// writer decides inside its transaction; here is only what becomes of it. Each event is a unit of
// work of its own: a bad one stops no other (promise 8).
#pragma once

#include <atomic>

#include "daemon/reconcile/asking.h"
#include "daemon/reconcile/mailbox.h"
#include "daemon/reconcile/trials.h"
#include "daemon/runtime/metrics.h"
#include "storage/writer.h"

namespace reconciled {

class Answers {
 public:
  Answers(storage::Writer& writer, const Clock& clock, Asking& asking, Trials& trials,
          Mailbox& mailbox, Metrics& metrics);

  // Decides on what is known before PortOne answers, so that webhook_status and ui_state do not wait
  // for it.
  void begin(core::EventId event, core::Time now);
  // One that failed before, or that a crash may have been; on the writer's thread.
  void begin_alone(const storage::Suspect& suspect, core::Time now);
  // Events that the writer has to begin.
  [[nodiscard]] std::size_t beginning() const { return beginning_.load(); }

  void take(storage::LookupReport report);

 private:
  void begin(core::EventId event, core::Time now, storage::TryMode mode);
  void note_begun();
  void write(const storage::LookupReport& report, storage::TryMode mode);
  void written(const storage::LookupReport& report, const storage::SettledReport& settled);
  void try_alone(storage::LookupReport report, const std::vector<storage::Suspect>& suspects);
  // The answer is lost: the database did not take it.
  void ask_again(const storage::Question& question);

  storage::Writer& writer_;
  const Clock& clock_;
  Asking& asking_;
  Trials& trials_;
  Mailbox& mailbox_;
  Metrics& metrics_;
  std::atomic<std::size_t> beginning_{0};
};

}  // namespace reconciled
