#include "daemon/reconcile/sweeper.h"

#include <pthread.h>

#include <algorithm>
#include <future>
#include <iterator>
#include <set>

#include "daemon/runtime/log.h"

namespace reconciled {
namespace {

using namespace std::chrono_literals;

// How far a sweep reaches back before the last good one: PortOne's clock, its lists and ours need
// not agree to the second.
constexpr auto kOverlap = 10min;
// How far the very first one reaches back.
constexpr auto kFirstReach = 24h;
// PortOne's lists take 90 days at a time, and so many rows.
constexpr auto kWindow = 24h * 7;
constexpr std::size_t kMostNamed = 5;  // unreadable rows, in a warning
constexpr auto kPauseAfterFault = 30s;
constexpr int kFailuresToWarn = 3;  // in a row

}  // namespace

Sweeper::Sweeper(std::chrono::milliseconds every, storage::Askable askable, const Clock& clock,
                 const storage::Store& store, storage::Writer& writer, portone::PortOne& portone,
                 Warnings& warnings)
    : every_(every),
      askable_(askable),
      clock_(clock),
      store_(store),
      writer_(writer),
      portone_(portone),
      warnings_(warnings) {}

Sweeper::~Sweeper() { stop(); }

void Sweeper::start() {
  if (every_ <= 0ms) return;
  thread_ = std::thread([this] { loop(); });
}

void Sweeper::stop_soon() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  wake_.notify_one();
}

bool Sweeper::is_stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

void Sweeper::stop() {
  stop_soon();
  if (thread_.joinable()) thread_.join();
}

void Sweeper::loop() {
  pthread_setname_np(pthread_self(), "sweeper");
  std::optional<storage::Reader> reader;
  for (;;) {
    bool good = false;
    try {
      if (!reader) reader.emplace(store_);
      good = sweep(*reader, clock_.now());
    } catch (const std::exception& error) {
      log_error("the sweep is in trouble", {{"error", error.what()}});
      writer_.reading_failed(error);
      reader.reset();
    }
    std::unique_lock lock(mutex_);
    const auto pause = good ? every_ : std::min<std::chrono::milliseconds>(kPauseAfterFault, every_);
    wake_.wait_for(lock, pause, [this] { return stopping_; });
    if (stopping_) return;
  }
}

bool Sweeper::sweep(storage::Reader& reader, core::Time now) {
  bool good = true;
  if (askable_.v1) good = sweep(reader, core::Api::kV1, now) && good;
  if (askable_.v2) good = sweep(reader, core::Api::kV2, now) && good;
  return good;
}

bool Sweeper::sweep(storage::Reader& reader, core::Api api, core::Time now) {
  const std::optional<core::Time> last = reader.last_sweep(api);
  // A mark of the future tells that our clock was set back: nobody knows what it left out.
  const bool is_usable = last && *last <= now;
  const core::Time begin = (is_usable ? *last : now - kFirstReach) - kOverlap;
  Counts counts;
  for (Window window{api, begin, begin}; window.until < now; window.from = window.until) {
    window.until = std::min(window.from + kWindow, now);
    if (const auto fault = walk(reader, window, counts)) {
      if (is_stopping()) return false;
      log_warn("sweep failed", {{"api", core::to_word(api)}, {"reason", *fault}});
      if (++failures(api) < kFailuresToWarn) return false;
      warnings_.raise(WarningKind::kSweepFailing, core::to_word(api),
                      "PortOne's recent payments cannot be listed (" + *fault +
                          "): what happened without a webhook is found late.");
      return false;
    }
  }
  failures(api) = 0;
  warnings_.lower(WarningKind::kSweepFailing, core::to_word(api));
  tell_of_unreadable(api, counts.unreadable);
  log_info("swept",
           {{"api", core::to_word(api)}, {"listed", counts.listed}, {"news", counts.news}});
  return true;
}

// The list goes on without them, and a person is told whose they are.
void Sweeper::tell_of_unreadable(core::Api api, const std::vector<core::UnreadableRow>& rows) {
  if (rows.empty()) {
    warnings_.lower(WarningKind::kUnreadableRows, core::to_word(api));
    return;
  }
  std::string named;
  std::set<std::string> told;
  for (const core::UnreadableRow& row : rows) {
    if (told.size() >= kMostNamed || !told.insert(row.id).second) continue;
    named += (named.empty() ? "" : ", ") + (row.id.empty() ? "without id" : row.id) + " (" +
             row.reason + ")";
  }
  warnings_.raise(WarningKind::kUnreadableRows, core::to_word(api),
                  std::to_string(rows.size()) +
                      " rows of PortOne's recent list cannot be read and were set aside: " + named +
                      ". Look at them in the console.");
}

std::optional<std::string> Sweeper::walk(storage::Reader& reader, const Window& window,
                                         Counts& counts) {
  storage::Swept swept{.api = window.api, .up_to = window.until};
  const auto take = [&](const portone::ListPage& page) {
    counts.unreadable.insert(counts.unreadable.end(), page.unreadable.begin(),
                             page.unreadable.end());
    counts.listed += static_cast<std::int64_t>(page.snapshots.size());
    auto found = reader.news_in(window.api, askable_, page.snapshots, page.unreadable);
    counts.news += static_cast<std::int64_t>(found.size());
    std::move(found.begin(), found.end(), std::back_inserter(swept.found));
  };
  if (const auto fault = portone_.walk(window.api, window.from, window.until, take)) {
    return fault->detail;
  }
  if (!write(std::move(swept))) return "the database cannot be written";
  return std::nullopt;
}

bool Sweeper::write(storage::Swept swept) {
  auto written = std::make_shared<std::promise<bool>>();
  std::future<bool> outcome = written->get_future();
  writer_.note_swept(std::move(swept),
                     [written](const auto& done) { written->set_value(done.ok()); });
  // The writer ends after this thread, and completes whatever it took.
  return outcome.get();
}

}  // namespace reconciled
