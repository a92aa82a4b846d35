#include "daemon/listening.h"

#include <sys/resource.h>

#include <algorithm>
#include <set>

#include "daemon/runtime/log.h"

namespace reconciled {

http::ListenerOptions options_of(const std::string& name, const core::ListenerConfig& config,
                                 const core::Config& all,
                                 const std::vector<InheritedSocket>& inherited) {
  http::ListenerOptions options{.name = name};
  if (config.listen.kind == core::ListenAddress::Kind::kUnix) {
    options.unix_path = config.listen.path;
  } else {
    options.host = config.listen.host;
    options.port = config.listen.port;
  }
  const auto passed = std::find_if(inherited.begin(), inherited.end(),
                                   [&](const auto& socket) { return socket.name == name; });
  if (passed != inherited.end()) options.inherited_fd = passed->fd;
  options.tls_cert = config.tls_cert;
  options.tls_key = config.tls_key;
  options.trusted_proxies = all.trusted_proxies;
  return options;
}

std::size_t connections_of_one(std::size_t wanted) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  limit.rlim_cur = limit.rlim_max;
  (void)::setrlimit(RLIMIT_NOFILE, &limit);
  (void)::getrlimit(RLIMIT_NOFILE, &limit);
  const std::size_t most = limit.rlim_cur - limit.rlim_cur / 8;
  if (most >= wanted) return wanted;
  if (most >= wanted / 2) return most;
  log_warn("this process may open few files (LimitNOFILE=)",
           {{"limit", limit.rlim_cur}, {"connections_a_listener", most}});
  return most;
}

void tell_unused(const std::vector<InheritedSocket>& inherited) {
  std::set<std::string> free{"webhook", "redirect", "admin"};
  for (const InheritedSocket& socket : inherited) {
    if (free.erase(socket.name) == 1) continue;
    log_warn("a socket of systemd's is not used: FileDescriptorName= is webhook, redirect or admin, "
             "once each",
             {{"name", socket.name}, {"fd", socket.fd}});
  }
}

}  // namespace reconciled
