// Tells people what begins to be wrong and what is over (interface §3, [alert]).
//
// One thread with many calls in flight: looks at the warnings and the open findings, and takes to
// each URL what it does not know yet. What a URL knows is kept in the database: a restart neither
// repeats nor forgets. It waits for nobody, and nobody waits for it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/alert/courier.h"
#include "daemon/alert/digest_state.h"
#include "daemon/alert/heartbeat.h"
#include "daemon/core/config/config.h"
#include "daemon/runtime/clock.h"
#include "daemon/runtime/warnings.h"
#include "storage/reader.h"
#include "storage/writer.h"

namespace reconciled::alert {

// What messages say of the shop that `config` is of.
[[nodiscard]] Context context_of(const core::Config& config);

class Alerter {
 public:
  struct Uses {
    const core::Config& config;
    const Clock& clock;
    const storage::Store& store;
    storage::Writer& writer;
    Warnings& warnings;
    std::function<std::vector<std::string>()> faults;  // threads that stand still
  };
  explicit Alerter(Uses uses, const Timing& timing = {});
  ~Alerter();  // stops

  // Before the writer's start: reads what was told before.
  void prepare();
  void start();
  // Calls in flight are let go; what they told may be told again.
  void stop();

  // --- any thread ---
  void reload(const core::Config& config);  // the table [alert]
  [[nodiscard]] std::uint64_t rounds() const { return rounds_; }

 private:
  struct Recipient;
  using RecipientPtr = std::shared_ptr<Recipient>;

  void run();
  void take(const core::Config& config);
  void look();
  [[nodiscard]] State warnings_now() const;
  void read_findings(core::Time paced);
  void send_due(const Instant& now);
  void send(const RecipientPtr& recipient, const Telling& telling, const Instant& now);
  void ended(const RecipientPtr& recipient, const Telling& telling, const Verdict& verdict);
  void failed(Recipient& recipient, const Verdict& verdict, core::Time paced);
  void save();
  [[nodiscard]] Instant now() const { return {uses_.clock.paced(), uses_.clock.now()}; }

  const Uses uses_;
  const Timing timing_;
  const core::Time started_;
  std::atomic<std::uint64_t> rounds_{0};
  http::ClientLoop loop_;
  std::thread thread_;

  // --- its thread's ---
  Courier courier_;
  Heartbeat heartbeat_;
  Context context_;
  KeptDigests kept_;
  std::vector<RecipientPtr> recipients_;
  std::optional<storage::Reader> reader_;
  std::optional<State> findings_;
  core::Time findings_at_{};  // read again then
  std::string saved_;         // as it stands in the database
  bool is_saving_ = false;
};

}  // namespace reconciled::alert
