// Promise 1 on a disk that fails: errors, short writes, power cuts, and a lock held by others.
//
// RECONCILED_CUTS: power cuts a run (6); RECONCILED_LOCK_SECONDS: how long the lock is held (8);
// RECONCILED_SEED: the seed of a run to be repeated.
#include "tests/e2e/disk.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include "tests/e2e/rig.h"
#include "tests/e2e/storm.h"
#include "tests/e2e/write_lock.h"
#include "tests/support/number_from.h"

using namespace reconciled::e2e;
using reconciled::test::number_from;
using reconciled::test::TemporaryFolder;

namespace {

constexpr const char* kComplaint = "the database cannot be written";
// Bodies that fill the WAL fast: the writer checkpoints after some 400 of them.
constexpr std::size_t kBigBytes = 60'000;

void wait_for_line(const DaemonProcess& daemon, std::size_t from, const std::string& text) {
  wait_until("the log says: " + text,
             [&] { return daemon.log().find(text, from) != std::string::npos; });
}

void check_rebuild(DaemonProcess& daemon) {
  daemon.wait_for_empty_inbox();
  CHECK(daemon.stop() == 0);
  const Finished rebuild = daemon.command({"rebuild", "--check"});
  CHECK_MESSAGE(rebuild.status == 0, rebuild.out);
}

// What PortOne does with refused webhooks: it delivers them again. Some of them.
void deliver_again(Rig& rig, const std::set<std::string>& refused, Acknowledged& all) {
  std::size_t left = 40;
  for (const std::string& id : refused) {
    if (left-- == 0) return;
    rig.acknowledged(storm_call(id));
    all.emplace(id, 0);
  }
}

// A daemon that runs on a disk with a journal, and what it acknowledged when.
class Recording {
 public:
  explicit Recording(FaultyDisk& disk, const Command& program = {})
      : rig({}, {}, disk.below(program)), begins(disk.journal_bytes()), disk_(disk) {}

  void storm(std::size_t webhooks, StormOptions options = {}) {
    storm_while([&](Storm& storm) { storm.wait_for(webhooks); }, std::move(options));
  }
  // Until two checkpoints were synced, and for some webhooks more.
  void storm_through_checkpoints() {
    const std::uint64_t before = disk_.database_syncs();
    storm_while(
        [&](Storm& storm) {
          wait_until("two checkpoints", [&] { return disk_.database_syncs() > before + 1; });
          storm.wait_for(storm.answers().acknowledged + 100);
        },
        {.padding_bytes = kBigBytes});
  }
  // Until so many checkpoints failed, each at its sync, and one was synced after each.
  void storm_through_failing_checkpoints(int times) {
    storm_while(
        [&](Storm&) {
          for (int i = 0; i < times; ++i) {
            const std::uint64_t faults = disk_.faults();
            disk_.fail({.sync_error = EIO, .files = reconciled::test::kDatabaseFile});
            wait_until("a sync failed", [&] { return disk_.faults() > faults; });
            const std::uint64_t syncs = disk_.database_syncs();
            disk_.heal();
            wait_until("a checkpoint", [&] { return disk_.database_syncs() > syncs; });
          }
        },
        {.name = "failing", .padding_bytes = kBigBytes});
  }
  void stop() {
    disk_.heal();
    CHECK(rig.daemon.stop() == 0);
    ends = disk_.journal_bytes();
  }

  [[nodiscard]] std::uint64_t some_acknowledgement(std::mt19937& random) const {
    auto chosen = acknowledged.begin();
    std::advance(chosen, random() % acknowledged.size());
    return chosen->second;
  }
  [[nodiscard]] Acknowledged acknowledged_until(std::uint64_t at) const {
    Acknowledged before;
    for (const auto& [id, stamp] : acknowledged) {
      if (stamp <= at) before.emplace(id, stamp);
    }
    return before;
  }

  Rig rig;
  std::uint64_t begins;
  std::uint64_t ends = 0;
  Acknowledged acknowledged;

 private:
  template <class Until>
  void storm_while(Until until, StormOptions options) {
    options.stamp = [this] { return disk_.journal_bytes(); };
    Storm storm(rig.daemon.webhook(), options);
    until(storm);
    acknowledged.merge(storm.stop());
    CHECK(storm.answers().other == 0);
  }
  FaultyDisk& disk_;
};

// Cuts the power right after acknowledgements, at any other moment, and after the end.
void cut_and_start(const FaultyDisk& disk, const Recording& recording) {
  const std::uint32_t seed = number_from("RECONCILED_SEED", std::random_device{}());
  const std::uint32_t cuts = number_from("RECONCILED_CUTS", 6U);
  std::mt19937 random(seed);
  std::size_t judged = 0;
  for (std::uint32_t cut = 0; cut < cuts; ++cut) {
    const std::uint64_t at = cut + 1 == cuts ? recording.ends
                             : cut % 3 == 2
                                 ? recording.begins + random() % (recording.ends - recording.begins)
                                 : recording.some_acknowledgement(random);
    CAPTURE(seed);
    CAPTURE(cut);
    CAPTURE(at);
    const TemporaryFolder folder;
    disk.cut_power(at, cut % 2 == 0 ? nullptr : &random, folder.text());
    DaemonProcess daemon(folder.text(), recording.rig.daemon.settings());
    const Acknowledged before = recording.acknowledged_until(at);
    check_stored(daemon, before);
    judged += before.size();
    CHECK(ask(daemon.webhook(), storm_call("after-the-cut")).status == 200);
    if (cut == 0 || cut + 1 == cuts) check_rebuild(daemon);
  }
  MESSAGE("seed " << seed << ": " << cuts << " cuts, " << recording.acknowledged.size()
                  << " acknowledged, " << judged << " looked for");
}

}  // namespace

TEST_CASE("disk: while it fails webhooks are refused, and afterwards taken without hands") {
  const std::vector<DiskFault> faults{{.name = "sync", .sync_error = EIO},
                                      {.name = "full", .write_error = ENOSPC},
                                      {.name = "torn", .write_error = ENOSPC, .is_short = true},
                                      {.name = "write", .write_error = EIO}};
  FaultyDisk disk;
  Rig rig({}, {}, disk.below());
  Acknowledged all;
  for (const DiskFault& fault : faults) {
    CAPTURE(fault.name);
    rig.daemon.register_order("before-" + fault.name);
    const Json attempt = rig.portone.make({{"payment_id", "before-" + fault.name},
                                           {"version", "v2"},
                                           {"status", "paid"},
                                           {"webhook", false}});
    rig.acknowledged(paid_webhook(attempt, {.id = "msg_before_" + fault.name}));
    const std::size_t log_before = rig.daemon.log().size();
    disk.fail(fault);
    Storm storm(rig.daemon.webhook(), {.name = fault.name});
    storm.wait_for_refused(40);
    CHECK(storm.stop().empty());
    CHECK(storm.answers().other == 0);
    CHECK(storm.answers().none == 0);
    wait_for_line(rig.daemon, log_before, kComplaint);
    disk.heal();

    rig.acknowledged(storm_call("after-" + fault.name));
    all.emplace("after-" + fault.name, 0);
    deliver_again(rig, storm.refused(), all);
    check_stored(rig.daemon, all);
    // What came before it and could not be decided is decided now.
    CHECK(rig.daemon.wait_for_result("before-" + fault.name, "paid").at("deliverable") == true);
  }
  rig.daemon.kill();
  rig.restart();
  check_stored(rig.daemon, all);
  check_rebuild(rig.daemon);
}

TEST_CASE("disk: failing now and then, it keeps what it acknowledged") {
  FaultyDisk disk;
  Rig rig({}, {}, disk.below());
  disk.fail({.write_error = ENOSPC, .sync_error = EIO, .one_in = 50});
  Storm storm(rig.daemon.webhook());
  storm.wait_for_refused(20);
  storm.wait_for(200);
  Acknowledged all = storm.stop();
  CHECK(storm.answers().other == 0);
  CHECK(storm.answers().none == 0);
  check_stored(rig.daemon, all);
  disk.heal();
  deliver_again(rig, storm.refused(), all);
  rig.daemon.kill();
  rig.restart();
  check_stored(rig.daemon, all);
  check_rebuild(rig.daemon);
}

TEST_CASE("disk: short writes are carried on to their end") {
  FaultyDisk disk;
  Rig rig({}, {}, disk.below());
  disk.fail({.is_short = true});
  Storm storm(rig.daemon.webhook());
  storm.wait_for(100);
  const Acknowledged all = storm.stop();
  CHECK(storm.answers().unavailable == 0);
  CHECK(storm.answers().other == 0);
  CHECK(disk.faults() > 0);
  CHECK(rig.daemon.log().find(kComplaint) == std::string::npos);
  rig.daemon.kill();
  rig.restart();
  check_stored(rig.daemon, all);
}

TEST_CASE("disk: a checkpoint that fails refuses nothing, is told, and is made up for") {
  FaultyDisk disk;
  Rig rig({}, {}, disk.below());
  disk.fail({.write_error = EIO, .files = reconciled::test::kDatabaseFile});
  Storm storm(rig.daemon.webhook(), {.padding_bytes = kBigBytes});
  wait_until("a checkpoint failed", [&] { return disk.faults() > 1; });
  wait_for_line(rig.daemon, 0, "checkpoint");
  const auto size = std::filesystem::file_size(rig.daemon.database_path());
  disk.heal();
  wait_until("a checkpoint was made",
             [&] { return std::filesystem::file_size(rig.daemon.database_path()) > size; });
  const Acknowledged all = storm.stop();
  CHECK(storm.answers().unavailable == 0);
  CHECK(storm.answers().other == 0);
  CHECK(storm.answers().none == 0);
  check_stored(rig.daemon, all);
}

TEST_CASE("power cut: what was acknowledged is there, through checkpoints too") {
  FaultyDisk disk(FaultyDisk::Journal::kKept);
  Recording recording(disk);
  recording.storm_through_checkpoints();
  recording.stop();
  cut_and_start(disk, recording);
}

TEST_CASE("power cut: what was acknowledged is there after syncs that failed") {
  FaultyDisk disk(FaultyDisk::Journal::kKept);
  Recording recording(disk);
  disk.fail({.name = "sync", .sync_error = EIO, .one_in = 4});
  recording.storm(150);
  CHECK(disk.faults() > 0);
  recording.stop();
  cut_and_start(disk, recording);
}

// A checkpoint is made in parts, and the last of them syncs for all.
TEST_CASE("power cut: what was acknowledged is there after checkpoints whose syncs failed") {
  FaultyDisk disk(FaultyDisk::Journal::kKept);
  Recording recording(disk);
  recording.storm_through_failing_checkpoints(3);
  recording.storm_through_checkpoints();
  recording.stop();
  cut_and_start(disk, recording);
}

// After a failed sync Linux takes what it was for as written: a new process finds it in the cache
// and builds upon it, while the disk does not have it.
TEST_CASE("power cut: what was acknowledged is there after a failed sync, a kill and a start") {
  FaultyDisk disk(FaultyDisk::Journal::kKept);
  Recording recording(disk);
  recording.storm(20, {.name = "first"});
  for (const char* name : {"second", "third"}) {
    disk.fail({.name = "sync", .sync_error = EIO});
    Storm refused(recording.rig.daemon.webhook(), {.name = std::string("refused-") + name});
    refused.wait_for_refused(10);
    CHECK(recording.rig.daemon.kill() == 128 + SIGKILL);
    CHECK(refused.stop().empty());
    disk.heal();
    recording.rig.restart();
    recording.storm(30, {.name = name});
  }
  recording.stop();
  cut_and_start(disk, recording);
}

TEST_CASE("power cut: a daemon that acknowledges before its commit is caught") {
  FaultyDisk disk(FaultyDisk::Journal::kKept);
  disk.slow_down(10'000);
  Recording recording(disk, {{ALTERED_DAEMON_BINARY, "--complete-early"}});
  recording.storm(50);
  recording.stop();
  std::mt19937 random(std::random_device{}());
  std::size_t lost = 0;
  int cuts = 0;
  for (; cuts < 20 && lost == 0; ++cuts) {
    const TemporaryFolder folder;
    const std::uint64_t at = recording.some_acknowledgement(random);
    disk.cut_power(at, nullptr, folder.text());
    const Finished rows =
        run({{"sqlite3", folder / "reconciled.db", "SELECT payment_id FROM event"}});
    REQUIRE_MESSAGE(rows.status == 0, rows.err);
    lost = compare(rows.out, recording.acknowledged_until(at)).lost;
  }
  CHECK(lost > 0);
  MESSAGE(lost << " lost, seen at cut " << cuts);
}

TEST_CASE("lock: held by another process it delays webhooks, and loses none") {
  const std::uint32_t seconds = number_from("RECONCILED_LOCK_SECONDS", 8U);
  Rig rig;
  WriteLock lock(rig.daemon);
  const auto held = std::chrono::steady_clock::now();
  Storm storm(rig.daemon.webhook());
  rig.daemon.wait_for_log("another process holds the database's write lock");
  CHECK(rig.daemon.get("/payments/nobody").status == 404);  // readers do not mind
  std::this_thread::sleep_until(held + std::chrono::seconds(seconds));
  lock.release();
  const auto released = std::chrono::steady_clock::now();
  rig.acknowledged(storm_call("afterwards"));
  CHECK(std::chrono::steady_clock::now() - released < std::chrono::seconds(5));
  storm.wait_for(storm.answers().acknowledged + 50);
  Acknowledged all = storm.stop();
  all.emplace("afterwards", 0);
  CHECK(storm.answers().other == 0);
  CHECK(storm.answers().none == 0);
  // The edge holds a webhook for 10 seconds.
  CHECK((storm.answers().unavailable > 0) == (seconds > 11));
  deliver_again(rig, storm.refused(), all);
  check_stored(rig.daemon, all);
  check_rebuild(rig.daemon);
}
