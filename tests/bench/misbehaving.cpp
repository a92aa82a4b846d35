// A V2 that misbehaves under a backlog with 128 look-ups in flight, and recovers: what V1 notices of
// it, how many are in flight meanwhile, and how long a stop takes.
#include <algorithm>
#include <atomic>
#include <thread>

#include "tests/bench/measurements.h"
#include "tests/bench/stage.h"

namespace reconciled::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kBacklogged = 3'000;
constexpr std::size_t kOthers = 300;   // of V1
constexpr double kOthersPerSecond = 50;
constexpr auto kLookEvery = 250ms;

e2e::Json fault_of(const std::string& mode) {
  e2e::Json fault{{"mode", mode}, {"where", "v2"}, {"delay_ms", 50}};
  if (mode == "429") fault.update({{"mode", "status"}, {"status", 429}, {"retry_after_s", 1}});
  return fault;
}

LoadResult send(const std::string& address, const std::string& api,
                   const std::vector<Ids>& payments, double per_second) {
  IdMill mill;
  std::vector<std::string> requests;
  for (const Ids& ids : payments) {
    requests.push_back(api == "v1" ? v1_request({address}, ids)
                                   : v2_request({address}, ids, "msg_" + mill.hex(24)));
  }
  Belt belt(std::move(requests));
  return run_load({.address = address,
                   .connections = 8,
                   .duration = 5min,
                   .next = [&belt] { return belt.next(); },
                   .per_second = per_second});
}

std::vector<Ids> known(Stage& stage, const std::string& api, std::size_t count) {
  IdMill mill;
  std::vector<Ids> all(count);
  for (Ids& ids : all) ids = api == "v1" ? mill.make_v1() : mill.make();
  stage.make_known(api, all);
  return all;
}

double decided_ms(const Stage& stage, int percent) {
  return std::stod(stage.daemon.sqlite(
      "SELECT at_ms - said_ms FROM (SELECT t.at_ms, e.received_at_ms AS said_ms "
      "FROM transition t JOIN event e USING (payment_id) WHERE t.to_result = 'paid' "
      "AND t.from_result <> 'paid' AND e.api = 'v1') ORDER BY 1 LIMIT 1 OFFSET " +
      std::to_string(kOthers * static_cast<std::size_t>(percent) / 100)));
}

// In flight at PortOne, as it counts itself.
int in_flight(Stage& stage) {
  const int now = stage.portone.control("GET", "/requests").at("in_flight").get<int>();
  stage.portone.forget_requests();
  return now;
}

}  // namespace

Figures misbehaving(const std::string& mode) {
  Stage stage({.lookups_in_flight = 128});
  const std::vector<Ids> others = known(stage, "v1", kOthers);
  const std::vector<Ids> backlog = known(stage, "v2", kBacklogged);
  const std::string address = stage.daemon.webhook().address;
  stage.portone.rest_fault(fault_of(mode));
  (void)send(address, "v2", backlog, 0);

  std::atomic<bool> is_over{false};
  std::string over_time;
  std::thread watcher([&] {
    for (; !is_over; std::this_thread::sleep_for(kLookEvery)) {
      over_time += " " + std::to_string(in_flight(stage));
    }
  });
  (void)send(address, "v1", others, kOthersPerSecond);
  std::this_thread::sleep_for(1s);
  Figures figures{{"p50_ms", decided_ms(stage, 50)}, {"p99_ms", decided_ms(stage, 99)}};
  over_time += " |";
  stage.portone.rest_fault({{"mode", "slow"}, {"delay_ms", 50}});
  const auto recovers = Clock::now();
  stage.daemon.wait_for_empty_inbox();
  figures["s to catch up"] = std::chrono::duration<double>(Clock::now() - recovers).count();
  is_over = true;
  watcher.join();
  std::fprintf(stderr, "%s: in flight every %d ms, until it recovers | and after:%s\n",
               mode.c_str(), static_cast<int>(kLookEvery.count()), over_time.c_str());

  stage.portone.rest_fault(fault_of(mode));
  (void)send(address, "v2", known(stage, "v2", 200), 0);
  const auto stops = Clock::now();
  if (stage.daemon.stop() != 0) throw std::runtime_error("the daemon did not end in order");
  figures["s to stop"] = std::chrono::duration<double>(Clock::now() - stops).count();
  return figures;
}

}  // namespace reconciled::bench
