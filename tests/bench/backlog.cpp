// A start with a large inbox: when it takes webhooks again, when it decides, what it takes in
// while it works the rest off.
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "daemon/core/messages/webhook.h"
#include "storage/sqlite/migrate.h"
#include "storage/writer.h"
#include "tests/bench/kept_file.h"
#include "tests/bench/measurements.h"
#include "tests/bench/stage.h"

namespace reconciled::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kSeed = 1;      // the same payments whenever the file was made
constexpr std::size_t kKnown = 2'000;   // the first ones; PortOne answers 404 for the others
constexpr std::size_t kQueued = 8'000;  // below the writer's capacity
constexpr std::uintmax_t kEventBytes = 1'000;

storage::NewEvent signed_event(const Ids& ids, const std::string& webhook_id) {
  auto message = core::classify_webhook("application/json", v2_body(ids), true, webhook_id).value();
  message.event.signed_by_portone = true;
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  const e2e::Json headers{{"content-type", "application/json"},
                          {"user-agent", "PortOne/webhook"},
                          {"webhook-id", webhook_id},
                          {"webhook-timestamp", "1700000000"},
                          {"webhook-signature", "v1," + std::string(44, 'A')}};
  return {.event = std::move(message.event),
          .received_at = now,
          .remote_ip = "52.78.5.241",
          .known_source = true,
          .headers_json = headers.dump()};
}

void store_events(const std::string& path, std::int64_t count) {
  storage::migrate(path);
  storage::Writer writer(storage::Store(path), {}, {});
  writer.start();
  std::atomic<std::int64_t> stored = 0;
  IdMill mill(kSeed);
  for (std::int64_t i = 0; i < count; ++i) {
    while (writer.queued() > kQueued) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    writer.accept_event(signed_event(mill.make(), "msg_" + std::to_string(i)),
                        [&stored](const auto& outcome) { stored += outcome.ok() ? 1 : 0; });
  }
  writer.stop();
  if (stored != count) throw std::runtime_error("not all events of the backlog were stored");
}

std::vector<Ids> first_payments() {
  IdMill mill(kSeed);
  std::vector<Ids> first;
  for (std::size_t i = 0; i < kKnown; ++i) first.push_back(mill.make());
  return first;
}

double reconciled_events(const Stage& stage) {
  return std::stod(
      stage.daemon.sqlite("SELECT count(*) FROM event_progress WHERE processed_at_ms IS NOT NULL"));
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

// How many events a second are reconciled during `what`.
double worked_off(const Stage& stage, const std::function<void()>& what) {
  const auto begin = Clock::now();
  const double before = reconciled_events(stage);
  what();
  return (reconciled_events(stage) - before) / seconds_since(begin);
}

}  // namespace

Figures start_with_backlog(std::int64_t events, double seconds) {
  const auto file = kept_file("backlog-" + std::to_string(events),
                              kEventBytes * static_cast<std::uintmax_t>(events),
                              [events](const std::string& path) { store_events(path, events); });
  if (!file) return {};
  Stage stage;
  stage.make_known("v2", first_payments());
  Figures figures;
  figures["s to ready"] = stage.restart_on(*file);
  const auto ready = Clock::now();
  figures["MB when ready"] = stage.daemon.resident_mb();
  e2e::wait_until("a payment is decided", [&stage] {
    return !stage.daemon.get("/payments?result=paid&limit=1").json().at("payments").empty();
  });
  figures["s to decided"] = figures["s to ready"] + seconds_since(ready);
  const auto alone = worked_off(
      stage, [seconds] { std::this_thread::sleep_for(std::chrono::duration<double>(seconds)); });
  Figures load;
  const auto loaded = worked_off(
      stage, [&] { load = webhook_figures({stage.daemon.webhook().address}, 32, seconds); });
  figures.merge(load);
  figures["MB under load"] = stage.daemon.resident_mb();
  figures["worked off/s"] = alone;
  figures["worked off/s under load"] = loaded;
  return figures;
}

}  // namespace reconciled::bench
