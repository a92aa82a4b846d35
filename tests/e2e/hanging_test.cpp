// A PortOne that hangs: the other API goes on, and a stop ends within a second.
#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

// A second, and what a busy machine takes for starting and watching processes.
constexpr auto kStop = 2s;

void check_stop(DaemonProcess& daemon) {
  const auto begun = Clock::now();
  CHECK(daemon.stop() == 0);
  CHECK(Clock::now() - begun < kStop);
}

bool was_asked(Rig& rig, const std::string& part) {
  const Json log = rig.portone.control("GET", "/requests");
  for (const Json& request : log.at("requests")) {
    if (request.at("target").get<std::string>().find(part) != std::string::npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE("hanging: a V1 login that never answers costs V2 nothing, and a stop a second") {
  Settings settings;
  settings.sweep_every = "1m";
  settings.reconcile_lines = "lookup_schedule = [\"1s\", \"2s\"]\nlookups_in_flight = 2";
  Rig rig(settings);
  rig.portone.rest_fault({{"mode", "timeout"}, {"match", "getToken"}});
  for (int i = 0; i < 20; ++i) {
    const std::string id = "v1-" + std::to_string(i);
    rig.acknowledged(v1_webhook("imp_" + id, id, "paid"));
  }
  wait_until("V1 logs in", [&] { return was_asked(rig, "getToken"); });
  // Registered with both APIs configured: V1 is asked about it, too.
  rig.daemon.register_order("ours");
  const auto begun = Clock::now();
  rig.portone.make({{"payment_id", "ours"}, {"version", "v2"}, {"status", "paid"}});
  rig.daemon.wait_for_result("ours", "paid");
  CHECK(Clock::now() - begun < 5s);
  check_stop(rig.daemon);
}

TEST_CASE("hanging: a stop takes a second while all of PortOne hangs, its lists too") {
  Settings settings;
  settings.sweep_every = "1m";
  Rig rig(settings);
  rig.portone.rest_fault({{"mode", "timeout"}});
  for (int i = 0; i < 20; ++i) {
    const std::string id = "hang-" + std::to_string(i);
    rig.acknowledged(v2_webhook("Transaction.Paid", id, "tx-" + id, {.id = "msg_" + id}));
    rig.acknowledged(v1_webhook("imp_" + id, id, "paid"));
  }
  wait_until("PortOne is asked", [&] { return was_asked(rig, "/payments/hang-"); });
  check_stop(rig.daemon);
}

// Many wait for V2, which goes wrong in each way; V1 does not notice, and once V2 is back everything is
// decided.
TEST_CASE("hanging: V2 goes wrong with many calls in flight and recovers, V1 goes on meanwhile") {
  constexpr int kPayments = 40;
  constexpr int kOfV1 = 5;
  for (const Json& fault : {Json{{"mode", "timeout"}}, Json{{"mode", "trickle"}},
                            Json{{"mode", "refuse"}}, Json{{"mode", "silent"}},
                            Json{{"mode", "status"}, {"status", 429}, {"retry_after_s", 1}}}) {
    CAPTURE(fault.dump());
    Settings settings;
    settings.reconcile_lines =
        "lookup_schedule = [\"1s\", \"2s\", \"4s\", \"1h\"]\nlookups_in_flight = 128";
    Rig rig(settings);
    Json of_v2 = fault;
    of_v2["match"] = "storeId";
    rig.portone.rest_fault(of_v2);
    for (int i = 0; i < kPayments; ++i) {
      const std::string id = "v2-" + std::to_string(i);
      const Json attempt =
          rig.portone.make({{"payment_id", id}, {"version", "v2"}, {"status", "paid"}});
      rig.acknowledged(v2_webhook("Transaction.Paid", id, attempt.at("attempt_id"),
                                  {.id = "msg_" + id}));
    }
    wait_until("V2 is asked", [&] { return was_asked(rig, "/payments/v2-"); });
    const auto begun = Clock::now();
    for (int i = 0; i < kOfV1; ++i) {
      const std::string id = "v1-" + std::to_string(i);
      const Json attempt =
          rig.portone.make({{"payment_id", id}, {"version", "v1"}, {"status", "paid"}});
      rig.acknowledged(v1_webhook(attempt.at("attempt_id"), id, "paid"));
    }
    const auto paid = [&](const char* ids) {
      return rig.daemon.sqlite("SELECT count(*) FROM payment WHERE result = 'paid'"
                               "  AND payment_id LIKE '" + std::string(ids) + "'");
    };
    wait_until("V1 is decided", [&] { return paid("v1-%") == std::to_string(kOfV1) + "\n"; });
    CHECK(Clock::now() - begun < 5s);

    rig.portone.rest_fault({{"mode", "normal"}});
    rig.restart();  // what hung is asked anew
    wait_until("V2 is decided", [&] { return paid("v2-%") == std::to_string(kPayments) + "\n"; });
    check_stop(rig.daemon);
  }
}

#ifdef HANGING_RESOLVER_LIBRARY
TEST_CASE("hanging: a stop takes a second while PortOne's name is being resolved") {
  const reconciled::test::TemporaryFolder folder;
  Settings settings;
  settings.sandbox_url = "https://hangs.example";
  settings.sweep_every = "1m";
  Command program;
  program.environment["LD_PRELOAD"] = HANGING_RESOLVER_LIBRARY;
  program.environment["HANGING_HOST"] = "hangs.example";
  DaemonProcess daemon(folder.text(), settings, program);
  daemon.register_order("ours");
  std::this_thread::sleep_for(1s);
  check_stop(daemon);
}
#endif
