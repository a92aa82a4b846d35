#include "daemon/portone/rest_client.h"

#include <pthread.h>

#include <algorithm>
#include <condition_variable>
#include <iterator>

#include "daemon/runtime/log.h"

namespace reconciled::portone {
namespace {

using namespace std::chrono_literals;
using storage::LookupReport;
using storage::Question;

constexpr auto kIdle = 1s;

}  // namespace

RestClient::RestClient(const core::Config& config, const Clock& clock, Metrics& metrics,
                       Warnings& warnings)
    : v1_limit_(config.reconcile.lookups_in_flight),
      v2_limit_(config.reconcile.lookups_in_flight),
      watch_(warnings),
      clock_(clock),
      world_{loop_, watch_, v1_limit_, v2_limit_, clock, metrics},
      asker_(std::make_shared<Asker>(config, world_)) {}

RestClient::~RestClient() { stop(); }

void RestClient::start() {
  thread_ = std::thread([this] { run(); });
}

void RestClient::stop() {
  loop_.abort();
  if (thread_.joinable()) thread_.join();
}

void RestClient::run() {
  pthread_setname_np(pthread_self(), "portone");
  while (!loop_.is_aborted() || tasks_ > 0) {
    loop_.run_once(kIdle);
    const auto now = http::InFlightLimit::Steady::now();
    v1_limit_.look(now);
    v2_limit_.look(now);
  }
  *takes_work_.lock() = false;
  // What was posted until then.
  do {
    loop_.run_once(0s);
  } while (tasks_ > 0);
}

bool RestClient::post(std::function<void()> work) {
  auto takes_work = takes_work_.lock();
  if (!*takes_work) return false;
  loop_.post(std::move(work));
  return true;
}

void RestClient::reload(const core::Config& config) {
  auto fresh = std::make_shared<Asker>(config, world_);
  static_cast<void>(post([this, fresh = std::move(fresh)] { asker_ = fresh; }));
}

int RestClient::limit(core::Api api) const {
  const int told = telling_.at(static_cast<std::size_t>(api)).load(std::memory_order_relaxed);
  return std::max(limit_of(api).now() - told, 1);
}

int RestClient::telling_limit(core::Api api) const { return std::max(limit_of(api).now() / 2, 1); }

std::size_t RestClient::batch_size(storage::QuestionKind kind) const {
  return Asker::batch_size(kind);
}

bool RestClient::ask(std::vector<Question> questions, Answered answered) {
  return post([this, questions = std::move(questions), answered = std::move(answered)] {
    start_task(answer(questions), answered);
  });
}

// Whatever fails in it, its questions are asked again.
Task<std::vector<LookupReport>> RestClient::answer(std::vector<Question> questions) {
  const std::shared_ptr<Asker> asker = asker_;  // for as long as this is under way
  std::string fault = "no report for each question";
  try {
    std::vector<LookupReport> reports = co_await asker->ask(questions);
    if (reports.size() == questions.size()) co_return reports;
  } catch (const std::exception& error) {
    fault = error.what();
  }
  log_error("asking PortOne failed", {{"error", fault}});
  std::vector<LookupReport> failed;
  for (const Question& question : questions) {
    LookupReport& report = failed.emplace_back();
    report.question = question;
    report.asked_at = report.answered_at = clock_.now();
    report.detail = "asking failed: " + fault;
  }
  co_return failed;
}

bool RestClient::preregister(storage::Preregistration order, Told told) {
  return post([this, order = std::move(order), told = std::move(told)] {
    telling(order.api) += 1;
    start_task(tell(order), [this, api = order.api, told](storage::PreregistrationReport report) {
      telling(api) -= 1;
      told(std::move(report));
    });
  });
}

// Whatever fails in it, PortOne is told again.
Task<storage::PreregistrationReport> RestClient::tell(storage::Preregistration order) {
  const std::shared_ptr<Asker> asker = asker_;
  std::string fault;
  try {
    co_return co_await asker->preregister(order);
  } catch (const std::exception& error) {
    fault = error.what();
  }
  log_error("telling PortOne of an order failed", {{"error", fault}});
  co_return storage::PreregistrationReport{.told = order,
                                           .detail = "telling failed: " + fault,
                                           .answered_at = clock_.now()};
}

bool RestClient::list_v2(core::Time from, core::Time until, PaymentIds of, Listed listed) {
  return post([this, from, until, of = std::move(of), listed = std::move(listed)] {
    start_task(list_all_v2(from, until, of), listed);
  });
}

Task<std::vector<core::Snapshot>> RestClient::list_all_v2(core::Time from, core::Time until,
                                                           PaymentIds of) {
  const std::shared_ptr<Asker> asker = asker_;
  std::vector<core::Snapshot> all;
  try {
    V2Client::TakeSome take = [&all, &of](const ListPage& page) {
      std::copy_if(page.snapshots.begin(), page.snapshots.end(), std::back_inserter(all),
                   [&](const core::Snapshot& row) { return of.contains(row.payment_id.str()); });
      return all.size() < of.size();
    };
    const std::optional<LookupFault> fault =
        co_await asker->turn_v2_pages(from, until, std::move(take));
    if (fault) log_warn("listing what changed failed", {{"reason", fault->detail}});
  } catch (const std::exception& error) {
    log_error("listing what changed failed", {{"error", error.what()}});
  }
  co_return all;
}

// Hands the pages of a walk to the thread that waits for them, one at a time: the walk goes on with
// the next when the last one was taken.
class RestClient::Walker {
 public:
  // --- on the loop's thread ---
  // Suspends the walk until the page was taken.
  auto hand_over(const ListPage& page) {
    struct HandedOver {
      Walker& walker;
      const ListPage& page;
      [[nodiscard]] bool await_ready() const noexcept { return false; }
      void await_suspend(std::coroutine_handle<> walking) {
        auto state = walker.state_.lock();
        state->page = &page;
        state->walking = walking;
        walker.wake_.notify_one();
      }
      void await_resume() const {
        if (walker.state_.lock()->is_left) throw std::runtime_error("nobody takes its pages");
      }
    };
    return HandedOver{*this, page};
  }
  void end(std::optional<LookupFault> fault) {
    auto state = state_.lock();
    state->fault = std::move(fault);
    state->has_ended = true;
    wake_.notify_one();
  }

  // --- on the thread that waits ---
  // The next page, or nothing at the end.
  [[nodiscard]] const ListPage* next() {
    auto state = state_.lock();
    state.wait(wake_, [&] { return state->page != nullptr || state->has_ended; });
    return state->page;
  }
  // The page was taken: what lets the walk go on, to be done on the loop's thread.
  // `is_left`: it ends there.
  [[nodiscard]] std::coroutine_handle<> taken(bool is_left) {
    auto state = state_.lock();
    state->page = nullptr;
    state->is_left = is_left;
    return std::exchange(state->walking, nullptr);
  }
  [[nodiscard]] std::optional<LookupFault> fault() {
    auto state = state_.lock();
    return std::move(state->fault);
  }

 private:
  struct State {
    const ListPage* page = nullptr;  // of the suspended walk's
    std::coroutine_handle<> walking;
    std::optional<LookupFault> fault;
    bool has_ended = false;
    bool is_left = false;
  };
  LockGuarded<State> state_;
  std::condition_variable wake_;
};

Task<std::optional<LookupFault>> RestClient::walk_all(core::Api api, core::Time from,
                                                      core::Time until, Walker& walker) {
  const std::shared_ptr<Asker> asker = asker_;
  std::string fault;
  try {
    Take take = [&walker](const ListPage& page) -> Task<void> {
      co_await walker.hand_over(page);
    };
    co_return co_await asker->walk(api, from, until, std::move(take));
  } catch (const std::exception& error) {
    fault = error.what();
  }
  co_return LookupFault{LookupOutcome::kUnreachable, "walking failed: " + fault, {}, false};
}

std::optional<LookupFault> RestClient::walk(core::Api api, core::Time from, core::Time until,
                                            const TakePage& take) {
  Walker walker;
  const bool has_begun = post([this, &walker, api, from, until] {
    start_task(walk_all(api, from, until, walker),
               [&walker](std::optional<LookupFault> fault) { walker.end(std::move(fault)); });
  });
  if (!has_begun) return LookupFault{LookupOutcome::kUnreachable, "stopped", {}, false};
  std::exception_ptr error;
  while (const ListPage* const page = walker.next()) {
    try {
      take(*page);
    } catch (const std::exception&) {
      error = std::current_exception();
    }
    const std::coroutine_handle<> walking = walker.taken(error != nullptr);
    // The thread lives as long as the walk is under way.
    loop_.post([walking] { walking.resume(); });
  }
  if (error) std::rethrow_exception(error);
  return walker.fault();
}

}  // namespace reconciled::portone
