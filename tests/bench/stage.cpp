#include "tests/bench/stage.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace reconciled::bench {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

e2e::Settings settings_for(const e2e::SandboxProcess& portone, const StageOptions& options) {
  e2e::Settings settings;
  settings.sandbox_url = portone.base_url();
  settings.log_level = "info";
  // The load comes from PortOne: V1's unsigned webhooks are not on a stranger's budget.
  settings.webhook_lines = R"(source_ips = ["127.0.0.1"])";
  settings.reconcile_lines = R"(lookup_schedule = ["10s", "30s", "1m", "24h"])"
                             "\nlookups_in_flight = " +
                             std::to_string(options.lookups_in_flight) + "\n" +
                             options.reconcile_lines;
  settings.notify_lines = options.notify_lines;
  settings.v1 = options.v1;
  settings.v2 = options.v2;
  return settings;
}

e2e::Command with_argument(e2e::Command program, const std::string& argument) {
  program.arguments.push_back(argument);
  return program;
}

e2e::Json paid_payment(const std::string& api, const Ids& ids) {
  return {{"payment_id", ids.payment_id},
          {"attempt_id", ids.attempt_id},
          {"version", api},
          {"status", "paid"},
          {"webhook", false}};
}

}  // namespace

Stage::Stage(const StageOptions& options)
    : portone(folder.text()),
      daemon(folder.text(), settings_for(portone, options), options.program) {
  if (options.portone_delay_ms > 0) {
    portone.rest_fault({{"mode", "slow"}, {"delay_ms", options.portone_delay_ms}});
  }
}

double Stage::restart_on(const std::string& database) {
  if (daemon.stop() != 0) throw std::runtime_error("the daemon did not end in order");
  for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(daemon.database_path() + suffix);
  fs::copy_file(database, daemon.database_path());
  // What is still to be written of the copy would stand in the way of the daemon's own syncs.
  const int fd = open(daemon.database_path().c_str(), O_RDONLY | O_CLOEXEC);
  const bool is_synced = fd >= 0 && fsync(fd) == 0;
  close(fd);
  if (!is_synced) throw std::runtime_error("cannot sync " + daemon.database_path());
  const auto begin = std::chrono::steady_clock::now();
  daemon.start();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

void Stage::make_known(const std::string& api, const std::vector<Ids>& payments,
                       double per_second) {
  std::vector<e2e::Json> paid;
  paid.reserve(payments.size());
  for (const Ids& ids : payments) paid.push_back(paid_payment(api, ids));
  make(paid, per_second);
}

void Stage::make_known_over_day(const std::string& api, const std::vector<Ids>& payments,
                                core::Time from) {
  const auto pace = std::chrono::milliseconds(24h) / static_cast<std::int64_t>(payments.size());
  std::vector<e2e::Json> paid;
  paid.reserve(payments.size());
  for (const Ids& ids : payments) {
    paid.push_back(paid_payment(api, ids));
    paid.back()["at"] = core::to_rfc3339(from + pace * static_cast<std::int64_t>(paid.size() - 1));
  }
  make(paid, 0);
}

void Stage::make(const std::vector<e2e::Json>& payments, double per_second) {
  const std::string address = portone.base_url().substr(std::string("http://").size());
  std::vector<std::string> requests;
  requests.reserve(payments.size());
  for (const e2e::Json& payment : payments) {
    requests.push_back(json_request({address}, "POST", "/sandbox/payments", payment.dump()));
  }
  Belt belt(std::move(requests));
  const LoadResult made = run_load({.address = address,
                                    .connections = 4,
                                    .duration = std::chrono::minutes(5),
                                    .next = [&belt] { return belt.next(); },
                                    .per_second = per_second});
  if (made.accepted != payments.size()) {
    throw std::runtime_error("the sandbox made " + std::to_string(made.accepted) + " payments of " +
                             std::to_string(payments.size()));
  }
}

double Stage::metric(const std::string& name) const {
  const std::string text = daemon.get("/metrics").body;
  const auto at = text.find("\n" + name + " ");
  return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size() + 2));
}

double Stage::processor_seconds() const {
  std::ifstream stat("/proc/" + std::to_string(const_cast<Stage*>(this)->daemon.process().pid()) +
                     "/stat");
  std::string text;
  std::getline(stat, text);
  std::istringstream fields(text.substr(text.rfind(')') + 1));
  std::string skipped;
  for (int i = 0; i < 11; ++i) fields >> skipped;
  double user = 0;
  double kernel = 0;
  fields >> user >> kernel;
  return (user + kernel) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

OtherServer::OtherServer(e2e::Command program)
    : process_(with_argument(std::move(program), folder_.text()), folder_ / "server") {
  e2e::wait_until("the server listens", [this] { return process_.out().ends_with("\n"); });
}

std::string OtherServer::address() const {
  const std::string said = process_.out();
  return "127.0.0.1:" + said.substr(0, said.size() - 1);
}

}  // namespace reconciled::bench
