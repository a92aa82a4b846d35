// The reconciler: turns events and due look-ups into questions to PortOne, and answers into
// decisions (design §2).
//
// Each part has one job: the inbox says what to claim next, asking what is in flight, answers hand
// reports to the writer, trials try what may be poisonous, the schedule asks what is due. This one's
// own thread runs `run_once`, which is a round of them. The database is the only memory that
// matters: whatever is lost here comes back from the inbox and the plan of look-ups at the next
// start.
#pragma once

#include <atomic>
#include <thread>

#include "daemon/portone/portone.h"
#include "daemon/reconcile/answers.h"
#include "daemon/reconcile/asking.h"
#include "daemon/reconcile/inbox.h"
#include "daemon/reconcile/mailbox.h"
#include "daemon/reconcile/schedule.h"
#include "daemon/reconcile/trials.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/lookup_requests.h"
#include "daemon/runtime/metrics.h"
#include "storage/reader.h"
#include "storage/store.h"
#include "storage/writer.h"

namespace reconciled {

class Reconciler final : public LookupRequests {
 public:
  // `askable`: the APIs that are configured; look-ups of another wait.
  Reconciler(const storage::Store& store, storage::Askable askable, Clock& clock,
             storage::Writer& writer, portone::PortOne& portone, Metrics& metrics);
  ~Reconciler() override;  // stops

  void start();
  void stop();

  // What the writer committed; on its thread.
  void committed(const storage::CommitNotice& notice);
  void look_up_soon(const core::PaymentId& payment_id) override;
  void look_up_soon(const storage::Question& question) override;
  [[nodiscard]] std::size_t waiting_lookups() const override { return asking_.waiting(); }

  // Counts this thread's rounds; the watchdog sees by it that it lives.
  [[nodiscard]] std::uint64_t rounds() const { return rounds_.load(std::memory_order_relaxed); }

  // One round: claims events and due look-ups. When to run next, if nothing wakes it before.
  core::Time run_once(storage::Reader& reader, core::Time now);

 private:
  void loop();
  void claim_events(storage::Reader& reader, core::Time now);
  void claim_requests(storage::Reader& reader, const Mailbox::Mail& mail, core::Time now);
  // Lines the question up, for all attempts of the payment that are known.
  void want(storage::Reader& reader, storage::Question question,
            const std::optional<storage::Cover>& event = std::nullopt,
            LookupQueue::Turn turn = LookupQueue::Turn::kFirst);
  [[nodiscard]] Inbox::Load load() const { return {asking_.size(), answers_.beginning()}; }

  const storage::Store& store_;
  const storage::Askable askable_;
  Clock& clock_;
  storage::Writer& writer_;

  Mailbox mailbox_;
  Trials trials_;
  Asking asking_;
  Answers answers_;
  Inbox inbox_;        // this thread's
  Schedule schedule_;  // likewise
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> rounds_{0};
  std::thread thread_;
};

}  // namespace reconciled
