// `reconciled backfill`: what never arrived is taken in from PortOne's own lists.
#include <doctest/doctest.h>

#include <csignal>

#include "tests/e2e/books_days.h"
#include "tests/e2e/rig.h"
#include "tests/e2e/shop_backend.h"

using namespace reconciled::e2e;

namespace {

Settings telling(const ShopBackend& shop) {
  Settings settings;
  settings.notify_lines = shop.lines();
  return settings;
}

Json made(const std::string& version, const std::string& id, int days_ago,
          const std::string& status = "paid") {
  return {{"version", version},
          {"payment_id", id},
          {"status", status},
          {"at", noon_text(days_ago)},
          {"webhook", false}};
}

Json begin(const Rig& rig, int from, int to, bool notify = false) {
  const Answer answer = rig.daemon.send(
      "POST", "/backfill", {{"from", date(from)}, {"to", date(to)}, {"notify", notify}});
  REQUIRE_MESSAGE(answer.status == 202, answer.body);
  return answer.json();
}

Json state(const Rig& rig) { return rig.daemon.get("/backfill").json(); }

Json wait_for_state(const Rig& rig, const std::string& wanted) {
  wait_until("the backfill is " + wanted, [&] { return state(rig).at("state") == wanted; });
  return state(rig);
}

std::string paid_count(const Rig& rig) {
  return rig.daemon.sqlite("SELECT count(*) FROM payment WHERE result = 'paid'");
}

void slow_lists(Rig& rig, int delay_ms) {
  rig.portone.rest_fault({{"mode", "slow"}, {"delay_ms", delay_ms}, {"where", {"v1 list", "v2 list"}}});
}

}  // namespace

TEST_CASE("backfill: a hundred days are walked, and what is older than the daemon is taken in silently") {
  const ShopBackend shop;
  Rig rig(telling(shop));
  for (const std::string& v : kVersions) {
    for (const int days : {99, 60, 31, 2}) {
      rig.portone.make(made(v, v + "-" + std::to_string(days), days));
    }
    rig.portone.make(made(v, v + "-before", 120));
    rig.portone.make(made(v, v + "-left", 3, "ready"));
  }
  const Finished done =
      rig.daemon.command({"backfill", "--from", date(100), "--to", date(0)});
  CHECK_MESSAGE(done.status == 0, done.out << done.err);
  CHECK(done.out.find("PortOne is asked about 8") != std::string::npos);
  for (const std::string& v : kVersions) {
    for (const int days : {99, 60, 31, 2}) {
      const Json p = rig.daemon.wait_for_result(v + "-" + std::to_string(days), "paid");
      CHECK(p.at("authority") == "lookup");
      CHECK(p.at("deliverable") == false);
      CHECK(p.at("findings").empty());
    }
  }
  CHECK(paid_count(rig) == "8\n");
  CHECK(shop.messages().empty());
  CHECK(state(rig).at("percent") == 100);
  // Again: nothing is news, and nothing comes twice.
  CHECK(rig.daemon.command({"backfill", "--from", date(100), "--to", date(0)}).status == 0);
  CHECK(state(rig).at("found") == 0);
  CHECK(rig.daemon.sqlite("SELECT count(*) FROM event") == "0\n");
  CHECK(rig.daemon.sqlite("SELECT max(version) FROM payment") == "1\n");
  CHECK(rig.daemon.command({"rebuild", "--check"}).status == 0);
}

TEST_CASE("backfill: with --notify messages and findings tell of what is older, too") {
  const ShopBackend shop;
  Rig rig(telling(shop));
  for (const std::string& v : kVersions) rig.portone.make(made(v, "told-" + v, 5));
  rig.daemon.command({"backfill", "--from", date(6), "--to", date(4), "--notify"});
  for (const std::string& v : kVersions) {
    rig.daemon.wait_for_result("told-" + v, "paid");
    wait_until("it is told", [&] {
      return shop.types_taken("told-" + v) == std::vector<std::string>{"payment.held"};
    });
    CHECK(open_findings(rig.daemon.payment("told-" + v)) ==
          std::vector<std::string>{"unregistered_order"});
  }
  CHECK(rig.daemon.command({"rebuild", "--check"}).status == 0);
}

TEST_CASE("backfill: killed in the middle it goes on where it was, and nothing is lost or twice") {
  Rig rig;
  for (const std::string& v : kVersions) {
    for (int days = 1; days <= 90; days += 3) {
      rig.portone.make(made(v, v + "-" + std::to_string(days), days));
    }
  }
  slow_lists(rig, 150);
  begin(rig, 92, 0);
  wait_until("some is walked", [&] { return state(rig).at("percent") >= 10; });
  CHECK(rig.daemon.kill() == 128 + 9);
  rig.restart();
  const Json resumed = state(rig);
  CHECK(resumed.at("state") == "running");
  CHECK(resumed.at("percent") >= 10);
  wait_until("more is walked", [&] { return state(rig).at("percent") >= 55; });
  CHECK(rig.daemon.stop() == 0);
  rig.restart();
  rig.portone.clear_faults();
  wait_for_state(rig, "done");
  wait_until("all were asked about", [&] { return paid_count(rig) == "60\n"; });
  CHECK(rig.daemon.sqlite("SELECT count(*) FROM payment") == "60\n");
  CHECK(rig.daemon.command({"rebuild", "--check"}).status == 0);
}

TEST_CASE("backfill: Ctrl-C stops it in the daemon, and the same command goes on there") {
  Rig rig;
  rig.portone.make(made("v2", "late", 1));
  slow_lists(rig, 200);
  std::string config = read_file(rig.daemon.config_path());
  // The command reads the port that was bound.
  const std::string admin = rig.daemon.admin().address;
  const auto at = config.find("[admin]\nlisten = \"127.0.0.1:0\"");
  REQUIRE(at != std::string::npos);
  config.replace(at, 30, "[admin]\nlisten = \"" + admin + "\"");
  const std::string path = rig.folder / "client.toml";
  write_file(path, config);
  const std::vector<std::string> line{RECONCILED_BINARY, "--config", path,   "backfill",
                                      "--from",          date(80),   "--to", date(0)};
  ChildProcess command({line}, rig.folder / "backfill");
  wait_until("some is walked", [&] { return state(rig).value("percent", 0) >= 5; });
  command.signal(SIGINT);
  CHECK(command.wait() == 1);
  CHECK(command.out().find("the same command goes on there") != std::string::npos);
  const Json stopped = state(rig);
  CHECK(stopped.at("state") == "stopped");
  CHECK(rig.daemon.send("DELETE", "/backfill", Json::object()).status == 404);
  rig.restart();
  CHECK(state(rig).at("state") == "stopped");
  rig.portone.clear_faults();
  const Json again = begin(rig, 80, 0);
  CHECK(again.at("percent") >= stopped.at("percent"));
  CHECK(again.at("started_at") == stopped.at("started_at"));
  wait_for_state(rig, "done");
  rig.daemon.wait_for_result("late", "paid");
}

TEST_CASE("backfill: odd rows are counted and named, the others are taken in") {
  Rig rig;
  for (const std::string& v : kVersions) rig.portone.make(made(v, "fine-" + v, 2));
  rig.portone.fault({{"answers",
                      {{{"where", "v1 list"},
                        {"rows", {{{"imp_uid", "imp_odd"}, {"status", "paid"}, {"amount", nullptr}}}}},
                       {{"where", "v2 list"},
                        {"rows", {{{"id", "odd"}, {"status", "PAID"}}, nullptr}}}}}});
  const Finished done = rig.daemon.command({"backfill", "--from", date(3), "--to", date(1)});
  CHECK(done.status == 0);
  CHECK(done.out.find("imp_odd") != std::string::npos);
  CHECK(done.out.find("could not be read") != std::string::npos);
  CHECK(state(rig).at("unreadable") > 0);
  for (const std::string& v : kVersions) rig.daemon.wait_for_result("fine-" + v, "paid");
}

TEST_CASE("backfill: what fails at PortOne is told, waited for and resumed") {
  Rig rig;
  for (const std::string& v : kVersions) rig.portone.make(made(v, "after-" + v, 2));
  for (const Json& fault : std::vector<Json>{{{"mode", "status"}, {"status", 500}},
                                             {{"mode", "status"}, {"status", 401}},
                                             {{"mode", "status"}, {"status", 429}, {"retry_after_s", 1}},
                                             {{"mode", "reset"}}}) {
    CAPTURE(fault.dump());
    Json rule = fault;
    rule["where"] = {"v1 list", "v2 list", "cursor"};
    rig.portone.rest_fault(rule);
    begin(rig, 3, 1);
    wait_until("it says what it waits for", [&] {
      const Json shown = state(rig);
      return shown.at("trouble").is_string() && shown.at("state") == "running";
    });
    rig.portone.clear_faults();
    CHECK(wait_for_state(rig, "done").at("trouble").is_null());
  }
  for (const std::string& v : kVersions) rig.daemon.wait_for_result("after-" + v, "paid");
}

TEST_CASE("backfill: one at a time, and days that are none are refused by name") {
  Rig rig;
  for (const auto& [from, to, words] :
       std::vector<std::tuple<std::string, std::string, std::string>>{
           {date(1), date(2), "is after to"},
           {"2026-02-30", date(1), "from must be a date"},
           {date(3), "soon", "to must be a date"},
           {date(3), date(-1), "to is in the future"}}) {
    CAPTURE(from);
    const Finished refused = rig.daemon.command({"backfill", "--from", from, "--to", to});
    CHECK(refused.status == 2);
    CHECK(refused.err.find(words) != std::string::npos);
  }
  CHECK(rig.daemon.send("POST", "/backfill", {{"from", date(1)}, {"til", date(1)}}).status == 400);
  CHECK(rig.daemon.send("POST", "/backfill", {{"from", date(1)}, {"to", date(1)}, {"notify", 1}})
            .status == 400);
  CHECK(state(rig) == Json{{"state", "none"}});
  slow_lists(rig, 500);
  begin(rig, 50, 0);
  CHECK(begin(rig, 50, 0).at("state") == "running");  // it is that one
  CHECK(rig.daemon.send("POST", "/backfill", {{"from", date(2)}, {"to", date(1)}}).status == 409);
  // Look-ups and a stop do not wait for it.
  rig.daemon.register_order("now");
  rig.portone.make({{"version", "v2"}, {"payment_id", "now"}, {"status", "paid"}});
  rig.daemon.wait_for_result("now", "paid");
  CHECK(rig.daemon.send("DELETE", "/backfill", Json::object()).json().at("state") == "stopped");
}
