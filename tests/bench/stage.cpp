#include "tests/bench/stage.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

namespace reconciled::bench {
namespace {

e2e::Settings settings_for(const e2e::SandboxProcess& portone) {
  e2e::Settings settings;
  settings.sandbox_url = portone.base_url();
  settings.log_level = "info";
  settings.reconcile_lines = R"(lookup_schedule = ["10s", "30s", "1m", "24h"])";
  return settings;
}

e2e::Command with_argument(e2e::Command program, const std::string& argument) {
  program.arguments.push_back(argument);
  return program;
}

}  // namespace

Stage::Stage(const StageOptions& options)
    : portone(folder.text()), daemon(folder.text(), settings_for(portone), options.program) {
  if (options.portone_delay_ms > 0) {
    portone.rest_fault({{"mode", "slow"}, {"delay_ms", options.portone_delay_ms}});
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
