// SIGKILL in the middle of keeping house: what has a final name is whole, and nothing is lost.
#include <doctest/doctest.h>
#include <signal.h>
#include <sys/stat.h>

#include <filesystem>
#include <random>
#include <thread>

#include "tests/e2e/rig.h"
#include "tests/support/number_from.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr int kPayments = 150;
constexpr int kKills = 10;

std::mt19937& chance() {
  static std::mt19937 random(
      reconciled::test::number_from("RECONCILED_SEED", std::uint32_t{std::random_device{}()}));
  return random;
}

void register_many(const Rig& rig, const std::string& name) {
  for (int i = 0; i < kPayments; ++i) rig.daemon.register_order(name + std::to_string(i));
}

// Starts a command and kills it after a while of at most so long; whether that was in time.
bool kill_in_the_middle(const Rig& rig, std::vector<std::string> arguments, unsigned most_ms) {
  arguments.insert(arguments.begin(),
                   {RECONCILED_BINARY, "--config", rig.folder / "command.toml"});
  ChildProcess command({arguments}, rig.folder / "killed");
  std::this_thread::sleep_for(std::chrono::microseconds(chance()() % (1'000U * most_ms)));
  command.signal(SIGKILL);
  return command.wait() == 128 + SIGKILL;
}

std::string checked(const std::string& file) {
  return run({{"sqlite3", "-readonly", file, "PRAGMA integrity_check"}}).out;
}

// And what reading it left.
void remove_with_all(const std::string& file) {
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(file + suffix);
}

ino_t inode_of(const std::string& file) {
  struct stat known {};
  return ::stat(file.c_str(), &known) == 0 ? known.st_ino : 0;
}

// How long it takes when nobody kills it.
unsigned milliseconds_of(const std::function<void()>& work) {
  const auto begun = std::chrono::steady_clock::now();
  work();
  return static_cast<unsigned>((std::chrono::steady_clock::now() - begun) / 1ms) + 1;
}

}  // namespace

TEST_CASE("upkeep: a copy that is cut short has no name, and one that has its name is whole") {
  Rig rig(scheduled("\"1h\""));
  register_many(rig, "o");
  const std::string file = rig.folder / "copy.db";
  const unsigned whole = milliseconds_of([&] { CHECK(rig.daemon.command({"backup", file}).status == 0); });
  int killed = 0;
  for (int i = 0; i < kKills; ++i) {
    remove_with_all(file);
    if (kill_in_the_middle(rig, {"backup", file}, whole)) ++killed;
    if (fs::exists(file)) CHECK(checked(file) == "ok\n");
  }
  CHECK(killed > 0);
  remove_with_all(file);
  CHECK(rig.daemon.command({"backup", file}).status == 0);
  CHECK_FALSE(fs::exists(file + ".unfinished"));
}

TEST_CASE("upkeep: a copy that is put back is the database or is not, wherever that is cut short") {
  Rig rig(scheduled("\"1h\""));
  register_many(rig, "o");
  const std::string file = rig.folder / "copy.db";
  REQUIRE(rig.daemon.command({"backup", file}).status == 0);
  rig.daemon.register_order("since");
  const std::string database = rig.daemon.database_path();
  rig.daemon.stop();
  const std::string before = rig.folder / "before.db";
  fs::copy_file(database, before);
  const unsigned whole = milliseconds_of(
      [&] { CHECK(rig.daemon.command({"restore", file, "--yes"}).status == 0); });
  int killed = 0;
  int put_back = 0;
  for (int i = 0; i < kKills; ++i) {
    remove_with_all(database);
    fs::copy_file(before, database);
    if (kill_in_the_middle(rig, {"restore", file, "--yes"}, whole)) ++killed;
    for (const auto& entry : fs::directory_iterator(rig.folder.text())) {
      const std::string name = entry.path().filename();
      const bool is_old = name.find(".before-") != std::string::npos;
      if (!is_old || name.ends_with("-wal") || name.ends_with("-shm")) continue;
      // Two names of one file would be two databases.
      CHECK(inode_of(entry.path()) != inode_of(database));
      CHECK(checked(entry.path()) == "ok\n");
      remove_with_all(entry.path());
    }
    CHECK(checked(database) == "ok\n");
    const bool is_old = rig.daemon.sqlite("SELECT count(*) FROM payment WHERE payment_id = 'since'") == "1\n";
    if (!is_old) ++put_back;
    CHECK(rig.daemon.sqlite("SELECT count(*) FROM payment") ==
          std::to_string(kPayments + (is_old ? 1 : 0)) + "\n");
  }
  CHECK(killed > 0);
  MESSAGE(killed << " killed, " << put_back << " put back");
  rig.daemon.start();
  CHECK(rig.daemon.command({"rebuild", "--check"}).status == 0);
}

TEST_CASE("upkeep: retention goes on where it was killed") {
  Rig rig(scheduled("\"1h\""));
  for (int i = 0; i < kPayments; ++i) {
    const std::string number = std::to_string(i);
    rig.acknowledged(v2_webhook("Transaction.Paid", "o" + number, "tx" + number, {"msg_" + number}));
  }
  rig.daemon.wait_for_empty_inbox();
  rig.daemon.stop();
  // As if it were 100 days later.
  const Finished aged =
      run({{"sqlite3", rig.daemon.database_path(),
            "CREATE TEMP TABLE kept AS SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND "
            "tbl_name = 'event'; SELECT 'DROP TRIGGER ' || name || ';' FROM kept; SELECT sql || ';' FROM "
            "kept;"}});
  REQUIRE(aged.status == 0);
  const auto create = aged.out.find("CREATE TRIGGER");
  const Finished set = run({{"sqlite3", rig.daemon.database_path(),
                             aged.out.substr(0, create) +
                                 "UPDATE event SET received_at_ms = received_at_ms - 8640000000;" +
                                 aged.out.substr(create)}});
  REQUIRE_MESSAGE(set.status == 0, set.err);
  const auto left = [&] {
    return std::stoi(rig.daemon.sqlite("SELECT count(*) FROM event WHERE body IS NOT NULL"));
  };
  // Nothing leaves before PortOne has confirmed the clock.
  rig.restart();
  const Finished unsure = rig.daemon.command({"prune"});
  CHECK(unsure.status == 1);
  CHECK((unsure.out + unsure.err).find("before PortOne has confirmed this clock") != std::string::npos);
  CHECK(left() == kPayments);
  for (int i = 0; i < 4; ++i) {
    rig.restart();
    rig.daemon.send("POST", "/payments/o0/lookup");
    std::this_thread::sleep_for(100ms);
    CHECK(rig.daemon.send("POST", "/prune", Json::object()).status == 202);
    std::this_thread::sleep_for(std::chrono::milliseconds(chance()() % 40));
    rig.daemon.kill();
  }
  rig.restart();
  rig.daemon.send("POST", "/payments/o0/lookup");
  wait_until("it is done", [&] { return rig.daemon.command({"prune"}).status == 0; });
  CHECK(left() == 0);
  CHECK(rig.daemon.sqlite("SELECT count(*) FROM event") == std::to_string(kPayments) + "\n");
  CHECK(rig.daemon.command({"rebuild", "--check"}).status == 0);
}
