#include "daemon/upkeep/retention.h"

#include <pthread.h>

#include <algorithm>
#include <future>
#include <nlohmann/json.hpp>

#include "daemon/admin/admin_answers.h"
#include "daemon/admin/admin_query.h"
#include "daemon/runtime/log.h"
#include "daemon/views/view_json.h"

namespace reconciled::upkeep {
namespace {

using namespace std::chrono_literals;

// A clock that is wrong is found out within the first look-ups and sweeps.
constexpr auto kFirstRound = 10min;
constexpr auto kEvery = 1h;
// Beyond so much the clock was set since the last round: the next one is in time, too, and until then
// PortOne's answers tell whether it is right.
constexpr auto kSetBy = 1min;
// 128 rows a step: some thousand a second at most.
constexpr auto kPause = 20ms;

}  // namespace

void Retention::add_routes(http::Router& router) {
  router.on("POST", http::Router::literal("/prune"), [this](const auto& r) { return begin(r); });
  router.on("GET", http::Router::literal("/prune"), [this](const auto& r) { return show(r); });
}

void Retention::start() {
  if (uses_.days > 0) thread_ = std::thread([this] { loop(); });
}

void Retention::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool Retention::is_stopping() {
  const std::lock_guard lock(mutex_);
  return is_stopping_;
}

void Retention::loop() {
  pthread_setname_np(pthread_self(), "retention");
  using Steady = std::chrono::steady_clock;
  std::chrono::milliseconds wait = kFirstRound;
  core::Time seen = uses_.clock.now();
  Steady::time_point seen_at = Steady::now();
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, wait, [this] { return is_stopping_ || is_asked_; });
      if (is_stopping_) return;
      const core::Time now = uses_.clock.now();
      const bool was_set = (now - seen) - (Steady::now() - seen_at) > kSetBy;
      seen = now;
      seen_at = Steady::now();
      if (was_set && !is_asked_) {
        wait = kEvery;
        continue;
      }
      // One that a person asked for has begun.
      if (!is_asked_) round_ = {round_.number + 1, true, {}, {}, {}};
      is_asked_ = false;
    }
    run();
    wait = kEvery;
  }
}

std::string Retention::clock_fault() const {
  for (const Warning& warning : uses_.warnings.standing()) {
    if (warning.kind == WarningKind::kClock) return "nothing leaves by this clock: " + warning.detail;
    // Its answers are what the clock is compared with.
    if (warning.kind == WarningKind::kPortoneUnreachable) {
      return "nothing leaves while nobody confirms this clock: " + warning.detail;
    }
  }
  const auto set = uses_.set_since_agreed();
  if (!set) return "nothing leaves before PortOne has confirmed this clock, with the next look-up or sweep";
  if (std::chrono::abs(*set) > kSetBy) {
    return "nothing leaves by this clock: it was set by " +
           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*set).count()) +
           " s since it agreed with PortOne's";
  }
  return {};
}

void Retention::run() {
  std::string fault;
  for (bool has_more = true; has_more && fault.empty() && !is_stopping();) {
    fault = clock_fault();
    if (!fault.empty()) break;
    // One was set, and the other does not follow yet.
    const core::Time now = std::min(uses_.clock.now(), uses_.clock.wall());
    const core::Time before = now - std::chrono::days(uses_.days);
    std::promise<core::Outcome<storage::Emptied, storage::WriteFailure>> promise;
    uses_.writer.empty_raw({before, now}, [&promise](const auto& outcome) { promise.set_value(outcome); });
    const auto outcome = promise.get_future().get();
    if (!outcome.ok()) {
      fault = outcome.error().detail;
      break;
    }
    has_more = outcome.value().has_more;
    std::unique_lock lock(mutex_);
    round_.before = before;
    round_.emptied.events += outcome.value().events;
    round_.emptied.snapshots += outcome.value().snapshots;
    round_.emptied.messages += outcome.value().messages;
    if (has_more) wake_.wait_for(lock, kPause, [this] { return is_stopping_; });
  }
  if (fault.empty()) give_back_room();
  const std::lock_guard lock(mutex_);
  round_.is_running = false;
  round_.fault = is_stopping_ ? "the daemon stops" : fault;
  if (!fault.empty()) {
    log_warn("retention waits", {{"why", fault}});
  } else if (round_.emptied.events + round_.emptied.snapshots + round_.emptied.messages > 0) {
    log_info("raw bodies are older than retention and left",
             {{"events", round_.emptied.events},
              {"answers", round_.emptied.snapshots},
              {"messages", round_.emptied.messages}});
  }
}

void Retention::give_back_room() {
  for (bool has_more = true; has_more && !is_stopping();) {
    std::promise<bool> promise;
    uses_.writer.give_back_room([&promise](const auto& outcome) {
      promise.set_value(outcome.ok() && outcome.value());
    });
    has_more = promise.get_future().get();
    std::unique_lock lock(mutex_);
    if (has_more) wake_.wait_for(lock, kPause, [this] { return is_stopping_; });
  }
}

http::Answer Retention::begin(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  if (uses_.days == 0) {
    return admin::error(409, "conflict", "storage.retention_days is 0: everything is kept");
  }
  {
    const std::lock_guard lock(mutex_);
    if (!round_.is_running) {
      round_ = {round_.number + 1, true, {}, {}, {}};
      is_asked_ = true;
    }
  }
  wake_.notify_all();
  return shown(202);
}

http::Answer Retention::show(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  return shown(200);
}

http::Response Retention::shown(int status) {
  const std::lock_guard lock(mutex_);
  const bool is_dated = round_.before != core::Time{};
  return admin::json(
      status,
      dump_json({{"round", round_.number},
                 {"running", round_.is_running},
                 {"retention_days", uses_.days},
                 {"before", is_dated ? nlohmann::ordered_json(core::to_rfc3339(round_.before))
                                     : nlohmann::ordered_json(nullptr)},
                 {"events", round_.emptied.events},
                 {"answers", round_.emptied.snapshots},
                 {"messages", round_.emptied.messages},
                 {"fault", round_.fault.empty() ? nlohmann::ordered_json(nullptr)
                                                : nlohmann::ordered_json(round_.fault)}}));
}

}  // namespace reconciled::upkeep
