// Promise 8 where deciding on an event ends the whole process: that event is put aside, and none of
// those that were being decided beside it.
#include <doctest/doctest.h>
#include <signal.h>

#include <chrono>
#include <filesystem>

#include "tests/e2e/rig.h"
#include "tests/e2e/storm.h"

using namespace reconciled::e2e;

namespace {

constexpr const char* kPoison = "poison";
constexpr int kInnocents = 40;
constexpr int kCrashes = 3;

// Runs the altered daemon, which the poison ends.
void die(Rig& rig, Command altered) {
  altered.arguments.insert(altered.arguments.end(),
                           {"--config", rig.daemon.config_path(), "serve"});
  CHECK(run(altered).status == 128 + SIGKILL);
}

// A shop whose events, one of them poison, all wait in the inbox, stored one after the other.
class Poisoned {
 public:
  // `option` of altered-daemon: how the poison works.
  explicit Poisoned(const char* option)
      : rig_({.reconcile_lines = "lookup_schedule = [\"1s\", \"2s\"]"}),
        altered_({{ALTERED_DAEMON_BINARY, option, kPoison}}) {
    rig_.portone.send_webhooks_to({});
    rig_.portone.make({{"payment_id", kPoison}, {"version", "v2"}, {"status", "paid"}});
    rig_.portone.rest_fault({{"mode", "slow"}, {"delay_ms", 25'000}});
    // Its own look-ups are due at each start, too.
    rig_.daemon.register_order(kPoison);
    for (int i = 0; i < kInnocents; ++i) {
      if (i == kInnocents / 2) rig_.acknowledged(storm_call(kPoison));
      rig_.acknowledged(storm_call("innocent-" + std::to_string(i)));
    }
    CHECK(rig_.daemon.stop() == 0);
    rig_.portone.rest_fault({{"mode", "normal"}});
  }

  void crash() { die(rig_, altered_); }
  Rig& rig() { return rig_; }
  [[nodiscard]] const Command& altered() const { return altered_; }

 private:
  Rig rig_;
  Command altered_;
};

void replay_parked(Rig& rig) {
  const std::string event =
      rig.daemon.sqlite("SELECT event_id FROM event_progress WHERE parked = 1");
  CHECK(
      rig.daemon.send("POST", "/events/" + event.substr(0, event.size() - 1) + "/replay").status ==
      202);
}

void check_only_poison_is_parked(Poisoned& shop) {
  Rig& rig = shop.rig();
  for (int i = 1; i < kCrashes; ++i) shop.crash();
  // The last try waits until the others had their time.
  const auto began = std::chrono::steady_clock::now();
  shop.crash();
  CHECK(std::chrono::steady_clock::now() - began > std::chrono::seconds(9));
  {
    // Another process's start is not to be read in it.
    std::filesystem::resize_file(rig.folder / "daemon.err", 0);
    DaemonProcess daemon(rig.folder.text(), rig.daemon.settings(), shop.altered());
    daemon.wait_for_empty_inbox();
    CHECK(daemon.sqlite("SELECT e.payment_id FROM event_progress g JOIN event e USING (event_id) "
                        "WHERE g.parked = 1") == "poison\n");
    CHECK(daemon.sqlite("SELECT payment_id FROM finding WHERE kind = 'poisoned'") == "poison\n");
    CHECK(daemon.sqlite("SELECT count(*) FROM payment WHERE payment_id LIKE 'innocent-%' "
                        "AND webhook_status = 'paid'") == std::to_string(kInnocents) + "\n");
    CHECK(daemon.sqlite("SELECT count(*) FROM event_progress WHERE tries > 0 AND parked = 0") ==
          "0\n");
  }
  // The program is mended.
  rig.restart();
  replay_parked(rig);
  rig.daemon.wait_for_empty_inbox();
  CHECK(rig.daemon.payment(kPoison).at("webhook_status") == "paid");
  const Finished rebuild = rig.daemon.command({"rebuild", "--check"});
  CHECK_MESSAGE(rebuild.status == 0, rebuild.out);
}

}  // namespace

TEST_CASE(
    "poison: an event whose decision kills the process is put aside, its neighbours are not") {
  Poisoned shop("--die-on");
  check_only_poison_is_parked(shop);
}

TEST_CASE("poison: so is one that kills the process once PortOne has answered") {
  Poisoned shop("--die-on-answer");
  check_only_poison_is_parked(shop);
}

TEST_CASE("poison: what is put aside keeps nothing deliverable that PortOne has cancelled") {
  Rig rig({.reconcile_lines = "lookup_schedule = [\"1h\"]"});
  rig.daemon.register_order(kPoison);
  const Json attempt =
      rig.portone.make({{"payment_id", kPoison}, {"version", "v1"}, {"status", "paid"}});
  REQUIRE(rig.daemon.wait_for_result(kPoison, "paid").at("deliverable") == true);
  rig.daemon.wait_for_empty_inbox();
  rig.portone.rest_fault({{"mode", "slow"}, {"delay_ms", 25'000}});
  CHECK(
      rig.come_back("imp_uid=" + id_of(attempt) + "&merchant_uid=poison&imp_success=true").status ==
      200);
  CHECK(rig.daemon.stop() == 0);
  rig.portone.rest_fault({{"mode", "normal"}});
  for (int i = 0; i < kCrashes; ++i) die(rig, {{ALTERED_DAEMON_BINARY, "--die-on", kPoison}});

  rig.restart();
  wait_until("the event is put aside",
             [&] { return rig.daemon.sqlite("SELECT sum(parked) FROM event_progress") == "1\n"; });
  rig.portone.move(attempt, {{"status", "cancelled"}, {"webhook", false}});
  CHECK(rig.daemon.send("POST", "/payments/poison/lookup").status == 202);
  wait_until("it is no longer deliverable",
             [&] { return rig.daemon.payment(kPoison).at("deliverable") == false; });
  replay_parked(rig);
  CHECK(rig.daemon.wait_for_result(kPoison, "cancelled").at("deliverable") == false);
  const Finished rebuild = rig.daemon.command({"rebuild", "--check"});
  CHECK_MESSAGE(rebuild.status == 0, rebuild.out);
}
