// What happens to a daemon over months: configurations that differ between two starts, locks that
// others hold, orders that nobody pays, files that are put back.
#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>

#include "tests/e2e/rig.h"
#include "tests/e2e/write_lock.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

void by_force(const Rig& rig, const std::string& sql) {
  const Finished done = run({{"sqlite3", rig.daemon.database_path(), sql}});
  CHECK_MESSAGE(done.status == 0, done.err);
}

// Starts anew, so many days after what is planned.
void wait_days(Rig& rig, int days) {
  rig.daemon.stop();
  const std::string ms = std::to_string(std::int64_t{days} * 86'400'000);
  by_force(rig, "UPDATE lookup SET anchor_at_ms = anchor_at_ms - " + ms +
                    ", next_at_ms = next_at_ms - " + ms + ", asked_at_ms = asked_at_ms - " + ms);
  rig.restart();
}

Json wait_for_end(const Rig& rig, const std::string& id) {
  return rig.daemon.wait_for(id, [](const Json& p) { return p.at("asking_ended_at").is_string(); });
}

int rows_of(const Json& payment, const std::string& kind) {
  int rows = 0;
  for (const Json& row : payment.at("timeline")) rows += row.at("kind") == kind ? 1 : 0;
  return rows;
}

int rebuild_check(const Rig& rig) {
  const Finished check = rig.daemon.command({"rebuild", "--check"});
  INFO(check.out);
  CHECK(check.status == 0);
  return check.status;
}

}  // namespace

TEST_CASE("operating: an API that goes takes nothing along, and is asked when it is back") {
  for (const std::string& gone : kVersions) {
    CAPTURE(gone);
    Rig rig;
    const Settings both = rig.daemon.settings();
    const std::string stays = gone == "v1" ? "v2" : "v1";
    rig.daemon.register_order("waits");
    rig.daemon.register_order("stays");
    // A webhook that nobody could ask about before the stop.
    rig.portone.rest_fault({{"mode", "refuse"}, {"where", gone}});
    const Json said = rig.portone.make(made(gone, "said", "paid"));
    rig.acknowledged(paid_webhook(said));
    rig.daemon.stop();
    Settings one = both;
    (gone == "v1" ? one.v1 : one.v2) = false;
    rig.daemon.configure(one);
    rig.restart();
    rig.portone.clear_faults();
    rig.portone.make(made(gone, "waits", "paid"));
    rig.portone.make(made(stays, "stays", "paid"));
    rig.daemon.wait_for_result("stays", "paid");
    rig.portone.forget_requests();
    rig.daemon.send("POST", "/payments/waits/lookup");
    rig.daemon.send("POST", "/payments/said/lookup");
    CHECK(rig.come_back("imp_uid=imp_1&merchant_uid=waits&imp_success=true").status == 200);
    CHECK(rig.come_back("paymentId=waits&txId=t").status == 200);
    CHECK(rig.daemon.get("/stats").status == 200);
    CHECK(rig.portone.requests(gone).empty());
    rig.daemon.stop();
    rig.daemon.configure(both);
    rig.restart();
    CHECK(rig.daemon.wait_for_result("waits", "paid").at("deliverable") == true);
    rig.daemon.wait_for_result("said", "paid");
    CHECK(rebuild_check(rig) == 0);
  }
}

TEST_CASE("operating: a write that another process holds up is a 503 after ten seconds") {
  Rig rig;
  const auto begun = Clock::now();
  {
    WriteLock lock(rig.daemon);
    CHECK(rig.daemon.send("PUT", "/orders/held", {{"amount", 1}, {"currency", "KRW"}}).status ==
          503);
    CHECK(Clock::now() - begun >= 9'900ms);
    CHECK(Clock::now() - begun < 20s);
    CHECK(rig.daemon.get("/healthz").status == 200);
    lock.release();
  }
  // A 503 says that nobody knows: it may have been stored since.
  const int again =
      rig.daemon.send("PUT", "/orders/held", {{"amount", 1}, {"currency", "KRW"}}).status;
  CHECK((again == 200 || again == 201));
}

TEST_CASE("operating: a secret that is not PortOne's is a warning in one place, and one line") {
  Rig rig;
  const std::string other = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
  rig.portone.fault({{"webhooks", {{"secrets", {other}}}}});
  const auto warned = [&] {
    const Json stats = rig.daemon.get("/stats").json();
    for (const Json& one : stats.at("warnings")) {
      if (one.at("kind") == "webhook_signature") return true;
    }
    return false;
  };
  for (int i = 0; i < 6; ++i) {
    rig.portone.make(
        {{"version", "v2"}, {"payment_id", "p" + std::to_string(i)}, {"status", "paid"}});
  }
  wait_until("the warning", warned);
  const std::string log = rig.daemon.log();
  const auto first = log.find("kind=webhook_signature");
  CHECK(first != std::string::npos);
  CHECK(log.find("kind=webhook_signature", first + 1) == std::string::npos);
  wait_until("the refused ones are listed",
             [&] { return rig.daemon.get("/rejected").json().at("rejected").size() >= 5; });
  rig.portone.clear_faults();
  rig.portone.make({{"version", "v2"}, {"payment_id", "good"}, {"status", "paid"}});
  wait_until("the warning ends", [&] { return !warned(); });
}

TEST_CASE(
    "operating: what nobody pays just ends, and an order that is withdrawn is stuck no more") {
  Rig rig;
  rig.daemon.register_order("nobody");
  for (const std::string& version : kVersions) {
    rig.daemon.register_order("left-" + version);
    rig.portone.make(made(version, "left-" + version, "ready"));
    rig.daemon.register_order("deposit-" + version);
    rig.portone.make(made(version, "deposit-" + version, "virtual_account_issued"));
    rig.daemon.wait_for_result("deposit-" + version, "awaiting_deposit");
  }
  // A browser said that it was paid; PortOne never did.
  rig.daemon.register_order("said");
  const Json said = rig.portone.make(made("v1", "said", "ready"));
  rig.daemon.send("POST", "/payments/said/lookup");
  rig.daemon.wait_for_result("said", "ready");
  rig.come_back("imp_uid=" + id_of(said) + "&merchant_uid=said&imp_success=true");
  rig.daemon.register_order("pending");
  rig.portone.make(made("v2", "pending", "pay_pending"));
  rig.daemon.wait_for_result("pending", "pending");
  rig.daemon.wait_for_empty_inbox();
  const std::int64_t due =
      std::chrono::duration_cast<std::chrono::seconds>(
          std::chrono::system_clock::now().time_since_epoch() - std::chrono::days(8))
          .count();
  rig.portone.add_fault(
      {{"answers", {{"payment", "deposit-v1"}, {"merge", {{"vbank_date", due}}}}}});
  rig.portone.add_fault({{"answers",
                          {{"payment", "deposit-v2"},
                           {"merge", {{"method", {{"expiredAt", "2026-01-01T00:00:00Z"}}}}}}}});
  wait_days(rig, 31);
  for (const char* id : {"nobody", "left-v1", "left-v2", "deposit-v1", "deposit-v2"}) {
    CAPTURE(id);
    CHECK(open_findings(wait_for_end(rig, id)).empty());
  }
  for (const char* id : {"said", "pending"}) {
    CAPTURE(id);
    wait_for_end(rig, id);
    rig.daemon.wait_for(
        id, [](const Json& p) { return open_findings(p) == std::vector<std::string>{"stuck"}; });
    CHECK(rig.daemon.send("DELETE", "/orders/" + std::string(id)).status == 200);
    CHECK(open_findings(rig.daemon.payment(id)).empty());
  }
  CHECK(rig.daemon.sqlite("SELECT count(*) FROM stuck") == "0\n");
  CHECK(rebuild_check(rig) == 0);
}

TEST_CASE("operating: a poll for a payment that awaits its deposit asks nobody") {
  Rig rig(scheduled("\"1h\""));
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "va-" + version;
    rig.daemon.register_order(id);
    const Json attempt = rig.portone.make(made(version, id, "virtual_account_issued"));
    rig.daemon.send("POST", "/payments/" + id + "/lookup");
    const Json p = rig.daemon.wait_for_result(id, "awaiting_deposit");
    const int calls = rig.portone.count_calls(version + " GET");
    const auto begun = Clock::now();
    CHECK(rig.daemon.get("/payments/" + id + "?wait=60").json().at("result") == "awaiting_deposit");
    CHECK(Clock::now() - begun < 20s);
    CHECK(rig.portone.count_calls(version + " GET") == calls);
    // Nor does one that waits for a change: it asks once, and then by the schedule.
    const std::string version_now = p.at("version").dump();
    CHECK(rig.daemon.get("/payments/" + id + "?wait=3&version=" + version_now).status == 200);
    CHECK(rig.portone.count_calls(version + " GET /payments/") <= calls + 1);
    // A person asks again and again.
    for (int i = 0; i < 5; ++i) {
      const int before = rig.portone.count_calls(version + " GET");
      rig.daemon.send("POST", "/payments/" + id + "/lookup");
      wait_until("PortOne is asked",
                 [&] { return rig.portone.count_calls(version + " GET") > before; });
    }
    const std::string of_attempt = " WHERE attempt_id = " + quote(id_of(attempt));
    wait_until("all answers are counted", [&] {
      return std::stoi(rig.daemon.sqlite("SELECT count(*) FROM snapshot_repeat JOIN snapshot "
                                         "USING (snapshot_id)" +
                                         of_attempt)) >= 5;
    });
    CHECK(rig.daemon.sqlite("SELECT count(*) - count(DISTINCT api) FROM snapshot" + of_attempt) ==
          "0\n");
    const Json after = rig.daemon.payment(id);
    CHECK(rows_of(after, "snapshot") ==
          std::stoi(rig.daemon.sqlite("SELECT count(*) FROM snapshot" + of_attempt)) +
              std::stoi(rig.daemon.sqlite(
                  "SELECT count(*) FROM lookup WHERE unknown > 0 AND id = " + quote(id))));
    CHECK(after.at("version") == p.at("version"));
  }
}

TEST_CASE("operating: three hundred forged webhooks are no difference to rebuild") {
  Rig rig;
  rig.daemon.register_order("ours");
  rig.portone.make(made("v1", "ours", "paid"));
  rig.daemon.wait_for_result("ours", "paid");
  rig.portone.rest_fault({{"mode", "timeout"}, {"where", {"v1 single", "v1 batch", "order"}}});
  for (int i = 0; i < 300; ++i) {
    const std::string order = i % 10 == 0 ? "ours" : "forged-" + std::to_string(i);
    rig.acknowledged(v1_webhook("imp_" + std::to_string(i), order, "paid"));
  }
  CHECK(rig.daemon.get("/stats").json().at("inbox").at("depth") > 200);
  CHECK(rebuild_check(rig) == 0);
  rig.portone.clear_faults();
  CHECK(rebuild_check(rig) == 0);
  rig.daemon.kill();
  CHECK(rebuild_check(rig) == 0);
  rig.restart();
  CHECK(rig.daemon.payment("ours").at("deliverable") == true);
}

TEST_CASE(
    "operating: a payment whose row is gone is derived again, under the newest configuration") {
  Rig rig;
  for (const char* id : {"gone", "kept"}) {
    rig.daemon.register_order(id);
    rig.portone.make(made("v2", id, "paid"));
    rig.daemon.wait_for_result(id, "paid");
  }
  rig.daemon.stop();
  Settings later = rig.daemon.settings();
  later.reconcile_lines = "lookup_schedule = [\"1s\"]\nunregistered_orders = \"accept\"";
  rig.daemon.configure(later);
  rig.restart();
  rig.daemon.stop();
  by_force(rig,
           "DROP TRIGGER payment_stays; DELETE FROM attempt WHERE payment_id = 'gone';"
           "DELETE FROM payment WHERE payment_id = 'gone'");
  CHECK(rig.daemon.command({"rebuild", "--check"}).status == 3);
  CHECK(rig.daemon.command({"rebuild"}).status == 0);
  CHECK(rebuild_check(rig) == 0);
  CHECK(rig.daemon.sqlite("SELECT result, deliverable FROM payment WHERE payment_id = 'gone'") ==
        "paid|1\n");
  rig.restart();
  CHECK(rig.daemon.payment("gone").at("deliverable") == true);
}

TEST_CASE("operating: who waits for webhooks still refuses to charge twice") {
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    Rig rig(scheduled("\"1h\"", "missing_webhook = \"wait\""));
    rig.daemon.register_order("once");
    rig.portone.make(made(version, "once", "paid"));
    rig.daemon.send("POST", "/payments/once/lookup");
    rig.daemon.wait_for_result("once", "pending");  // paid, and nobody announced it
    const auto confirm = [&](const std::string& attempt) {
      Call call =
          version == "v1"
              ? Call{"POST",
                     "/confirm/portone",
                     Json{{"imp_uid", attempt}, {"merchant_uid", "once"}, {"amount", 10'000}}
                         .dump(),
                     {{"Content-Type", "application/json"}}}
              : signed_call({{"type", "Confirm"},
                             {"timestamp", "2026-01-02T03:04:05.678Z"},
                             {"data",
                              {{"storeId", SandboxProcess::kStoreId},
                               {"paymentId", "once"},
                               {"transactionId", attempt},
                               {"totalAmount", 10'000}}}},
                            {"msg-" + attempt});
      call.target = "/confirm/portone";
      return ask(rig.daemon.webhook(), call).status;
    };
    CHECK(confirm("second") == 409);
    CHECK(confirm("second") == 409);
  }
}

TEST_CASE("operating: a backup over the file of a killed daemon is refused, with what to do") {
  Rig rig;
  rig.daemon.register_order("first");
  rig.daemon.stop();
  const std::string path = rig.daemon.database_path();
  const std::string backup = rig.daemon.folder() + "/backup.db";
  std::filesystem::copy_file(path, backup);
  rig.restart();
  rig.daemon.stop();
  rig.restart();
  rig.daemon.register_order("second");
  CHECK(rig.daemon.kill() == 128 + 9);
  REQUIRE(std::filesystem::file_size(path + "-wal") > 0);
  std::filesystem::copy_file(backup, path, std::filesystem::copy_options::overwrite_existing);
  for (const char* command : {"serve", "migrate", "rebuild"}) {
    CAPTURE(command);
    const Finished refused =
        run({{RECONCILED_BINARY, "--config", rig.daemon.config_path(), command}});
    CHECK(refused.status == 1);
    CHECK(refused.err.find("remove " + path + "-wal") != std::string::npos);
  }
  std::filesystem::remove(path + "-wal");
  std::filesystem::remove(path + "-shm");
  rig.restart();
  CHECK(rig.daemon.payment("first").is_object());
  CHECK(rig.daemon.payment("second").is_null());
}

TEST_CASE("operating: nothing is acknowledged into a file that was moved away") {
  Rig rig;
  rig.daemon.register_order("before");
  const std::string path = rig.daemon.database_path();
  std::filesystem::rename(path, path + ".away");
  CHECK(rig.deliver(v1_webhook("imp_1", "o1", "paid")).status == 503);
  CHECK(rig.daemon.send("PUT", "/orders/o", {{"amount", 1}, {"currency", "KRW"}}).status == 503);
  wait_until("it is not ready", [&] { return rig.daemon.get("/readyz").status == 503; });
  rig.daemon.wait_for_log("was removed or replaced");
  // Another file is no better.
  write_file(path, "");
  CHECK(rig.deliver(v1_webhook("imp_1", "o1", "paid")).status == 503);
  std::filesystem::rename(path + ".away", path);
  CHECK(rig.deliver(v1_webhook("imp_1", "o1", "paid")).status == 200);
  wait_until("it is ready", [&] { return rig.daemon.get("/readyz").status == 200; });
  rig.daemon.kill();
  rig.restart();
  CHECK(rig.daemon.payment("before").is_object());
  CHECK(rig.daemon.payment("o1").is_object());
}

TEST_CASE("operating: what is mistyped is named at once") {
  Rig rig;
  const auto refused = [&](const Answer& answer, const std::string& name) {
    CHECK(answer.status == 400);
    CHECK(answer.body.find(name) != std::string::npos);
  };
  for (const char* currency : {"KWR", "krw", "KR", "XYZ", "WON"}) {
    refused(rig.daemon.send("PUT", "/orders/o", {{"amount", 1}, {"currency", currency}}), currency);
  }
  refused(rig.daemon.send("PUT", "/orders/o", {{"amount", 1}, {"curency", "KRW"}}), "curency");
  refused(rig.daemon.send("PUT", "/orders/o?prergister=true", {{"amount", 1}, {"currency", "KRW"}}),
          "prergister");
  for (const char* target :
       {"/payments/o?wiat=30", "/payments?wiat=30", "/changes?wiat=30", "/events?wiat=30",
        "/findings?wiat=30", "/rejected?wiat=30", "/notifications?wiat=30", "/stats?wiat=30",
        "/orders/o?wiat=30", "/events/1?wiat=30"}) {
    CAPTURE(target);
    refused(rig.daemon.get(target), "wiat");
  }
  refused(rig.daemon.send("POST", "/payments/o/lookup?wiat=30"), "wiat");
  refused(rig.daemon.send("POST", "/events/1/replay?wiat=30"), "wiat");
  refused(rig.daemon.send("DELETE", "/orders/o?wiat=30"), "wiat");
  CHECK(rig.daemon.get("/orders/o").status == 404);
}
