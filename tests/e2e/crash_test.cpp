// Promise 1 under SIGKILL: killed at random moments under load, and started again on the same file.
//
// RECONCILED_CRASHES: how many kills (24); RECONCILED_SEED: the seed of a run to be repeated. The
// second test alters the daemon to acknowledge before the commit: the first must catch that.
#include <doctest/doctest.h>
#include <signal.h>

#include <filesystem>
#include <random>
#include <sstream>

#include "tests/e2e/rig.h"
#include "tests/e2e/storm.h"
#include "tests/support/number_from.h"
#ifdef FAULTY_DISK_LIBRARY
#include "tests/e2e/disk.h"
#endif

using namespace reconciled::e2e;
using reconciled::test::number_from;

namespace {

constexpr int kDifferencesTold = 20;

std::uint32_t seed() {
  static const std::uint32_t chosen = number_from("RECONCILED_SEED", std::random_device{}());
  return chosen;
}

// Unknown payments are looked up once: in a long run each start would look up all of them again.
Settings settings() {
  return {.log_level = "info", .reconcile_lines = "lookup_schedule = [\"1h\"]"};
}

class Crashes {
 public:
  explicit Crashes(const Command& daemon) : rig_(settings(), {}, daemon), random_(seed()) {}

  // A storm, SIGKILL at a random moment of it, and a start on the same file.
  void crash() {
    StormOptions options{.name = "crash" + std::to_string(kills_)};
    for (int i = 0; i < 20 && !ids_.empty(); ++i) {
      options.again.push_back(ids_[random_() % ids_.size()]);
    }
    Storm storm(rig_.daemon.webhook(), options);
    storm.wait_for(random_() % 60);
    std::this_thread::sleep_for(std::chrono::microseconds(random_() % 20'000));
    CHECK(rig_.daemon.kill() == 128 + SIGKILL);
    ++kills_;
    for (const auto& [id, stamp] : storm.stop()) {
      if (acknowledged_.emplace(id, stamp).second) ids_.push_back(id);
    }
    CHECK(storm.answers().other == 0);
    // Waiting for a start reads the whole log again and again.
    std::filesystem::resize_file(rig_.daemon.folder() + "/daemon.err", 0);
    rig_.restart();
  }

  [[nodiscard]] Stored stored() const {
    return compare(rig_.daemon.sqlite("SELECT payment_id FROM event"), acknowledged_);
  }
  [[nodiscard]] DaemonProcess& daemon() { return rig_.daemon; }
  [[nodiscard]] const Acknowledged& acknowledged() const { return acknowledged_; }
  [[nodiscard]] std::string told() const {
    const Stored found = stored();
    return "seed " + std::to_string(seed()) + ": " + std::to_string(kills_) + " kills, " +
           std::to_string(acknowledged_.size()) + " acknowledged, " + std::to_string(found.lost) +
           " lost, " + std::to_string(found.doubled) + " doubled";
  }
  // What `rebuild --check` says: how many payments differ, and of the first of them what stands in
  // the inbox's books.
  [[nodiscard]] std::string explained(const std::string& differences) const {
    std::istringstream lines(differences);
    std::string told;
    int count = 0;
    for (std::string line; std::getline(lines, line); ++count) {
      if (count >= kDifferencesTold && lines.peek() != EOF) continue;
      told += line + "\n";
      const std::string payment_id = line.substr(0, line.find(": "));
      told += rig_.daemon.sqlite(
          "SELECT '  event ' || event_id, 'tries ' || tries, 'parked ' || parked,"
          "  'arrived ' || last_arrival_ms, 'processed ' || coalesce(processed_at_ms, '-') "
          "FROM event JOIN event_progress USING (event_id) WHERE payment_id = " +
          quote(payment_id));
    }
    return told;
  }

 private:
  Rig rig_;
  std::mt19937 random_;
  std::uint32_t kills_ = 0;
  Acknowledged acknowledged_;
  std::vector<std::string> ids_;  // the same, to choose from
};

}  // namespace

TEST_CASE("crash: killed at random moments, it has lost nothing acknowledged, doubled nothing") {
  const std::uint32_t rounds = number_from("RECONCILED_CRASHES", 24U);
  // In a long run not every start is followed by a look at the whole table.
  const std::uint32_t look_every = 1 + rounds / 50;
  Command program;
#ifdef FAULTY_DISK_LIBRARY
  FaultyDisk disk;
  program = disk.below();
#endif
  Crashes crashes(program);
  for (std::uint32_t round = 1; round <= rounds; ++round) {
    CAPTURE(round);
#ifdef FAULTY_DISK_LIBRARY
    disk.slow_down(round % 2 == 0 ? 2'000 : 0);
#endif
    crashes.crash();
    if (round % look_every == 0) check_stored(crashes.daemon(), crashes.acknowledged());
  }
#ifdef FAULTY_DISK_LIBRARY
  disk.slow_down(0);
#endif
  check_stored(crashes.daemon(), crashes.acknowledged());
  MESSAGE(crashes.told());
  wait_until(
      "the inbox is empty",
      [&] { return crashes.daemon().get("/stats").json().at("inbox").at("depth") == 0; },
      kPatience + rounds * std::chrono::seconds(1));
  // No event is to blame for a SIGKILL.
  CHECK(crashes.daemon().sqlite("SELECT event_id FROM event_progress WHERE parked = 1") == "");
  CHECK(crashes.daemon().stop() == 0);
  const Finished rebuild = crashes.daemon().command({"rebuild", "--check"});
  CHECK_MESSAGE(rebuild.status == 0, crashes.explained(rebuild.out));
}

#ifdef FAULTY_DISK_LIBRARY
TEST_CASE("crash: a daemon that acknowledges before its commit is caught") {
  FaultyDisk disk;
  disk.slow_down(10'000);
  Crashes crashes(disk.below({{ALTERED_DAEMON_BINARY, "--complete-early"}}));
  std::size_t lost = 0;
  for (int kills = 0; kills < 20 && lost == 0; ++kills) {
    crashes.crash();
    lost = crashes.stored().lost;
  }
  CHECK(lost > 0);
  MESSAGE(crashes.told());
}
#endif
