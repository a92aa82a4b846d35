#include "daemon/commands/serve.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "daemon/app.h"
#include "daemon/commands/commands.h"
#include "daemon/commands/machine.h"
#include "daemon/runtime/log.h"

namespace reconciled::commands {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds kPause = 2s;

sigset_t our_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

// The next of our signals, or 0 after `timeout`.
int wait_for_signal(const sigset_t& set, std::chrono::milliseconds timeout) {
  timespec wait{};
  wait.tv_sec = static_cast<time_t>(timeout.count() / 1000);
  wait.tv_nsec = static_cast<long>(timeout.count() % 1000 * 1'000'000);
  const int signal = sigtimedwait(&set, nullptr, &wait);
  return std::max(signal, 0);
}

// systemd restarts us when the watchdog goes silent: it does where a worker stands still.
void tend_watchdog(ServiceManager& manager, App& app, bool& was_well) {
  const std::vector<std::string> faults = app.faults();
  if (faults.empty()) manager.watchdog();
  const bool is_well = faults.empty();
  if (is_well != was_well) {
    if (is_well) {
      log_info("well again");
    } else {
      log_critical("a worker stands still", {{"fault", faults.front()}});
    }
  }
  was_well = is_well;
}

// What is queued is written before `main` says the last word.
struct LogEnd {
  LogEnd() = default;
  ~LogEnd() { end_logging(); }
  LogEnd(const LogEnd&) = delete;
  LogEnd& operator=(const LogEnd&) = delete;
};

// `status`: what `systemctl status` shows; stays as it is where the file has faults.
void reread(ServiceManager& manager, App& app, const std::string& config_path,
            std::string& status) {
  manager.reloading();
  const ConfigOutcome fresh = reread_config_file(config_path);
  if (fresh.ok()) {
    status = "serving";
    std::string separator = "; needs a restart: ";
    for (const std::string& key : app.reload(fresh.value())) {
      status += std::exchange(separator, ", ") + key;
    }
  } else {
    for (const core::ConfigFault& fault : fresh.error()) {
      log_error("configuration fault", {{"key", fault.key}, {"fault", fault.message}});
    }
    log_error("the configuration has faults; the old one stays", {{"path", config_path}});
  }
  manager.ready(status);
}

}  // namespace

int serve(core::Config config, const std::string& config_path, storage::WriterOptions writer,
          const alert::Timing& timing) {
  if (const auto faults = faults_of_machine(config); !faults.empty()) {
    print(faults);
    return kBadConfiguration;
  }
  // Blocked before any thread is made, so that only this one receives them.
  const sigset_t signals = our_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  init_logging(config.log_level, config.log_format, logs_to_journal());
  const LogEnd log_end;

  ServiceManager manager;
  App app(std::move(config), inherited_sockets(), std::move(writer), timing);
  app.start();
  std::string status = "serving";
  manager.ready(status);
  log_info("ready");

  const auto pause = manager.watchdog_timeout()
                         ? std::min(kPause, std::chrono::duration_cast<std::chrono::milliseconds>(
                                                *manager.watchdog_timeout() / 3))
                         : kPause;
  bool is_well = true;
  for (;;) {
    const int signal = wait_for_signal(signals, pause);
    if (signal == SIGTERM || signal == SIGINT) break;
    if (signal == SIGHUP) reread(manager, app, config_path, status);
    app.watch();
    tend_watchdog(manager, app, is_well);
  }
  manager.stopping();
  log_info("stopping");
  app.stop();
  log_info("stopped");
  return kDone;
}

}  // namespace reconciled::commands
