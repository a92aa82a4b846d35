// The process's life: killed, stopped, started again, started twice, told to read again.
#include <doctest/doctest.h>
#include <signal.h>

#include <thread>

#include "tests/e2e/rig.h"
#include "tests/e2e/storm.h"
#include "tests/support/raw_socket.h"

using namespace reconciled::e2e;

TEST_CASE("process: killed after the 200 and before the look-up, it decides after a restart") {
  Rig rig;
  rig.portone.rest_fault({{"mode", "timeout"}});
  std::vector<Json> attempts;
  for (const std::string& version : kVersions) {
    const std::string id = "kill-" + version;
    rig.daemon.register_order(id);
    attempts.push_back(rig.portone.make(
        {{"payment_id", id}, {"version", version}, {"status", "paid"}, {"webhook", false}}));
    rig.acknowledged(paid_webhook(attempts.back()));
  }
  CHECK(rig.daemon.kill() == 128 + SIGKILL);
  rig.portone.rest_fault({{"mode", "normal"}});
  rig.restart();
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const Json p = rig.daemon.wait_for_result("kill-" + version, "paid");
    CHECK(p.at("authority") == "webhook");
    CHECK(p.at("deliverable") == true);
    rig.daemon.same_in_shell("kill-" + version);
  }
}

TEST_CASE("process: SIGTERM lets requests in flight finish, and exits 0") {
  Rig rig;
  Storm storm(rig.daemon.webhook());
  storm.wait_for(100);
  // One whose second half comes when the daemon is already stopping.
  const Call call = v2_webhook("Transaction.Paid", "half", "tx-half", {.id = "msg_half"});
  const std::string bytes = bytes_of(rig.daemon.webhook(), call);
  const std::string& address = rig.daemon.webhook().address;
  const auto port = std::stoul(address.substr(address.rfind(':') + 1));
  auto half = reconciled::test::RawSocket::tcp(static_cast<std::uint16_t>(port));
  half.send(bytes.substr(0, bytes.size() - 20));
  // And one that waits for a decision: it is not made to wait a minute for the stop.
  rig.daemon.register_order("polled");
  std::thread poll([&] { CHECK(rig.daemon.get("/payments/polled?wait=60").status == 200); });
  wait_until("the poll waits", [&] { return !rig.portone.requests("v1 order").empty(); });
  // A request that comes later on this connection than the half one is read later.
  CHECK(rig.daemon.get("/healthz").status == 200);
  rig.daemon.process().signal(SIGTERM);
  rig.daemon.wait_for_log("stopping");
  half.send(bytes.substr(bytes.size() - 20));
  CHECK(parse_answer(half.read_to_end(kPatience)).status == 200);
  CHECK(rig.daemon.process().wait() == 0);
  poll.join();
  auto acknowledged = storm.stop();
  acknowledged.emplace("half", 0);
  check_stored(rig.daemon, acknowledged);
}

TEST_CASE("process: SIGINT stops it, too, and a stop without requests is quick") {
  Rig rig;
  const auto began = std::chrono::steady_clock::now();
  rig.daemon.process().signal(SIGINT);
  CHECK(rig.daemon.process().wait() == 0);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(9));
}

TEST_CASE("process: a second daemon on the same file is refused with a clear message") {
  Rig rig;
  const Finished second = run({{RECONCILED_BINARY, "--config", rig.daemon.config_path(), "serve"}});
  CHECK(second.status == 1);
  CHECK(second.err.find(rig.daemon.database_path()) != std::string::npos);
  CHECK(second.err.find("in use") != std::string::npos);
  const Finished migration =
      run({{RECONCILED_BINARY, "--config", rig.daemon.config_path(), "migrate"}});
  CHECK(migration.status == 1);
  CHECK(migration.err == second.err);
  CHECK(rig.daemon.get("/healthz").status == 200);
}

TEST_CASE("process: a database newer than the program is refused with 78") {
  Rig rig;
  CHECK(rig.daemon.stop() == 0);
  REQUIRE(run({{"sqlite3", rig.daemon.database_path(), "PRAGMA user_version = 999"}}).status == 0);
  for (const char* command : {"serve", "migrate", "check", "list", "rebuild"}) {
    CAPTURE(command);
    const Finished done = run({{RECONCILED_BINARY, "--config", rig.daemon.config_path(), command}});
    CHECK(done.status == 78);
    CHECK(done.err.find("newer") != std::string::npos);
  }
}

TEST_CASE("process: SIGHUP takes over file: secrets, allow-lists and the log level") {
  const std::string fresh = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
  const reconciled::test::TemporaryFolder secrets;
  write_file(secrets / "secret", std::string(SandboxProcess::kSecret) + "\n");
  Settings settings;
  settings.log_level = "info";
  settings.v2_lines = "store_id = \"" + std::string(SandboxProcess::kStoreId) +
                      "\"\nwebhook_secrets = [\"file:" + (secrets / "secret") + "\"]";
  Rig rig(settings);
  const auto remote_ip_of = [&](const std::string& id) {
    return rig.daemon.get("/events?payment_id=" + id).json().at("events")[0].at("remote_ip");
  };
  const std::pair<std::string, std::string> forwarded{"X-Forwarded-For", "52.78.5.241"};
  Call first = v2_webhook("Transaction.Paid", "a", "ta", {"m1"});
  first.headers.push_back(forwarded);
  CHECK(rig.deliver(first).status == 200);
  CHECK(remote_ip_of("a") == "52.78.5.241");
  CHECK(rig.deliver(v2_webhook("Transaction.Paid", "b", "tb", {"m2", fresh})).status == 401);
  CHECK(rig.daemon.log().find("delivery refused") == std::string::npos);

  write_file(secrets / "secret", fresh + "\n");
  settings = rig.daemon.settings();
  settings.log_level = "debug";
  settings.http_lines = "trusted_proxies = []";
  rig.daemon.configure(settings);
  rig.daemon.process().signal(SIGHUP);
  rig.daemon.wait_for_log("configuration reread");
  Call second = v2_webhook("Transaction.Paid", "b", "tb", {"m2", fresh});
  second.headers.push_back(forwarded);
  CHECK(rig.deliver(second).status == 200);
  CHECK(remote_ip_of("b") == "127.0.0.1");
  CHECK(rig.deliver(v2_webhook("Transaction.Paid", "c", "tc", {"m3"})).status == 401);
  rig.daemon.wait_for_log("delivery refused");

  // A faulty file changes nothing.
  write_file(rig.daemon.config_path(), "[webhook]\nnonsense = 1\n");
  rig.daemon.process().signal(SIGHUP);
  rig.daemon.wait_for_log("the old one stays");
  CHECK(rig.deliver(v2_webhook("Transaction.Paid", "d", "td", {"m4", fresh})).status == 200);
  CHECK(rig.daemon.log().find(fresh.substr(6)) == std::string::npos);
}
