// Some virtual days of a shop: payments that move, messages lost, late, doubled and forged,
// a PortOne with faults, a machine whose clock is set, a daemon that stops, is killed and starts
// with another configuration. Then the faults end, and everything has to become PortOne's truth.
//
// Nothing waits and nothing is random but by the seed: the same number is the same story.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tests/simulator/daemon.h"
#include "tests/simulator/oracle.h"
#include "tests/support/temporary_folder.h"

namespace reconciled::simulator {

struct DayEnd {
  std::vector<std::string> faults;  // what is not as it must be
  int histories = 0;
  int starts = 0;
  int kills = 0;
  int clock_steps = 0;
  // How long after the faults' end the last payment became PortOne's truth.
  std::chrono::seconds slowest{0};
  std::chrono::seconds slowest_decided{0};  // of those whose truth is decided
};

class Day {
 public:
  static constexpr int kHistories = 16;
  // The longest schedule's last step with its tenth of jitter, a sweep, and the back-off of both.
  static constexpr std::chrono::seconds kBound = std::chrono::minutes(24 * 66 + 20);

  // `empty_file`: a migrated database to begin with.
  Day(int number, const std::string& empty_file);
  DayEnd run();

 private:
  using Step = std::function<void()>;
  struct Told {  // what the shop may rely on having registered
    std::optional<core::ExpectedOrder> order;
  };

  void make_worlds();
  void make_messages(std::size_t world);
  void make_orders(std::size_t world);
  void make_trouble();
  [[nodiscard]] int trouble_at();
  void at(int second, Step step);
  void deliver(std::size_t world, int piece, int copy, int tries);
  void put_order(std::size_t world, const core::ExpectedOrder& order);

  void start(const Setup& setup);
  void stop();
  void kill();
  void keep_files();
  void step_clock();
  void step_far();
  [[nodiscard]] Setup make_setup();

  void run_until(int second);
  void end_faults();
  // How our word differs from PortOne's truth; empty where it does not. `is_asked`: a look-up
  // of all began after the last change, by hand if need be.
  [[nodiscard]] std::string difference_of(std::size_t world, bool is_asked);
  void watch(std::set<core::PaymentId> changed);
  void judge(bool is_asked);
  void judge_the_rest();
  void say(std::size_t world, const std::string& fault);

  int number_;
  Random random_;
  test::TemporaryFolder folder_;
  std::string file_;
  std::mutex keeping_;
  std::string kept_;  // as a kill in the middle of a decision leaves it
  int files_ = 0;
  Machine machine_;
  Portone portone_;
  std::vector<std::unique_ptr<History>> histories_;
  std::vector<Told> told_;
  std::map<std::string, std::size_t> world_of_;
  std::vector<bool> differs_;
  Setup setup_;
  std::unique_ptr<Daemon> daemon_;
  std::multimap<std::pair<core::Time, int>, Step> agenda_;
  int steps_ = 0;
  std::vector<int> arrivals_;  // of messages
  int last_change_ = 0;        // of any world
  int faults_end_ = 0;
  bool is_over_ = false;     // the faults
  bool has_waited_ = false;  // some configuration said missing_webhook = "wait"
  bool is_bounded_ = true;   // the time is still taken
  DayEnd end_;
};

}  // namespace reconciled::simulator
