// Keeping house: raw bodies that are old leave, copies are made and put back.
#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/e2e/rig.h"
#include "tests/e2e/shop_backend.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("not in: " << text);
  return found;
}

void pay(Rig& rig, const std::string& id) {
  rig.daemon.register_order(id);
  rig.portone.make({{"version", "v2"}, {"payment_id", id}, {"status", "paid"}});
  rig.daemon.wait_for(id, [](const Json& p) { return p.at("deliverable") == true; });
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  return names;
}

}  // namespace

TEST_CASE("upkeep: prune says that nothing is old enough, or that everything is kept") {
  Rig rig;
  pay(rig, "young");
  const Finished pruned = rig.daemon.command({"prune"});
  CHECK(pruned.status == 0);
  CHECK(has(pruned.out, "0 messages and 0 of PortOne's answers are older than 90 days"));
  CHECK(rig.daemon.sqlite("SELECT count(*) FROM event WHERE body IS NULL AND signed = 1") == "0\n");
}

TEST_CASE("upkeep: a copy made under load is whole, belongs to who may read, and overwrites nothing") {
  Rig rig;
  for (int i = 0; i < 20; ++i) pay(rig, "copied-" + std::to_string(i));
  const std::string file = rig.folder / "copy.db";
  std::jthread load([&](const std::stop_token& is_over) {
    for (int i = 0; !is_over.stop_requested(); ++i) {
      rig.daemon.register_order("beside-" + std::to_string(i));
    }
  });
  const Finished made = rig.daemon.command({"backup", file});
  load.request_stop();
  load.join();
  CHECK(made.status == 0);
  CHECK(has(made.out, "0 differ from their evidence"));
  CHECK((fs::status(file).permissions() & fs::perms::others_all) == fs::perms::none);
  const auto before = fs::last_write_time(file);
  const Finished again = rig.daemon.command({"backup", file});
  CHECK(again.status == 1);
  CHECK(has(again.err, "exists already"));
  CHECK(fs::last_write_time(file) == before);
  CHECK(rig.daemon.command({"backup", "/nowhere/at/all.db"}).status == 1);
  for (const std::string& name : names_in(rig.folder.text())) {
    CHECK(name.find("unfinished") == std::string::npos);
  }
}

TEST_CASE("upkeep: a copy that is put back is whole, and the shop hears of all that came since") {
  ShopBackend shop;
  Settings settings;
  settings.notify_lines = shop.lines();
  settings.sweep_every = "1s";
  Rig rig(settings);
  pay(rig, "early");
  const std::string file = rig.folder / "copy.db";
  REQUIRE(rig.daemon.command({"backup", file}).status == 0);
  pay(rig, "later");
  wait_until("both are told", [&] { return shop.types_taken("later").size() == 1; });
  const std::int64_t told = shop.taken().back().version();

  CHECK(rig.daemon.command({"restore", file, "--yes"}).status == 1);  // the daemon runs
  CHECK(rig.daemon.payment("later").at("result") == "paid");
  rig.daemon.kill();
  CHECK(has(rig.daemon.command({"restore", file}).err, "--yes"));
  const Finished restored = rig.daemon.command({"restore", file, "--yes"});
  CHECK(restored.status == 0);
  CHECK(has(restored.out, "what was there is "));
  rig.daemon.start();
  rig.portone.send_webhooks_to({rig.daemon.webhook_url()});
  CHECK(rig.daemon.payment("early").at("deliverable") == true);
  // The sweep finds it; nobody registered it in this copy. The version is above all that were told.
  rig.daemon.wait_for("later", [](const Json& p) { return p.at("result") == "paid"; });
  wait_until("it is told", [&] { return shop.types_taken("later").size() > 1; });
  rig.daemon.register_order("later");
  rig.daemon.wait_for("later", [](const Json& p) { return p.at("deliverable") == true; });
  wait_until("it is told again",
             [&] { return shop.types_taken("later").back() == "payment.paid"; });
  CHECK(shop.taken().back().version() > told);
  CHECK(rig.daemon.command({"rebuild", "--check"}).status == 0);
  // What was there is whole, too.
  for (const std::string& name : names_in(rig.folder.text())) {
    if (name.find(".before-") == std::string::npos || name.ends_with("-wal")) continue;
    const Finished old = run({.arguments = {"sqlite3", "-readonly", rig.folder / name,
                                            "SELECT result FROM payment WHERE payment_id = 'later'"}});
    CHECK(old.out == "paid\n");
  }
  // Two within one second have each a name for what was there.
  CHECK(rig.daemon.stop() == 0);
  for (int i = 0; i < 2; ++i) CHECK(rig.daemon.command({"restore", file, "--yes"}).status == 0);
}

TEST_CASE("upkeep: of two copies of one name at once one is whole, and the other is told why not") {
  Rig rig;
  for (int i = 0; i < 20; ++i) pay(rig, "copied-" + std::to_string(i));
  for (int round = 0; round < 5; ++round) {
    const std::string file = rig.folder / ("copy-" + std::to_string(round) + ".db");
    Finished one;
    Finished other;
    std::thread beside([&] { one = rig.daemon.command({"backup", file}); });
    other = rig.daemon.command({"backup", file});
    beside.join();
    CHECK(one.status + other.status == 1);
    const std::string& why = one.status == 0 ? other.err : one.err;
    const bool is_told = why.find("is being written by another command") != std::string::npos ||
                         why.find("exists already") != std::string::npos ||
                         why.find("File exists") != std::string::npos;
    CHECK_MESSAGE(is_told, why);
    CHECK(run({{"sqlite3", "-readonly", file, "PRAGMA integrity_check"}}).out == "ok\n");
    CHECK_FALSE(fs::exists(file + ".unfinished"));
  }
}

TEST_CASE("upkeep: names that SQLite takes for something else are files") {
  Rig rig;
  pay(rig, "kept");
  for (const std::string name : {":memory:", "file:copy.db", "file:copy.db?mode=memory"}) {
    CAPTURE(name);
    const Finished made =
        run({{"sh", "-c", "cd \"$1\" && exec \"$2\" --config \"$3\" backup \"$4\"", "sh",
              rig.folder.text(), RECONCILED_BINARY, rig.daemon.config_path(), name}});
    CHECK(made.status == 0);
    CHECK(has(made.out, "1 payment(s) checked"));
    CHECK(fs::exists(rig.folder / name));
  }
}

TEST_CASE("upkeep: a disk that has no room for a copy is named before one begins") {
  Rig rig;
  pay(rig, "kept");
  const std::string disk = rig.folder / "disk";
  fs::create_directory(disk);
  if (::mount("none", disk.c_str(), "tmpfs", 0, "size=64k") != 0) {
    MESSAGE("only root can make a small disk");
    return;
  }
  const Finished refused = rig.daemon.command({"backup", disk + "/copy.db"});
  CHECK(refused.status == 1);
  CHECK(has(refused.err, disk + " has 0 MiB left, and the copy needs 1"));
  CHECK(fs::is_empty(disk));
  // Nor is a database put back there.
  REQUIRE(rig.daemon.command({"backup", rig.folder / "copy.db"}).status == 0);
  const std::string config = rig.folder / "small.toml";
  std::ofstream(config) << toml_of(rig.daemon.settings(), disk + "/reconciled.db");
  const Finished no_room = run({{RECONCILED_BINARY, "--config", config, "restore",
                                 rig.folder / "copy.db", "--yes"}});
  CHECK(no_room.status == 1);
  CHECK(has(no_room.err, "MiB left"));
  CHECK(fs::file_size(disk + "/reconciled.db") == 0);  // the right to write it
  CHECK(::umount(disk.c_str()) == 0);
}

TEST_CASE("upkeep: what is no good copy is refused, and the database stays as it was") {
  Rig rig;
  pay(rig, "kept");
  const std::string good = rig.folder / "copy.db";
  REQUIRE(rig.daemon.command({"backup", good}).status == 0);
  rig.daemon.stop();
  const std::string text = rig.folder / "text.db";
  write_file(text, "no database");
  const std::string empty = rig.folder / "empty.db";
  write_file(empty, "");
  const std::string torn = rig.folder / "torn.db";
  write_file(torn, read_file(good).substr(0, 60'000));
  for (const std::string& file : {text, empty, torn, rig.folder / "absent.db"}) {
    CAPTURE(file);
    const Finished refused = rig.daemon.command({"restore", file, "--yes"});
    CHECK(refused.status != 0);
    CHECK_FALSE(refused.err.empty());
  }
  // One that nobody writes into would be read for ever.
  const std::string pipe = rig.folder / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  CHECK(has(rig.daemon.command({"restore", pipe, "--yes"}).err, "there is no such file"));
  CHECK(has(rig.daemon.command({"restore", torn, "--yes"}).err, torn + " is no good copy"));
  // A copy under a name of the database's own would be taken for a part of it.
  for (const char* suffix : {"-journal", "-wal", "-shm", ".lock"}) {
    CHECK(rig.daemon.command({"backup", rig.daemon.database_path() + suffix}).status == 1);
  }
  CHECK_FALSE(fs::exists(rig.daemon.database_path() + "-journal"));
  rig.daemon.start();
  CHECK(rig.daemon.payment("kept").at("deliverable") == true);
}
