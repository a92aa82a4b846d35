// The configuration changes: while the daemon runs (SIGHUP), and between two starts.
#include <doctest/doctest.h>
#include <signal.h>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

// Writes the configuration, sends SIGHUP and waits for the reloading's last line; its lines.
std::string reread(Rig& rig, const Settings& settings,
                   const std::string& last = "configuration reread") {
  const std::size_t begins = rig.daemon.log().size();
  rig.daemon.configure(settings);
  rig.daemon.process().signal(SIGHUP);
  wait_until("the configuration is reread",
             [&] { return rig.daemon.log().find(last, begins) != std::string::npos; });
  return rig.daemon.log().substr(begins);
}

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("not in: " << text);
  return found;
}

}  // namespace

TEST_CASE("configuration: SIGHUP names each key that it took over and each that needs a restart") {
  Rig rig;
  Settings settings = rig.daemon.settings();
  settings.log_level = "info";
  settings.webhook_lines = "source_ips = [\"127.0.0.9\"]\npath = \"/elsewhere\"";
  settings.portone_lines = "channel = \"test\"";
  settings.admin_listen = "127.0.0.1:1";
  const std::string said = reread(rig, settings);
  CHECK(has(said, "info changed key taken over key=log.level\n"));
  CHECK(has(said, "info changed key taken over key=webhook.source_ips\n"));
  CHECK(has(said, "warn changed key needs a restart key=webhook.path\n"));
  CHECK(has(said, "warn changed key needs a restart key=admin.listen\n"));
  CHECK(has(said, "warn changed key needs a restart key=portone.channel\n"));
  CHECK(has(said, "configuration reread taken_over=2 needs_restart=3\n"));
  // As before: the path, and the channel that an answer is judged by.
  rig.acknowledged(v2_webhook("Transaction.Paid", "a", "ta", {"m1"}));
  // What was taken over is no change any more; what was not, still is.
  const std::string again = reread(rig, settings);
  CHECK(has(again, "configuration reread taken_over=0 needs_restart=3\n"));
}

TEST_CASE("configuration: SIGHUP with the same file changes nothing") {
  Rig rig;
  CHECK(has(reread(rig, rig.daemon.settings()), "taken_over=0 needs_restart=0\n"));
}

TEST_CASE("configuration: an API that appears by SIGHUP is refused by name, and its webhooks too") {
  for (const std::string& added : kVersions) {
    CAPTURE(added);
    Settings settings;
    (added == "v1" ? settings.v1 : settings.v2) = false;
    Rig rig(settings);
    const Call webhook = added == "v1" ? v1_webhook("imp_1", "o", "paid")
                                       : v2_webhook("Transaction.Paid", "o", "tx", {"m1"});
    CHECK(rig.deliver(webhook).status == 503);
    settings = rig.daemon.settings();
    settings.v1 = settings.v2 = true;
    CHECK(has(reread(rig, settings), "changed key needs a restart key=portone." + added + "\n"));
    CHECK(rig.deliver(webhook).status == 503);  // PortOne sends it again
    CHECK(rig.daemon.stop() == 0);
    rig.restart();
    CHECK(rig.deliver(webhook).status == 200);
  }
}

TEST_CASE("configuration: an API that goes by SIGHUP is kept as it was until a restart") {
  for (const std::string& gone : kVersions) {
    CAPTURE(gone);
    Rig rig;
    Settings settings = rig.daemon.settings();
    (gone == "v1" ? settings.v1 : settings.v2) = false;
    CHECK(has(reread(rig, settings), "changed key needs a restart key=portone." + gone + "\n"));
    rig.daemon.register_order("o");
    const Json attempt = rig.portone.make(
        {{"payment_id", "o"}, {"version", gone}, {"status", "paid"}, {"webhook", false}});
    rig.acknowledged(paid_webhook(attempt));
    CHECK(rig.daemon.wait_for_result("o", "paid").at("deliverable") == true);
  }
}

TEST_CASE("configuration: a credential that SIGHUP cannot see needs a restart, and is no fault") {
  Rig rig;
  Settings settings = rig.daemon.settings();
  settings.v2_lines = "store_id = \"" + std::string(SandboxProcess::kStoreId) +
                      "\"\nwebhook_secrets = [\"credential:not_there\"]";
  const std::string said = reread(rig, settings);
  CHECK(has(said, "changed key needs a restart key=portone.v2.webhook_secrets\n"));
  rig.acknowledged(v2_webhook("Transaction.Paid", "a", "ta", {"m1"}));
}

TEST_CASE("configuration: a file with faults changes nothing, and the log names each fault") {
  Rig rig;
  Settings settings = rig.daemon.settings();
  settings.log_level = "error";
  settings.webhook_lines = "pth = \"/x\"";
  settings.reconcile_lines = "lookup_schedule = [\"soon\"]";
  const std::string said = reread(rig, settings, "the old one stays");
  CHECK(has(said, "error configuration fault key=webhook.pth fault="));
  CHECK(has(said, "error configuration fault key=reconcile.lookup_schedule[0] fault="));
  CHECK(said.find("taken over") == std::string::npos);
  // Half a file, as an editor leaves it, and none at all.
  for (const std::string& text : {std::string("[portone.v1"), std::string()}) {
    const std::size_t begins = rig.daemon.log().size();
    write_file(rig.daemon.config_path(), text);
    rig.daemon.process().signal(SIGHUP);
    wait_until("it says so", [&] {
      return rig.daemon.log().find("the old one stays", begins) != std::string::npos;
    });
  }
  rig.acknowledged(v2_webhook("Transaction.Paid", "a", "ta", {"m1"}));
  // The level is as it was: this is logged at debug only.
  CHECK(rig.deliver(v2_webhook("Transaction.Paid", "b", "tb", {"m2", "whsec_AAAA"})).status == 401);
  rig.daemon.wait_for_log("delivery refused");
}

TEST_CASE("configuration: the admin token in a file is reread") {
  const reconciled::test::TemporaryFolder secrets;
  write_file(secrets / "token", "\ufefffirst \n");
  Settings settings;
  settings.admin_lines = "token = \"file:" + (secrets / "token") + "\"";
  Rig rig(settings);
  const auto status_with = [&](const std::string& token) {
    return ask(rig.daemon.admin(), {"GET", "/stats", "", {{"Authorization", "Bearer " + token}}})
        .status;
  };
  CHECK(status_with("first") == 200);
  write_file(secrets / "token", "second\n");
  const std::string said = reread(rig, rig.daemon.settings());
  CHECK(has(said, "changed key taken over key=admin.token\n"));
  CHECK(said.find("second") == std::string::npos);
  CHECK(status_with("first") == 401);
  CHECK(status_with("second") == 200);
}

// Its look-ups wait for the API to come back.
TEST_CASE("configuration: an order registered with both APIs is no crash when an API goes") {
  for (const std::string& gone : kVersions) {
    CAPTURE(gone);
    Rig rig;
    rig.daemon.register_order("o");
    CHECK(rig.daemon.stop() == 0);
    Settings settings = rig.daemon.settings();
    (gone == "v1" ? settings.v1 : settings.v2) = false;
    rig.daemon.configure(settings);
    rig.daemon.start();
    // Time enough for every step of the schedule.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(4);
    wait_until("the schedule has had its time",
               [&] { return std::chrono::steady_clock::now() > until; });
    REQUIRE(rig.daemon.process().is_running());
    // The other API goes on.
    const Json attempt = rig.portone.make({{"payment_id", "p"},
                                           {"version", gone == "v1" ? "v2" : "v1"},
                                           {"status", "paid"},
                                           {"webhook", false}});
    rig.daemon.register_order("p");
    rig.acknowledged(paid_webhook(attempt));
    rig.daemon.wait_for_result("p", "paid");
    CHECK(rig.daemon.stop() == 0);
    // And when it is back, it is asked.
    settings.v1 = settings.v2 = true;
    rig.daemon.configure(settings);
    rig.portone.make(
        {{"payment_id", "o"}, {"version", gone}, {"status", "paid"}, {"webhook", false}});
    rig.daemon.start();
    rig.daemon.wait_for_result("o", "paid");
  }
}
