#include "daemon/books/backfill.h"

#include <pthread.h>

#include <algorithm>
#include <future>
#include <iterator>
#include <nlohmann/json.hpp>

#include "daemon/admin/admin_answers.h"
#include "daemon/runtime/log.h"
#include "daemon/views/view_json.h"

namespace reconciled::books {
namespace {

using namespace std::chrono_literals;
using Phase = BackfillState::Phase;

// Windows become longer where little is listed, and shorter where much is.
constexpr std::chrono::milliseconds kFirstWindow = 24h;
constexpr std::chrono::milliseconds kShortest = 1h;
constexpr std::chrono::milliseconds kLongest = 24h * 30;  // PortOne lists 90 days at a time
constexpr std::int64_t kFewRows = 500;
constexpr std::int64_t kManyRows = 5'000;
constexpr std::size_t kWrittenAtOnce = 500;
constexpr auto kBetweenPages = 100ms;
// So many look-ups that are due go first.
constexpr std::int64_t kMostDue = 500;
constexpr auto kLookAgain = 200ms;
constexpr std::chrono::milliseconds kFirstPause = 2s;  // after a fault
constexpr std::chrono::milliseconds kLongestPause = 60s;
constexpr auto kWriteDeadline = 10s;
constexpr auto kPauseInTrouble = 5s;

}  // namespace

void Backfill::add_routes(http::Router& router) {
  router.on("POST", "/backfill", [this](const http::Request& r) { return begin(r); });
  router.on("GET", "/backfill", [this](const http::Request& r) { return show(r); });
  router.on("DELETE", "/backfill", [this](const http::Request& r) { return cancel(r); });
}

http::Answer Backfill::show(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  return admin::json(200, shown());
}

std::string Backfill::shown() {
  auto shared = shared_.lock();
  nlohmann::ordered_json json = to_json(shared->state);
  if (shared->state.phase == Phase::kNone) return dump_json(json);
  json["trouble"] = shared->trouble.empty() ? nlohmann::ordered_json()
                                            : nlohmann::ordered_json(shared->trouble);
  return dump_json(json);
}

http::Answer Backfill::begin(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  const core::Time now = uses_.clock.now();
  const auto wanted = read_backfill_body(request.body, now);
  if (!wanted.ok()) return admin::bad_request(wanted.error());
  BackfillState fresh;
  fresh.phase = Phase::kRunning;
  fresh.from = wanted.value().from;
  fresh.to = wanted.value().to;
  fresh.notify = wanted.value().notify;
  fresh.begin = wanted.value().begin;
  fresh.end = wanted.value().end;
  fresh.walked_to = {fresh.begin, fresh.begin};
  fresh.started_at = now;
  return {admin::unavailable(),
          [this, fresh](const http::Completion& complete) { begin(fresh, complete); }};
}

void Backfill::begin(const BackfillState& fresh, const http::Completion& complete) {
  uses_.timers.after(kWriteDeadline, [complete] { complete(std::nullopt); });
  const std::lock_guard in_order(order_);
  BackfillState before;
  BackfillState begun;
  int number = 0;
  {
    auto shared = shared_.lock();
    before = shared->state;
    begun = fresh;
    if (before.is_same_range(fresh) && before.phase == Phase::kStopped) {
      // What was stopped before its end goes on where it was.
      begun = before;
      begun.phase = Phase::kRunning;
      begun.end = fresh.end;
      begun.ended_at = std::nullopt;
    }
    if (before.phase != Phase::kRunning) {
      shared->state = begun;
      shared->trouble.clear();
      shared->is_kept = false;
      number = ++shared->run;
    }
  }
  if (before.phase == Phase::kRunning) {
    complete(before.is_same_range(fresh)
                 ? admin::json(202, shown())
                 : admin::error(409, "conflict",
                                "a backfill from " + before.from + " to " + before.to +
                                    " is under way, and there is one at a time: GET /backfill tells "
                                    "how far it is, DELETE /backfill stops it"));
    return;
  }
  uses_.writer.note_backfilled({.found = {}, .progress = to_text(begun), .at = fresh.started_at},
                               [this, complete, number, before](const auto& done) {
                                 {
                                   auto shared = shared_.lock();
                                   if (shared->run == number) {
                                     shared->is_kept = true;
                                     if (!done.ok()) shared->state = before;
                                   }
                                 }
                                 wake_.notify_all();
                                 complete(done.ok() ? std::optional(admin::json(202, shown()))
                                                    : std::nullopt);
                               });
}

http::Answer Backfill::cancel(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  return {admin::unavailable(), [this](const http::Completion& complete) {
            uses_.timers.after(kWriteDeadline, [complete] { complete(std::nullopt); });
            const std::lock_guard in_order(order_);
            std::string stopped;
            {
              auto shared = shared_.lock();
              if (shared->state.phase == Phase::kRunning) {
                shared->state.phase = Phase::kStopped;
                shared->state.ended_at = uses_.clock.now();
                shared->trouble.clear();
                ++shared->run;
                stopped = to_text(shared->state);
              }
            }
            if (stopped.empty()) {
              complete(admin::not_found("no backfill is under way"));
              return;
            }
            wake_.notify_all();
            uses_.writer.note_backfilled(
                {.found = {}, .progress = stopped}, [this, complete](const auto& done) {
                  complete(done.ok() ? std::optional(admin::json(200, shown())) : std::nullopt);
                });
          }};
}

void Backfill::prepare() {
  shared_.lock()->state = backfill_from(uses_.writer.keep(storage::kBackfillKey, ""));
}

void Backfill::start() {
  thread_ = std::thread([this] { loop(); });
}

void Backfill::stop_soon() {
  shared_.lock()->is_stopping = true;
  wake_.notify_all();
}

void Backfill::stop() {
  stop_soon();
  if (thread_.joinable()) thread_.join();
}

void Backfill::loop() {
  pthread_setname_np(pthread_self(), "backfill");
  for (;;) {
    int number = 0;
    {
      auto shared = shared_.lock();
      shared.wait(wake_, [&] {
        return shared->is_stopping || (shared->state.phase == Phase::kRunning && shared->is_kept);
      });
      if (shared->is_stopping) return;
      number = shared->run;
    }
    try {
      run(number);
    } catch (const Left&) {
      continue;
    } catch (const std::exception& error) {
      log_error("the backfill is in trouble", {{"error", error.what()}});
      uses_.writer.reading_failed(error);
      say(error.what());
      try {
        wait(kPauseInTrouble, number);
      } catch (const Left&) {
        continue;
      }
    }
  }
}

void Backfill::run(int number) {
  storage::Reader reader(uses_.store);
  for (const core::Api api : {core::Api::kV1, core::Api::kV2}) run_api(reader, api, number);
  end(number);
}

void Backfill::run_api(storage::Reader& reader, core::Api api, int number) {
  const bool is_configured = api == core::Api::kV1 ? uses_.askable.v1 : uses_.askable.v2;
  std::chrono::milliseconds length = kFirstWindow;
  std::chrono::milliseconds pause = kFirstPause;
  for (;;) {
    Window window{api, {}, {}, 0, {}, {}};
    {
      auto shared = shared_.lock();
      if (!is_configured) shared->state.walked(api) = shared->state.end;
      window.from = shared->state.walked(api);
      window.until = std::min(window.from + length, shared->state.end);
      if (window.from >= shared->state.end) return;
    }
    const auto fault = walk(reader, window, number);
    if (!fault) {
      pause = kFirstPause;
      if (window.listed < kFewRows) length = std::min(length * 2, kLongest);
      if (window.listed > kManyRows) length = std::max(length / 2, kShortest);
      continue;
    }
    const std::chrono::milliseconds waited =
        std::clamp(fault->retry_after.value_or(pause), kFirstPause, kLongestPause);
    log_warn("backfill: PortOne's list failed",
             {{"api", core::to_word(api)}, {"reason", fault->detail}});
    say("PortOne's list (" + std::string(core::to_word(api)) + ") failed: " + fault->detail +
        "; it is tried again");
    wait(waited, number);
    pause = std::min(pause * 2, kLongestPause);
  }
}

std::optional<portone::LookupFault> Backfill::walk(storage::Reader& reader, Window& window,
                                                   int number) {
  bool is_left = false;
  const auto page = [&](const portone::ListPage& listed) {
    try {
      take(reader, window, listed, number);
    } catch (const Left&) {
      is_left = true;
      throw std::runtime_error("left");
    }
  };
  std::optional<portone::LookupFault> fault;
  try {
    fault = uses_.portone.walk(window.api, window.from, window.until, page);
  } catch (const std::exception&) {
    if (is_left) throw Left{};
    throw;
  }
  if (fault) return fault;
  write(window, true, number);
  say("");
  return std::nullopt;
}

void Backfill::take(storage::Reader& reader, Window& window, const portone::ListPage& page,
                    int number) {
  give_way(reader, number);
  window.listed += static_cast<std::int64_t>(page.rows());
  window.counts.listed += static_cast<std::int64_t>(page.rows());
  std::vector<storage::Question> found;
  {
    const storage::Reader::Moment moment(reader);
    found = reader.news_in(window.api, uses_.askable, page.snapshots, page.unreadable);
  }
  window.counts.found += static_cast<std::int64_t>(found.size());
  std::move(found.begin(), found.end(), std::back_inserter(window.found));
  for (const core::UnreadableRow& row : page.unreadable) {
    window.counts.unreadable += 1;
    window.counts.named.push_back((row.id.empty() ? "without id" : row.id) + " (" + row.reason +
                                  ")");
    log_warn("backfill: a row of PortOne's list cannot be read",
             {{"api", core::to_word(window.api)}, {"id", row.id}, {"reason", row.reason}});
  }
  if (window.found.size() >= kWrittenAtOnce) write(window, false, number);
}

void Backfill::give_way(storage::Reader& reader, int number) {
  wait(kBetweenPages, number);
  bool has_said = false;
  while (static_cast<std::int64_t>(
             reader.due_lookups(uses_.clock.now(), kMostDue + 1, uses_.askable).size()) > kMostDue) {
    if (!has_said) say("look-ups go first: many are due");
    has_said = true;
    wait(kLookAgain, number);
  }
  if (has_said) say("");
}

void Backfill::write(Window& window, bool is_walked, int number) {
  auto written = std::make_shared<std::promise<bool>>();
  std::future<bool> outcome = written->get_future();
  BackfillState after;
  {
    // What is written behind a cancellation would undo it.
    const std::lock_guard in_order(order_);
    after = state_of(number);
    const auto add = [](std::int64_t& to, std::int64_t& what) { to += std::exchange(what, 0); };
    if (is_walked) {
      after.walked(window.api) = window.until;
      add(after.listed, window.counts.listed);
      add(after.found, window.counts.found);
      add(after.unreadable, window.counts.unreadable);
      for (std::string& row : window.counts.named) {
        const bool is_new = std::find(after.named.begin(), after.named.end(), row) == after.named.end();
        if (is_new && after.named.size() < kMostNamedRows) after.named.push_back(std::move(row));
      }
    }
    uses_.writer.note_backfilled(
        {.found = std::exchange(window.found, {}),
         .to_be_told = after.notify,
         .progress = is_walked ? to_text(after) : std::string(),
         .at = uses_.clock.now()},
        [written](const auto& done) { written->set_value(done.ok()); });
  }
  // The writer ends after this thread, and completes whatever it took.
  if (!outcome.get()) throw std::runtime_error("what was found cannot be written");
  auto shared = shared_.lock();
  if (shared->run == number) shared->state = std::move(after);
}

BackfillState Backfill::state_of(int number) {
  auto shared = shared_.lock();
  if (shared->is_stopping || shared->run != number) throw Left{};
  return shared->state;
}

void Backfill::end(int number) {
  auto written = std::make_shared<std::promise<bool>>();
  std::future<bool> outcome = written->get_future();
  BackfillState after;
  {
    const std::lock_guard in_order(order_);
    after = state_of(number);
    after.phase = Phase::kDone;
    after.ended_at = uses_.clock.now();
    uses_.writer.note_backfilled({.found = {}, .progress = to_text(after)},
                                 [written](const auto& done) { written->set_value(done.ok()); });
  }
  if (!outcome.get()) throw std::runtime_error("its end cannot be written");
  log_info("backfilled", {{"from", after.from},
                          {"to", after.to},
                          {"listed", after.listed},
                          {"found", after.found},
                          {"unreadable", after.unreadable}});
  auto shared = shared_.lock();
  if (shared->run == number) shared->state = std::move(after);
}

void Backfill::wait(std::chrono::milliseconds time, int number) {
  auto shared = shared_.lock();
  const auto is_left = [&] { return shared->is_stopping || shared->run != number; };
  if (shared.wait_for(wake_, time, is_left)) throw Left{};
}

void Backfill::say(const std::string& trouble) { shared_.lock()->trouble = trouble; }

}  // namespace reconciled::books
