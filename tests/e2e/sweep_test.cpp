// What the sweep finds in PortOne's lists, and what must not keep it from finding the rest.
#include <doctest/doctest.h>

#include <chrono>

#include "daemon/core/words/time.h"
#include "tests/e2e/rig.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

Settings sweeping(const std::string& every = "1s") {
  Settings settings;
  settings.sweep_every = every;
  settings.reconcile_lines = "lookup_schedule = [\"1h\"]";
  return settings;
}

std::int64_t swept_up_to(const Rig& rig, const std::string& version) {
  const std::string value =
      rig.daemon.sqlite("SELECT value FROM meta WHERE key = 'last_sweep_" + version + "_ms'");
  return value.empty() ? 0 : std::stoll(value);
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string days_ago(int days) {
  return reconciled::core::to_rfc3339(
      reconciled::core::from_ms(now_ms() - std::int64_t{days} * 86'400'000));
}

std::string warning(const Rig& rig, const std::string& kind) {
  const Json stats = rig.daemon.get("/stats").json();
  for (const Json& one : stats.at("warnings")) {
    if (one.at("kind") == kind) return one.at("detail");
  }
  return "";
}

double unreadable(const Rig& rig, const std::string& version, const std::string& where) {
  const std::string metrics = rig.daemon.get("/metrics").body;
  const std::string mark =
      "reconciled_unreadable_total{api=\"" + version + "\",where=\"" + where + "\"} ";
  const auto at = metrics.find(mark);
  return at == std::string::npos ? -1 : std::stod(metrics.substr(at + mark.size()));
}

const Json kOddRows{
    {"v1",
     {{{"imp_uid", "imp_stranger"},
       {"merchant_uid", "stranger"},
       {"status", "ready"},
       {"amount", 1000.5},
       {"currency", "KRW"}},
      {{"imp_uid", "imp_other"}, {"amount", nullptr}, {"status", "paid"}},
      {{"status", "paid"}},
      {{"imp_uid", 7}, {"merchant_uid", nullptr}, {"status", "paid"}, {"amount", 100}}}},
    {"v2",
     {{{"id", "stranger"}, {"status", "PAID"}, {"amount", {{"total", 1000}}}, {"currency", "KR"}},
      {{"id", "other"}, {"status", "PAID"}, {"amount", nullptr}, {"currency", "KRW"}},
      {{"status", "PAID"}},
      nullptr}}};

}  // namespace

TEST_CASE("sweep: rows that cannot be read are counted and named, the others found") {
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    Rig rig(sweeping());
    rig.daemon.register_order("ours");
    const Json attempt =
        rig.portone.make({{"version", version}, {"payment_id", "ours"}, {"status", "paid"}});
    CHECK(rig.daemon.wait_for_result("ours", "paid").at("deliverable") == true);
    rig.portone.fault(
        {{"answers", {{"where", {version + " list", "cursor"}}, {"rows", kOddRows.at(version)}}}});
    rig.portone.move(attempt, {{"status", "cancelled"}, {"trigger", "API"}, {"webhook", false}});
    CHECK(rig.daemon.wait_for_result("ours", "cancelled").at("deliverable") == false);
    wait_until("the warning names them", [&] {
      return warning(rig, "unreadable_rows").find(version == "v1" ? "imp_stranger" : "stranger") !=
             std::string::npos;
    });
    CHECK(warning(rig, "sweep_failing").empty());
    CHECK(unreadable(rig, version, "list") >= 4);
    const std::int64_t before = swept_up_to(rig, version);
    wait_until("the window moves", [&] { return swept_up_to(rig, version) > before; });
    // It ends when the rows are gone.
    rig.portone.clear_faults();
    wait_until("the warning ends", [&] { return warning(rig, "unreadable_rows").empty(); });
  }
}

TEST_CASE("sweep: a row of ours that a list shows broken is asked about by itself") {
  Rig rig(sweeping());
  for (const std::string& version : kVersions) {
    const std::string id = "broken-" + version;
    rig.daemon.register_order(id);
    const Json attempt =
        rig.portone.make({{"version", version}, {"payment_id", id}, {"status", "paid"}});
    rig.daemon.wait_for_result(id, "paid");
    const Json patch = version == "v1" ? Json{{"amount", 1000.5}} : Json{{"currency", "KR"}};
    rig.portone.add_fault(
        {{"answers",
          {{"where", {version + " list", "cursor"}}, {"payment", id}, {"merge", patch}}}});
    rig.portone.move(attempt, {{"status", "cancelled"}, {"trigger", "API"}, {"webhook", false}});
  }
  for (const std::string& version : kVersions) {
    CHECK(rig.daemon.wait_for_result("broken-" + version, "cancelled").at("deliverable") == false);
  }
}

TEST_CASE("sweep: after a hundred days away all of them are walked, in windows") {
  Rig rig(sweeping());
  for (const std::string& version : kVersions) {
    wait_until("a first sweep", [&] { return swept_up_to(rig, version) > 0; });
  }
  rig.daemon.stop();
  const std::string long_ago = std::to_string(now_ms() - std::int64_t{100} * 86'400'000);
  CHECK(run({{"sqlite3", rig.daemon.database_path(),
              "UPDATE meta SET value = '" + long_ago + "' WHERE key LIKE 'last_sweep_%'"}})
            .status == 0);
  for (const std::string& version : kVersions) {
    for (const int days : {95, 40, 1}) {
      Json paid = made(version, version + "-" + std::to_string(days), "paid");
      paid["at"] = days_ago(days);
      rig.portone.make(paid);
    }
  }
  rig.portone.forget_requests();
  rig.restart();
  for (const std::string& version : kVersions) {
    for (const int days : {95, 40, 1}) {
      rig.daemon.wait_for_result(version + "-" + std::to_string(days), "paid");
    }
    wait_until("the mark has caught up",
               [&] { return swept_up_to(rig, version) > now_ms() - 60'000; });
  }
  CHECK(warning(rig, "sweep_failing").empty());
}

TEST_CASE("sweep: a window that was walked stays walked though a later one fails") {
  Rig rig(sweeping());
  wait_until("a first sweep", [&] { return swept_up_to(rig, "v1") > 0; });
  rig.daemon.stop();
  const std::int64_t long_ago = now_ms() - std::int64_t{30} * 86'400'000;
  CHECK(run({{"sqlite3", rig.daemon.database_path(),
              "UPDATE meta SET value = '" + std::to_string(long_ago) +
                  "' WHERE key = 'last_sweep_v1_ms'"}})
            .status == 0);
  rig.portone.rest_fault({{"mode", "status"}, {"status", 500}, {"where", "v1 list"}, {"skip", 2}});
  rig.restart();
  wait_until("the mark moves", [&] { return swept_up_to(rig, "v1") > long_ago; });
  wait_until("a person is told", [&] { return !warning(rig, "sweep_failing").empty(); });
  CHECK(swept_up_to(rig, "v1") < now_ms() - std::int64_t{86'400'000});
  rig.portone.clear_faults();
  wait_until("it goes on", [&] { return swept_up_to(rig, "v1") > now_ms() - 60'000; });
  CHECK(warning(rig, "sweep_failing").empty());
}

TEST_CASE("sweep: what it found is asked after the next start, however the last one ended") {
  for (const bool is_killed : {false, true}) {
    CAPTURE(is_killed);
    Rig rig(sweeping("1h"));
    wait_until("a first sweep of both",
               [&] { return swept_up_to(rig, "v1") > 0 && swept_up_to(rig, "v2") > 0; });
    rig.daemon.stop();
    for (int i = 0; i < 50; ++i) {
      for (const std::string& version : kVersions) {
        rig.portone.make(made(version, version + "-found-" + std::to_string(i), "paid"));
      }
    }
    // Lists answer, single payments take their time.
    rig.portone.rest_fault(
        {{"mode", "slow"}, {"delay_ms", 60'000}, {"where", {"single", "order"}}});
    rig.daemon.start();
    wait_until("all are found", [&] {
      return rig.daemon.sqlite(
                 "SELECT count(*) FROM lookup WHERE next_at_ms IS NOT NULL "
                 "UNION ALL SELECT count(*) FROM payment WHERE result = 'paid'") == "100\n0\n";
    });
    CHECK((is_killed ? rig.daemon.kill() : rig.daemon.stop()) == (is_killed ? 128 + 9 : 0));
    CHECK(rig.daemon.sqlite("SELECT count(*) FROM payment WHERE result = 'paid'") == "0\n");
    rig.portone.clear_faults();
    Settings quiet = rig.daemon.settings();
    quiet.sweep_every = "0";
    rig.daemon.configure(quiet);
    rig.restart();
    wait_until("all were asked about", [&] {
      return rig.daemon.sqlite("SELECT count(*) FROM payment WHERE result = 'paid'") == "100\n";
    });
  }
}

TEST_CASE("sweep: a dispute whose webhook was lost is found, though nothing else changed") {
  Rig rig(sweeping());
  rig.daemon.register_order("disputed");
  const Json attempt =
      rig.portone.make({{"version", "v2"}, {"payment_id", "disputed"}, {"status", "paid"}});
  CHECK(rig.daemon.wait_for_result("disputed", "paid").at("deliverable") == true);
  rig.portone.move(attempt, {{"status", "disputed"}, {"webhook", false}});
  const Json p = rig.daemon.wait_for(
      "disputed", [](const Json& shown) { return shown.at("deliverable") == false; });
  CHECK(open_findings(p) == std::vector<std::string>{"dispute"});
  rig.portone.move(attempt, {{"status", "dispute_resolved"}, {"webhook", false}});
  rig.daemon.wait_for("disputed",
                      [](const Json& shown) { return shown.at("deliverable") == true; });
}
