// Beside other programs on the same file. One that copies it by itself and moves its WAL (litestream): the
// WAL stays bounded, nothing is lost, and what it copied is whole. One that holds the lock to write.
#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <thread>

#include "tests/e2e/rig.h"
#include "tests/e2e/storm.h"
#include "tests/e2e/wal_copier.h"
#include "tests/e2e/write_lock.h"

using namespace reconciled::e2e;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kWebhooks = 5'000;
// Beyond 24,576 the daemon leaves it the lock to write, now and then.
constexpr std::uint32_t kMostFrames = 40'000;

Settings settings() {
  return {.log_level = "info", .reconcile_lines = "lookup_schedule = [\"1h\"]"};
}

void take_in(Rig& rig, const std::string& name, Acknowledged& all) {
  Storm storm(rig.daemon.webhook(), {.name = name, .padding_bytes = 2'000});
  storm.wait_for(kWebhooks);
  all.merge(storm.stop());
}

// Opens what was copied, as a person does who has lost the machine.
void check_copy(const Rig& rig, const WalCopier& copier, const std::string& name,
                const Acknowledged& all) {
  const std::string file = rig.folder / (name + ".db");
  copier.restore(file);
  CHECK(run({{"sqlite3", file, "PRAGMA wal_checkpoint(TRUNCATE); PRAGMA integrity_check"}})
            .out.ends_with("ok\n"));
  const Finished events = run({{"sqlite3", "-readonly", file, "SELECT payment_id FROM event"}});
  const Stored stored = compare(events.out, all);
  CHECK(stored.lost == 0);
  CHECK(stored.doubled == 0);
  const std::string config = rig.folder / (name + ".toml");
  std::ofstream(config) << toml_of(rig.daemon.settings(), file);
  const Finished rebuild =
      run({{RECONCILED_BINARY, "--config", config, "rebuild", "--check"}});
  CHECK_MESSAGE(rebuild.status == 0, rebuild.out << rebuild.err);
}

}  // namespace

TEST_CASE("a copier of the WAL: the WAL stays bounded, and what it copied is whole, over kills and stops") {
  Rig rig(settings());
  Acknowledged all;
  auto copier = std::make_unique<WalCopier>(rig.daemon.database_path(), rig.folder / "first");
  take_in(rig, "one", all);
  CHECK(rig.daemon.kill() == 128 + SIGKILL);
  rig.restart();
  take_in(rig, "two", all);
  CHECK(rig.daemon.stop() == 0);
  rig.restart();
  take_in(rig, "three", all);
  rig.daemon.wait_for_empty_inbox();
  copier->stop();
  const WalCopier::Seen seen = copier->seen();
  MESSAGE(seen.most_frames << " frames at most, " << seen.checkpoints << " whole checkpoints of its own, "
                           << seen.beginnings << " beginnings of the WAL");
  CHECK(seen.most_frames < kMostFrames);
  CHECK(seen.beginnings > 1);
  check_copy(rig, *copier, "copy", all);
  check_stored(rig.daemon, all);
  CHECK(rig.daemon.get("/stats").json().at("warnings").empty());
  // It is gone, the daemon goes on alone.
  copier.reset();
  take_in(rig, "four", all);
  CHECK(rig.daemon.stop() == 0);
  rig.restart();
  check_stored(rig.daemon, all);
  CHECK(rig.daemon.command({"rebuild", "--check"}).status == 0);
}

TEST_CASE("beside another program: a start waits for the lock that it holds for a while") {
  Rig rig(settings());
  rig.daemon.register_order("kept");
  for (const bool is_killed : {true, false}) {
    is_killed ? void(rig.daemon.kill()) : void(rig.daemon.stop());
    WriteLock lock(rig.daemon);
    std::jthread later([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(1'500));
      lock.release();
    });
    rig.daemon.start();
    CHECK(rig.daemon.payment("kept").at("result") == "none");
  }
}
