#include <cstdio>
#include <cstdlib>

#include "daemon/commands/commands.h"
#include "daemon/commands/machine.h"
#include "daemon/commands/online.h"
#include "storage/store.h"

namespace reconciled::commands {
namespace {

using core::ConfigFault;

std::string check_database(std::vector<ConfigFault>& faults, const std::string& location) {
  const storage::Store::Outlook outlook = storage::Store(location).outlook();
  if (!outlook.fault.empty()) faults.push_back({"storage.path", outlook.fault});
  return "database: " + outlook.good;
}

}  // namespace

int check(const std::string& config_path, const CheckOptions& options) {
  const auto config = options.reload ? reread_config_file(config_path)
                                     : read_config_file(config_path, core::ConfigUse::kServe);
  if (!config.ok()) {
    print(config.error());
    return kBadConfiguration;
  }
  std::vector<ConfigFault> faults = faults_of_machine(config.value());
  std::vector<std::string> good;
  if (faults.empty()) good.push_back(check_database(faults, config.value().database_path));
  if (!faults.empty()) good.clear();
  const int status = faults.empty() ? kDone : kBadConfiguration;
  if (faults.empty()) good.push_back("configuration: " + config_path + " is good");
  OnlineReport online;
  if (options.online) online = ask_portone(config.value());
  good.insert(good.end(), online.good.begin(), online.good.end());
  for (const std::string& line : good) {
    if (!options.quiet && !options.reload) std::printf("%s\n", line.c_str());
  }
  std::fflush(stdout);
  print(faults);
  print(online.wrong);
  const int result = status == kDone && !online.wrong.empty() ? kFailed : status;
  // A thread that waits for a name to be resolved cannot be ended; nothing of it matters any more.
  if (online.is_late) std::_Exit(result);
  return result;
}

int migrate(const core::Config& config) {
  storage::Store store(config.database_path);
  store.own();
  const auto applied = store.migrate();
  for (const std::string& name : applied) std::printf("applied %s\n", name.c_str());
  if (applied.empty()) std::printf("nothing to apply\n");
  return kDone;
}

}  // namespace reconciled::commands
