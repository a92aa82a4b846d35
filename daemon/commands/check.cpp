#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "daemon/commands/commands.h"
#include "daemon/commands/machine.h"
#include "daemon/commands/online.h"
#include "storage/sqlite/database_lock.h"
#include "storage/sqlite/migrate.h"

namespace reconciled::commands {
namespace {

using core::ConfigFault;

// Looks at the file without changing it: where it stands, and whether it is ours.
std::string check_database(std::vector<ConfigFault>& faults, const std::string& path) {
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  if (::access(folder.c_str(), F_OK) != 0) {
    // As the units name it, StateDirectory=.
    if (folder.string().starts_with("/var/lib/reconciled")) {
      return "database: " + path + " is made at the first start, and its folder by systemd";
    }
    faults.push_back({"storage.path", "there is no folder " + folder.string()});
    return {};
  }
  if (::access(folder.c_str(), W_OK) != 0) {
    faults.push_back({"storage.path", "cannot write to the folder " + folder.string()});
    return {};
  }
  try {
    const std::size_t pending = storage::pending_migrations(path).size();
    return "database: " + path + ", " + std::to_string(pending) +
           " migration(s) to apply at the next start";
  } catch (const std::exception& error) {
    faults.push_back({"storage.path", error.what()});
    return {};
  }
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
  const storage::DatabaseLock lock(config.database_path);
  const auto applied = storage::migrate(config.database_path);
  for (const std::string& name : applied) std::printf("applied %s\n", name.c_str());
  if (applied.empty()) std::printf("nothing to apply\n");
  return kDone;
}

}  // namespace reconciled::commands
