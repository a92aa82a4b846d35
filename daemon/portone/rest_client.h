// PortOne over REST: one thread with many calls in flight, of both APIs.
//
// Each API has its own share of calls, which adapts to what it takes: one that hangs costs the other
// nothing. Made and stopped by `app`; asked by the reconciler and the sweep. It decides nothing and
// stores nothing.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <thread>

#include "daemon/core/config/config.h"
#include "daemon/portone/access_watch.h"
#include "daemon/portone/asker.h"
#include "daemon/http/in_flight_limit.h"
#include "daemon/portone/portone.h"
#include "daemon/runtime/lock_guarded.h"

namespace reconciled::portone {

class RestClient final : public PortOne {
 public:
  // `config.reconcile.lookups_in_flight` is the most that is in flight with each API.
  RestClient(const core::Config& config, const Clock& clock, Metrics& metrics, Warnings& warnings);
  ~RestClient() override;  // stops

  void start();
  // Ends what is in flight, whose answers then say nothing, and the thread.
  void stop();
  // Asks with the secrets and addresses of `config` from now on; any thread.
  void reload(const core::Config& config);

  // By how much this machine's clock was set since it agreed with PortOne's; nothing where it did not
  // yet. Any thread.
  [[nodiscard]] std::optional<std::chrono::milliseconds> clock_set_since_agreed() {
    return watch_.set_since_agreed(clock_.wall());
  }

  // What is told takes the place of questions: somebody waits for it.
  [[nodiscard]] int limit(core::Api api) const override;
  [[nodiscard]] int telling_limit(core::Api api) const override;
  [[nodiscard]] std::size_t batch_size(storage::QuestionKind kind) const override;
  [[nodiscard]] bool ask(std::vector<storage::Question> questions, Answered answered) override;
  [[nodiscard]] bool list_v2(core::Time from, core::Time until, PaymentIds of,
                             Listed listed) override;
  [[nodiscard]] bool preregister(storage::Preregistration order, Told told) override;
  [[nodiscard]] std::optional<LookupFault> walk(core::Api api, core::Time from, core::Time until,
                                                const TakePage& take) override;

 private:
  class Walker;

  void run();
  // `work` is done on the thread; false where there is none any more.
  [[nodiscard]] bool post(std::function<void()> work);
  // Starts a task on the thread, which lives as long as any is under way.
  template <class T, class Done>
  void start_task(Task<T> task, Done done) {
    ++tasks_;
    portone::start(std::move(task), [this, done = std::move(done)](T value) {
      done(std::move(value));
      --tasks_;
    });
  }
  [[nodiscard]] Task<std::vector<storage::LookupReport>> answer(
      std::vector<storage::Question> questions);
  [[nodiscard]] Task<storage::PreregistrationReport> tell(storage::Preregistration order);
  [[nodiscard]] std::atomic<int>& telling(core::Api api) {
    return telling_.at(static_cast<std::size_t>(api));
  }
  [[nodiscard]] const http::InFlightLimit& limit_of(core::Api api) const {
    return api == core::Api::kV1 ? v1_limit_ : v2_limit_;
  }
  [[nodiscard]] Task<std::vector<core::Snapshot>> list_all_v2(core::Time from, core::Time until,
                                                              PaymentIds of);
  [[nodiscard]] Task<std::optional<LookupFault>> walk_all(core::Api api, core::Time from,
                                                          core::Time until, Walker& walker);

  http::ClientLoop loop_;
  http::InFlightLimit v1_limit_;
  http::InFlightLimit v2_limit_;
  AccessWatch watch_;
  const Clock& clock_;
  const Asker::World world_;
  // The thread's alone, once it runs.
  std::shared_ptr<Asker> asker_;  // replaced as a whole by `reload`
  int tasks_ = 0;

  std::array<std::atomic<int>, 2> telling_{};  // orders that an API is being told of

  LockGuarded<bool> takes_work_{true};
  std::thread thread_;
};

}  // namespace reconciled::portone
