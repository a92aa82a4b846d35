#include "daemon/sweeper.h"

#include <pthread.h>

#include <charconv>

#include "daemon/log.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;
using storage::QuestionKind;

// How far a sweep reaches back before the last good one: PortOne's clock, its lists and ours need
// not agree to the second.
constexpr auto kOverlap = 10min;
// How far the very first one reaches back.
constexpr auto kFirstReach = 24h;
constexpr auto kPauseAfterFault = 30s;

const char* key_of(core::Api api) {
  return api == core::Api::kV1 ? "last_sweep_v1_ms" : "last_sweep_v2_ms";
}

}  // namespace

std::optional<core::Time> last_sweep(storage::Reader& reader, core::Api api) {
  const auto kept = reader.kept(key_of(api));
  if (!kept) return std::nullopt;
  std::int64_t ms = 0;
  std::from_chars(kept->data(), kept->data() + kept->size(), ms);
  return core::from_ms(ms);
}

Sweeper::Sweeper(const core::Config& config, const Clock& clock, storage::Writer& writer,
                 Reconciler& reconciler)
    : config_(config), clock_(clock), writer_(writer), reconciler_(reconciler) {}

Sweeper::~Sweeper() { stop(); }

void Sweeper::start() {
  if (config_.reconcile.sweep_every <= 0ms) return;
  thread_ = std::thread([this] { loop(); });
}

void Sweeper::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (asker_) asker_->abort();
    wake_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void Sweeper::loop() {
  pthread_setname_np(pthread_self(), "sweeper");
  std::optional<storage::Reader> reader;
  for (;;) {
    bool good = false;
    try {
      if (!reader) reader.emplace(config_.database_path);
      good = sweep(*reader, clock_.now());
    } catch (const std::exception& error) {
      log_error("the sweep is in trouble", {{"error", error.what()}});
      reader.reset();
    }
    std::unique_lock lock(mutex_);
    const auto every = config_.reconcile.sweep_every;
    const auto pause = good ? every : std::min<std::chrono::milliseconds>(kPauseAfterFault, every);
    wake_.wait_for(lock, pause, [this] { return stopping_; });
    if (stopping_) return;
  }
}

bool Sweeper::sweep(storage::Reader& reader, core::Time now) {
  std::shared_ptr<portone::Asker> asker = reconciler_.make_asker();
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return false;
    asker_ = std::move(asker);
  }
  bool good = true;
  if (config_.v1) good = sweep(reader, core::Api::kV1, now) && good;
  if (config_.v2) good = sweep(reader, core::Api::kV2, now) && good;
  return good;
}

bool Sweeper::sweep(storage::Reader& reader, core::Api api, core::Time now) {
  const std::optional<core::Time> last = last_sweep(reader, api);
  const core::Time from = last ? *last - kOverlap : now - kFirstReach;
  std::int64_t listed = 0;
  std::int64_t news = 0;
  const auto take = [&](const portone::ListPage& page) {
    for (const core::Snapshot& snapshot : page.snapshots) {
      listed += 1;
      // A window that was opened and nothing more is nothing to reconcile; and V1's own list tells
      // of V1 payments.
      if (snapshot.result == core::Result::kReady) continue;
      if (api == core::Api::kV2 && snapshot.version == core::Api::kV1 && config_.v1) continue;
      if (!reader.is_news(snapshot)) continue;
      news += 1;
      const bool v1 = api == core::Api::kV1;
      reconciler_.ask({v1 ? QuestionKind::kV1Attempt : QuestionKind::kV2Payment,
                       v1 ? snapshot.attempt_id.str() : snapshot.payment_id.str(),
                       snapshot.payment_id, {snapshot.attempt_id}});
    }
  };
  const auto fault = asker_->walk(api, from, now, take);
  if (fault) {
    log_warn("sweep failed", {{"api", core::to_word(api)}, {"reason", fault->detail}});
    return false;
  }
  writer_.put(key_of(api), std::to_string(core::to_ms(now)));
  log_info("swept", {{"api", core::to_word(api)}, {"listed", listed}, {"news", news}});
  return true;
}

}  // namespace reconciled
