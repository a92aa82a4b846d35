// What a measurement is taken with: the daemon, the sandbox as a PortOne 50 ms away, and other
// servers to compare with.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "daemon/core/words/time.h"
#include "tests/bench/load.h"
#include "tests/bench/messages.h"
#include "tests/e2e/daemon_process.h"
#include "tests/e2e/sandbox_process.h"
#include "tests/support/temporary_folder.h"

namespace reconciled::bench {

struct StageOptions {
  int portone_delay_ms = 50;
  int lookups_in_flight = 64;
  std::string notify_lines{};
  std::string reconcile_lines{};  // more of them
  e2e::Command program{};  // another than `reconciled`
  bool v1 = true;          // which APIs are configured
  bool v2 = true;
};

class Stage {
 public:
  explicit Stage(const StageOptions& options = {});

  test::TemporaryFolder folder;
  e2e::SandboxProcess portone;
  e2e::DaemonProcess daemon;

  // Stops the daemon and starts it on a copy of this database; the seconds from its start until it
  // was ready.
  double restart_on(const std::string& database);
  // PortOne knows these as paid from now on and sends no webhook. `per_second` as in LoadPlan.
  void make_known(const std::string& api, const std::vector<Ids>& payments, double per_second = 0);
  // As paid one after the other over the 24 hours from `from`.
  void make_known_over_day(const std::string& api, const std::vector<Ids>& payments,
                           core::Time from);

  // The value of a metric without labels.
  [[nodiscard]] double metric(const std::string& name) const;
  // Seconds of processor time that the daemon has used.
  [[nodiscard]] double processor_seconds() const;

 private:
  void make(const std::vector<e2e::Json>& payments, double per_second);
};

// Another program that takes webhooks, and prints the port that it listens on.
class OtherServer {
 public:
  // Its last argument is a folder for its files.
  explicit OtherServer(e2e::Command program);
  [[nodiscard]] std::string address() const;

 private:
  test::TemporaryFolder folder_;
  e2e::ChildProcess process_;
};

}  // namespace reconciled::bench
