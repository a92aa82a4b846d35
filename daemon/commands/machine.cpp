#include "daemon/commands/machine.h"

#include <sys/stat.h>

#include <stdexcept>
#include <string>

#include "daemon/http/transport.h"
#include "storage/store.h"

namespace reconciled::commands {
namespace {

using core::ConfigFault;

// The kind of what stands at `path`; 0 where nothing does, or cannot be seen.
mode_t kind_at(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & S_IFMT : 0;
}

void check_listener(std::vector<ConfigFault>& faults, const std::string& name,
                    const core::ListenerConfig& listener) {
  if (!listener.tls_cert.empty()) {
    try {
      (void)http::make_server_context(listener.tls_cert, listener.tls_key);
    } catch (const http::UnusableFile& error) {
      const bool is_key = error.path == listener.tls_key && error.path != listener.tls_cert;
      faults.push_back({name + (is_key ? ".tls_key" : ".tls_cert"), error.what()});
    }
  }
  if (listener.listen.kind != core::ListenAddress::Kind::kUnix) return;
  const mode_t kind = kind_at(listener.listen.path);
  if (kind != 0 && kind != S_IFSOCK) {
    faults.push_back({name + ".listen", listener.listen.path + " is there, and it is no socket"});
  }
}

}  // namespace

std::vector<ConfigFault> faults_of_machine(const core::Config& config) {
  std::vector<ConfigFault> faults;
  check_listener(faults, "webhook", config.webhook);
  check_listener(faults, "redirect", config.redirect);
  check_listener(faults, "admin", config.admin);
  const std::string fault = storage::Store(config.database_path).fault_of_location();
  if (!fault.empty()) faults.push_back({"storage.path", fault});
  return faults;
}

}  // namespace reconciled::commands
