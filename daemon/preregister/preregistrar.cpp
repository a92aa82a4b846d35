#include "daemon/preregister/preregistrar.h"

#include <pthread.h>

#include <algorithm>
#include <vector>

#include "daemon/runtime/log.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;
using Outcome = storage::PreregistrationReport::Outcome;
using Steady = std::chrono::steady_clock;

constexpr auto kIdleRound = 1s;
constexpr auto kPauseAfterTrouble = 1s;

std::string_view to_word(Outcome outcome) {
  switch (outcome) {
    case Outcome::kTaken:
      return "done";
    case Outcome::kRefused:
      return "refused";
    case Outcome::kUnanswered:
      return "unanswered";
  }
  return "unknown";
}

// PortOne's own words stay out of the log.
void log_outcome(const storage::PreregistrationReport& report) {
  const storage::Preregistration& told = report.told;
  if (report.outcome == Outcome::kUnanswered) {
    log_debug("PortOne could not be told of an order", {{"payment_id", told.payment_id.str()},
                                                        {"api", core::to_word(told.api)},
                                                        {"reason", report.detail}});
    return;
  }
  log_info("PortOne was told of an order", {{"payment_id", told.payment_id.str()},
                                            {"api", core::to_word(told.api)},
                                            {"outcome", to_word(report.outcome)}});
}

}  // namespace

Preregistrar::Preregistrar(const storage::Store& store, storage::Askable askable,
                           const Clock& clock, storage::Writer& writer, portone::PortOne& portone)
    : store_(store), askable_(askable), clock_(clock), writer_(writer), portone_(portone) {}

Preregistrar::~Preregistrar() { stop(); }

void Preregistrar::start() {
  thread_ = std::thread([this] { loop(); });
}

void Preregistrar::stop() {
  state_.lock()->is_stopping = true;
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Preregistrar::committed(const storage::CommitNotice& notice) {
  if (notice.preregistrations_changed) wake();
}

void Preregistrar::wake() {
  state_.lock()->is_awake = true;
  wake_.notify_one();
}

void Preregistrar::loop() {
  pthread_setname_np(pthread_self(), "preregistrar");
  std::optional<storage::Reader> reader;
  for (;;) {
    core::Time next = clock_.now() + kPauseAfterTrouble;
    try {
      if (!reader) reader.emplace(store_);
      next = run_once(*reader, clock_.now());
    } catch (const std::exception& error) {
      log_error("pre-registering is in trouble", {{"error", error.what()}});
      writer_.reading_failed(error);
      reader.reset();
    }
    auto state = state_.lock();
    state.wait_for(wake_, std::clamp<core::Time::duration>(next - clock_.now(), 0ms, kIdleRound),
                   [&] { return state->is_awake || state->is_stopping; });
    if (state->is_stopping) return;
    state->is_awake = false;
  }
}

core::Time Preregistrar::run_once(storage::Reader& reader, core::Time now) {
  core::Time next = now + kIdleRound;
  if (Steady::now() < not_before_.load()) return next;
  for (const core::Api api : {core::Api::kV1, core::Api::kV2}) {
    if (api == core::Api::kV1 ? !askable_.v1 : !askable_.v2) continue;
    tell_due(reader, api, now);
    const std::optional<core::Time> due = reader.next_preregistration(api);
    // What is due already waits for one that ends, which wakes this.
    if (due && *due > now) next = std::min(next, *due);
  }
  return next;
}

// Those under way are due on disk until what came of them is written.
void Preregistrar::tell_due(storage::Reader& reader, core::Api api, core::Time now) {
  const auto under_way = state_.read([api](const State& state) {
    return std::count_if(state.under_way.begin(), state.under_way.end(),
                         [api](const Telling& telling) { return telling.first == api; });
  });
  std::int64_t room = portone_.telling_limit(api) - under_way;
  if (room <= 0) return;
  for (storage::Preregistration& order : reader.due_preregistrations(api, now, under_way + room)) {
    const Telling telling{api, order.payment_id.str()};
    if (room == 0 || !begin(telling)) continue;
    --room;
    // Where PortOne's thread has ended, we are stopping too.
    static_cast<void>(portone_.preregister(
        std::move(order), [this, telling](const storage::PreregistrationReport& report) {
          answered(telling, report);
        }));
  }
}

bool Preregistrar::begin(const Telling& telling) {
  auto state = state_.lock();
  return !state->is_stopping && state->under_way.insert(telling).second;
}

void Preregistrar::end(const Telling& telling) {
  state_.lock()->under_way.erase(telling);
  wake();
}

void Preregistrar::answered(const Telling& telling, const storage::PreregistrationReport& report) {
  // A call that a stop cuts short says nothing about PortOne.
  if (state_.lock()->is_stopping) return;
  log_outcome(report);
  writer_.settle_preregistration(report, [this, telling](const auto& outcome) {
    // It is told again, but not at the rate at which a full disk refuses it.
    if (!outcome.ok()) not_before_ = Steady::now() + kPauseAfterTrouble;
    end(telling);
  });
}

}  // namespace reconciled
