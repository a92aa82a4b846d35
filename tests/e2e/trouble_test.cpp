// A database that takes nothing, files that are not what they should be, outputs that fail: what is
// refused, what a person reads, and that a stop takes a second all the same.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/e2e/rig.h"
#include "tests/e2e/write_lock.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// SIGTERM while a webhook waits for its commit. A second, and what a slow machine adds.
void check_stop(Rig& rig) {
  std::thread waiting([&] {
    try {
      CHECK(rig.deliver(v1_webhook("imp_wait", "waits", "paid")).status == 503);
    } catch (const std::exception&) {
      // Not answered is not acknowledged.
    }
  });
  std::this_thread::sleep_for(500ms);
  const auto began = std::chrono::steady_clock::now();
  CHECK(rig.daemon.stop() == 0);
  CHECK(std::chrono::steady_clock::now() - began < 5s);
  waiting.join();
}

// `check` and `serve` refuse it with the same words.
void refused(const std::string& config, const std::string& words) {
  for (const char* command : {"check", "serve"}) {
    CAPTURE(command);
    const Finished done = run({{RECONCILED_BINARY, "--config", config, command}});
    CHECK(done.status == 78);
    CHECK(done.out.empty());
    CHECK_MESSAGE(has(done.err, words), done.err);
  }
}

}  // namespace

TEST_CASE("trouble: a stop waits for nobody's lock") {
  Rig rig;
  rig.acknowledged(v1_webhook("imp_1", "o1", "paid"));
  const WriteLock lock(rig.daemon);
  check_stop(rig);
}

TEST_CASE("trouble: without its file the daemon says so in one place, refuses, and stops at once") {
  Rig rig;
  rig.acknowledged(v1_webhook("imp_1", "o1", "paid"));
  std::string missing = rig.daemon.database_path();
  SUBCASE("the database") {}
  SUBCASE("its -wal") { missing += "-wal"; }
  std::filesystem::remove(missing);
  CHECK(rig.deliver(v1_webhook("imp_2", "o2", "paid")).status == 503);
  wait_until("it is not ready", [&] { return rig.daemon.get("/readyz").status == 503; });
  const Finished status = rig.daemon.command({"status"});
  CHECK(status.status == 1);
  CHECK(has(status.out, "NOT READY"));
  CHECK(has(status.out, "restart the daemon"));
  CHECK(has(rig.daemon.get("/stats").body, "was removed or replaced"));
  CHECK(has(rig.daemon.get("/metrics").body, "reconciled_warning{kind=\"database\"} 1"));
  check_stop(rig);
}

TEST_CASE("trouble: a database behind a link is watched where it stands") {
  Rig rig;
  CHECK(rig.daemon.stop() == 0);
  const std::string link = rig.daemon.database_path();
  const std::string folder = rig.daemon.folder() + "/disk";
  const std::string real = folder + "/real.db";
  std::filesystem::create_directory(folder);
  std::filesystem::rename(link, real);
  std::filesystem::create_symlink(real, link);
  rig.restart();
  rig.acknowledged(v1_webhook("imp_1", "o1", "paid"));
  wait_until("it is listed", [&] { return has(rig.daemon.command({"list"}).out, "o1"); });
  std::filesystem::remove(real + "-wal");
  CHECK(rig.deliver(v1_webhook("imp_2", "o2", "paid")).status == 503);
  CHECK(rig.daemon.stop() == 0);
}

TEST_CASE("trouble: a sweep that cannot be written down holds up no stop") {
  Settings settings;
  settings.sweep_every = "1s";
  Rig rig(settings);
  std::filesystem::remove(rig.daemon.database_path());
  rig.daemon.wait_for_log("the database cannot be written");
  std::this_thread::sleep_for(1500ms);
  const auto began = std::chrono::steady_clock::now();
  CHECK(rig.daemon.stop() == 0);
  CHECK(std::chrono::steady_clock::now() - began < 5s);
}

TEST_CASE("trouble: what a removed -wal held is there after a restart") {
  Rig rig;
  rig.acknowledged(v1_webhook("imp_1", "o1", "paid"));
  std::filesystem::remove(rig.daemon.database_path() + "-wal");
  std::filesystem::remove(rig.daemon.database_path() + "-shm");
  CHECK(rig.deliver(v1_webhook("imp_2", "o2", "paid")).status == 503);
  CHECK(rig.daemon.stop() == 0);
  rig.restart();
  CHECK(rig.daemon.sqlite("SELECT count(*) FROM event") == "1\n");
}

TEST_CASE("trouble: into a damaged file nothing is acknowledged, and a person is told what to do") {
  Rig rig;
  for (int i = 0; i < 50; ++i) {
    const std::string number = std::to_string(i);
    rig.acknowledged(v1_webhook("imp_" + number, "o" + number, "paid"));
  }
  CHECK(rig.daemon.stop() == 0);
  rig.restart();
  const std::string path = rig.daemon.database_path();
  {
    // All but the first pages, which hold the schema.
    constexpr std::streamoff kKept = 16 * 4096;
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto size = static_cast<std::streamoff>(std::filesystem::file_size(path));
    file.seekp(kKept);
    REQUIRE(size > 2 * kKept);
    const std::string noise(static_cast<std::size_t>(size - kKept), '\xa5');
    file.write(noise.data(), static_cast<std::streamsize>(noise.size()));
  }
  const auto refuses = [&] {
    return rig.deliver(v1_webhook("imp_new", "o7", "paid")).status == 503;
  };
  (void)rig.daemon.get("/payments?limit=500");
  wait_until("it refuses", refuses);
  const Finished status = rig.daemon.command({"status"});
  CHECK_MESSAGE(has(status.out, "is damaged"), status.out);
  CHECK(has(rig.daemon.get("/readyz").body, "the database cannot be written"));
  CHECK(rig.daemon.stop() == 0);
  const Finished list = rig.daemon.command({"list"});
  CHECK(list.status == 1);
  CHECK_MESSAGE(has(list.err, path + " is damaged"), list.err);
}

TEST_CASE("trouble: check and serve refuse alike what this machine has for a path") {
  const reconciled::test::TemporaryFolder folder;
  const std::string config = folder / "c.toml";
  Settings settings;
  settings.sandbox_url = "http://127.0.0.1:9";
  const std::string database = folder / "r.db";
  write_file(folder / "no.pem", "no certificate\n");
  const std::string pem = folder / "no.pem";
  settings.webhook_lines = "tls_cert = \"" + pem + "\"\ntls_key = \"" + pem + "\"\n";
  write_file(config, toml_of(settings, database));
  refused(config, "webhook.tls_cert: TLS certificate " + pem);
  settings.webhook_lines = "tls_cert = \"" + (folder / "absent") + "\"\ntls_key = \"" + pem + "\"\n";
  write_file(config, toml_of(settings, database));
  refused(config, "webhook.tls_cert: TLS certificate " + (folder / "absent"));
  settings.webhook_lines.clear();
  settings.admin_listen = "unix:" + folder.text();
  write_file(config, toml_of(settings, database));
  refused(config, "admin.listen: " + folder.text() + " is there, and it is no socket");
  settings.admin_listen = "127.0.0.1:0";
  write_file(config, toml_of(settings, folder.text()));
  refused(config, "storage.path: " + folder.text() + " is a directory");
  write_file(config, toml_of(settings, "/dev/null"));
  refused(config, "storage.path: /dev/null is no regular file");
}

TEST_CASE("trouble: a configuration that became a pipe is refused, and the old one stays") {
  Rig rig;
  std::filesystem::remove(rig.daemon.config_path());
  REQUIRE(::mkfifo(rig.daemon.config_path().c_str(), 0600) == 0);
  rig.daemon.process().signal(SIGHUP);
  rig.daemon.wait_for_log("it is no regular file");
  rig.acknowledged(v1_webhook("imp_1", "o1", "paid"));
  CHECK(rig.daemon.stop() == 0);
}

TEST_CASE("trouble: numbers are digits, and nothing is rounded or read as octal") {
  Rig rig;
  for (const char* amount : {"010", "0x10", "99999999999999999999", "1e3", "-5", "+5", " 5", ""}) {
    CAPTURE(amount);
    const Finished done =
        rig.daemon.command({"order", "o1", "--amount", amount, "--currency", "KRW"});
    CHECK(done.status == 2);
  }
  CHECK(rig.daemon.payment("o1").is_null());
  CHECK(rig.daemon.command({"order", "o1", "--amount", "10", "--currency", "KRW"}).status == 0);
  CHECK(rig.daemon.payment("o1").at("expected_amount") == 10);
  CHECK(rig.daemon.command({"list", "--limit", "010"}).status == 2);
}

TEST_CASE("trouble: output that cannot be written is no success") {
  Rig rig;
  rig.daemon.register_order("o1");
  const std::string config = rig.daemon.config_path();
  for (const char* command : {"list", "show o1", "findings", "check", "rebuild --check"}) {
    CAPTURE(command);
    const Finished done = run({{"sh", "-c",
                                std::string(RECONCILED_BINARY) + " --config " + config + " " +
                                    command + " >/dev/full"}});
    CHECK(done.status == 1);
    CHECK(has(done.err, "could not be written"));
  }
}

TEST_CASE("trouble: where few files may be open each listener keeps its share, and a line says so") {
  // sh sets the limit and becomes the daemon.
  Settings settings;
  Rig rig(settings, {},
          {.arguments = {"sh", "-c", "ulimit -n 400; exec \"$@\"", "sh", RECONCILED_BINARY}});
  rig.daemon.wait_for_log("this process may open few files");
  CHECK(has(rig.daemon.log(), "connections_a_listener=350"));
  rig.acknowledged(v1_webhook("imp_1", "o1", "paid"));
}
