#include "daemon/upkeep/file_watch.h"

#include <pthread.h>

#include <algorithm>

#include "daemon/runtime/log.h"

namespace reconciled::upkeep {
namespace {

using namespace std::chrono_literals;

constexpr auto kFirstRound = 2s;
constexpr auto kBetweenRounds = 24h;
constexpr auto kAfterTrouble = 10min;
// A twentieth of a core.
constexpr int kPauses = 19;
constexpr auto kLeastPause = 5ms;
constexpr int kMostLogged = 20;  // of a round

}  // namespace

void FileWatch::start() {
  thread_ = std::thread([this] { loop(); });
}

void FileWatch::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool FileWatch::pause(std::chrono::steady_clock::duration time) {
  std::unique_lock lock(mutex_);
  return wake_.wait_for(lock, time, [this] { return is_stopping_; });
}

void FileWatch::loop() {
  pthread_setname_np(pthread_self(), "file_watch");
  std::chrono::steady_clock::duration wait = kFirstRound;
  while (!pause(wait)) {
    wait = kBetweenRounds;
    try {
      run_round();
    } catch (const std::exception& error) {
      // Others say so where it lasts: whoever reads meets it, too.
      log_warn("the file cannot be looked through now", {{"error", error.what()}});
      uses_.writer.reading_failed(error);
      wait = kAfterTrouble;
    }
  }
}

void FileWatch::run_round() {
  using Steady = std::chrono::steady_clock;
  found_ = 0;
  first_.clear();
  storage::FileCheck check(uses_.store);
  const Steady::time_point begun = Steady::now();
  for (;;) {
    const Steady::time_point from = Steady::now();
    const storage::FileCheck::Slice slice = check.next();
    for (const auto& damage : slice.found) tell(damage);
    if (slice.ends_round) break;
    const Steady::duration rest = std::max<Steady::duration>(kPauses * (Steady::now() - from), kLeastPause);
    if (pause(std::max<Steady::duration>(rest, slice.pause))) return;
  }
  log_debug("looked through the file",
            {{"found", found_},
             {"seconds", std::chrono::duration_cast<std::chrono::seconds>(Steady::now() - begun).count()}});
  if (found_ == 0) uses_.warnings.lower(WarningKind::kFileDamaged, kFound);
}

void FileWatch::tell(const storage::FileCheck::Damage& damage) {
  found_ += 1;
  if (first_.empty()) first_ = damage.what;
  if (found_ <= kMostLogged) log_error("the file is damaged", {{"what", damage.what}});
  const std::string others = found_ == 1 ? "" : " and " + std::to_string(found_ - 1) + " more (the log names them)";
  uses_.warnings.raise(WarningKind::kFileDamaged, kFound,
                       first_ + others +
                           ". Keep a copy of the file and its -wal, and see \"file_damaged\" in the runbook.");
  if (damage.breaks_store) uses_.writer.found_damage(damage.what);
  if (damage.claims_too_much) {
    uses_.writer.derive_again(*damage.claims_too_much, uses_.clock.now(), {});
  }
}

}  // namespace reconciled::upkeep
