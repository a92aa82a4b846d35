#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "daemon/commands/commands.h"
#include "storage/database_lock.h"
#include "storage/migrate.h"

namespace reconciled::commands {
namespace {

using core::ConfigFault;

void print(const std::vector<ConfigFault>& faults) {
  for (const ConfigFault& fault : faults) {
    std::fprintf(stderr, "%s\n", text_of(fault).c_str());
  }
}

void check_file(std::vector<ConfigFault>& faults, const std::string& key,
                const std::string& path) {
  if (!path.empty() && ::access(path.c_str(), R_OK) != 0) {
    faults.push_back({key, "cannot read " + path});
  }
}

// Looks at the file without changing it: where it stands, and whether it is ours.
void check_database(std::vector<ConfigFault>& faults, const std::string& path) {
  const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
  if (::access(folder.c_str(), W_OK) != 0) {
    faults.push_back({"storage.path", "cannot write to the folder " + folder.string()});
    return;
  }
  try {
    const auto pending = storage::pending_migrations(path);
    std::printf("database: %s, %zu migration(s) to apply at the next start\n", path.c_str(),
                pending.size());
  } catch (const std::exception& error) {
    faults.push_back({"storage.path", error.what()});
  }
}

}  // namespace

int check(const std::string& config_path) {
  const auto config = read_config_file(config_path, core::ConfigUse::kServe);
  if (!config.ok()) {
    print(config.error());
    return kBadConfiguration;
  }
  std::vector<ConfigFault> faults;
  const auto check_tls = [&](const char* name, const core::ListenerConfig& listener) {
    check_file(faults, std::string(name) + ".tls_cert", listener.tls_cert);
    check_file(faults, std::string(name) + ".tls_key", listener.tls_key);
  };
  check_tls("webhook", config.value().webhook);
  check_tls("redirect", config.value().redirect);
  check_tls("admin", config.value().admin);
  check_database(faults, config.value().database_path);
  print(faults);
  if (!faults.empty()) return kBadConfiguration;
  std::printf("configuration: %s is good\n", config_path.c_str());
  return kDone;
}

int migrate(const core::Config& config) {
  const storage::DatabaseLock lock(config.database_path);
  const auto applied = storage::migrate(config.database_path);
  for (const std::string& name : applied) std::printf("applied %s\n", name.c_str());
  if (applied.empty()) std::printf("nothing to apply\n");
  return kDone;
}

}  // namespace reconciled::commands
