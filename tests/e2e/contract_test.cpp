// What PortOne never told: lost webhooks, lists, other attempts; and what is told again: replays
// and rebuilding.
#include <doctest/doctest.h>

#include <chrono>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

Settings sweeping() {
  Settings settings;
  settings.sweep_every = "1s";
  return settings;
}

Json paid(const std::string& version, const std::string& id) {
  return {{"version", version}, {"payment_id", id}, {"status", "paid"}, {"webhook", false}};
}

}  // namespace

TEST_CASE("sweep: payments of which nothing ever arrived are found while the daemon runs") {
  Rig rig(sweeping());
  for (const std::string& version : kVersions) {
    rig.portone.make(paid(version, "swept-" + version));
    const Json p = rig.daemon.wait_for_result("swept-" + version, "paid");
    CHECK(p.at("authority") == "lookup");
    CHECK(p.at("deliverable") == false);
    CHECK(open_findings(p) == std::vector<std::string>{"unregistered_order"});
    CHECK(rig.daemon.get("/events?payment_id=swept-" + version).json().at("events").empty());
  }
}

TEST_CASE("sweep: what happened while the daemon was down is found at its start") {
  Rig rig(sweeping());
  wait_until("a first sweep of both lists", [&] {
    return rig.daemon.sqlite("SELECT count(*) FROM meta WHERE key LIKE 'last_sweep_%'") == "2\n";
  });
  for (const std::string& version : kVersions) rig.daemon.register_order("down-" + version);
  rig.daemon.stop();
  for (const std::string& version : kVersions) rig.portone.make(paid(version, "down-" + version));
  rig.restart();
  for (const std::string& version : kVersions) {
    CHECK(rig.daemon.wait_for_result("down-" + version, "paid").at("deliverable") == true);
  }
}

TEST_CASE("sweep: a cancel that no webhook told is found") {
  Rig rig(sweeping());
  rig.daemon.register_order("api-cancel");
  const Json attempt = rig.portone.make(paid("v1", "api-cancel"));
  rig.daemon.wait_for_result("api-cancel", "paid");
  rig.portone.move(attempt, {{"status", "cancelled"}, {"webhook", false}});
  CHECK(rig.daemon.wait_for_result("api-cancel", "cancelled").at("deliverable") == false);
}

TEST_CASE("sweep: windows that were opened and nothing more make no payment") {
  Rig rig(sweeping());
  rig.portone.make({{"version", "v1"}, {"payment_id", "window"}, {"status", "ready"}});
  rig.portone.make(paid("v1", "after-it"));
  rig.daemon.wait_for_result("after-it", "paid");
  CHECK(rig.daemon.payment("window").is_null());
}

TEST_CASE("V2: an attempt that PortOne's first answer does not show is asked for by its own") {
  Rig rig;
  rig.daemon.register_order("retried");
  const Json failed = rig.portone.make(
      {{"version", "v2"}, {"payment_id", "retried"}, {"status", "failed"}, {"webhook", false}});
  const Json second = rig.portone.make(paid("v2", "retried"));
  rig.acknowledged(v2_webhook("Transaction.Failed", "retried", id_of(failed)));
  const Json p = rig.daemon.wait_for("retried", [](const Json& shown) {
    return shown.at("attempts").size() == 2 && shown.at("result") == "paid";
  });
  CHECK(p.at("deliverable") == true);
  CHECK(rig.portone.count_calls("/transactions") > 0);
  for (const Json& attempt : p.at("attempts")) {
    CHECK(attempt.at("result") == (attempt.at("attempt_id") == id_of(second) ? "paid" : "failed"));
  }
}

TEST_CASE("V1: a test-channel attempt that a webhook names is found by its order, in any order") {
  Rig rig;
  for (const bool test_first : {true, false}) {
    const std::string id = test_first ? "hidden-1" : "hidden-2";
    const Json live = rig.portone.make(paid("v1", id));
    Json hidden = paid("v1", id);
    hidden["channel"] = "test";
    const Json test = rig.portone.make(hidden);
    rig.acknowledged(v1_webhook(id_of(test_first ? test : live), id, "paid"));
    rig.acknowledged(v1_webhook(id_of(test_first ? live : test), id, "paid"));
    rig.daemon.register_order(id);
    const Json p = rig.daemon.wait_for(id, [](const Json& shown) {
      return shown.at("attempts").size() == 2 && shown.at("result") == "paid";
    });
    CHECK(open_findings(p) == std::vector<std::string>{"double_payment", "test_channel"});
  }
}

TEST_CASE("redirects: an unknown id is asked about once for a while, a webhook asks anew") {
  Rig rig;
  for (int i = 0; i < 3; ++i) {
    rig.come_back("imp_uid=imp_404&merchant_uid=nobody&error_msg=" + std::to_string(i));
    rig.daemon.get("/events");
  }
  wait_until("the identity check", [&] { return rig.portone.count_calls("certifications") > 0; });
  const int asked = rig.portone.count_calls("v1 GET /payments/{}");
  CHECK(asked <= 2);
  const auto sent = std::chrono::steady_clock::now();
  rig.acknowledged(v1_webhook("imp_404", "nobody", "paid"));
  wait_until("the webhook's own look-up",
             [&] { return rig.portone.count_calls("v1 GET /payments/{}") > asked; });
  // At once: what PortOne did not know is believed for 30 s.
  CHECK(std::chrono::steady_clock::now() - sent < std::chrono::seconds(20));
  CHECK(rig.daemon.payment("nobody").at("result") == "none");
}

TEST_CASE("replay: an event is reconciled again, and nothing is told twice") {
  Rig rig;
  rig.portone.make(paid("v1", "again"));
  CHECK(rig.daemon.command({"lookup", "again"}).status == 0);
  rig.daemon.wait_for_result("again", "paid");
  rig.acknowledged(v1_webhook("imp_none", "again", "paid"));
  rig.daemon.wait_for_empty_inbox();
  const int calls = rig.portone.count_calls("v1 GET /payments/{}");
  const Finished replayed = rig.daemon.command({"replay", "1"});
  CHECK(replayed.status == 0);
  wait_until("a new look-up",
             [&] { return rig.portone.count_calls("v1 GET /payments/{}") > calls; });
  rig.daemon.wait_for_empty_inbox();
  CHECK(rig.daemon.sqlite("SELECT count(*) FROM finding") == "1\n");
  // What PortOne says again, unchanged, is counted on the answer that it confirms.
  CHECK(rig.daemon.sqlite("SELECT count(*) > 0, count(*) - count(DISTINCT attempt_id || api) "
                          "FROM snapshot") == "1|0\n");
  CHECK(rig.daemon.command({"replay", "999"}).status == 1);
  CHECK(rig.daemon.send("POST", "/events/999/replay").status == 404);
}

TEST_CASE("rebuild: --check agrees beside the daemon, and tells what was changed by force") {
  Rig rig;
  rig.daemon.register_order("kept");
  const Json attempt = rig.portone.make(paid("v2", "kept"));
  rig.come_back(attempt.at("redirect_query"));
  rig.acknowledged(paid_webhook(attempt));
  rig.daemon.wait_for_result("kept", "paid");
  rig.daemon.wait_for_empty_inbox();
  CHECK(rig.daemon.command({"rebuild", "--check"}).status == 0);
  // Only with the daemon stopped may it write.
  CHECK(rig.daemon.command({"rebuild"}).status == 1);
  rig.daemon.stop();
  // Somebody works around every trigger.
  CHECK(run({.arguments = {"sqlite3", rig.daemon.database_path(),
                           "DROP TRIGGER payment_changes_have_history;"
                           "UPDATE payment SET deliverable = 0;"}})
            .status == 0);
  const Finished check = rig.daemon.command({"rebuild", "--check"});
  CHECK(check.status == 3);
  CHECK(check.out.find("kept: deliverable is false, the evidence says true") != std::string::npos);
  CHECK(rig.daemon.command({"rebuild"}).status == 0);
  CHECK(rig.daemon.command({"rebuild", "--check"}).status == 0);
}
