// Who a request comes from when trusted proxies stand between (X-Forwarded-For, -Proto).
//
// A listener holds one set, replaced as a whole when the configuration is read again; the edge
// asks it for every request. Immutable, any thread. A header from anyone else is ignored.
#pragma once

#include <string>
#include <vector>

#include "daemon/core/words/address.h"
#include "daemon/http/exchange.h"

namespace reconciled::http {

class TrustedProxies {
 public:
  // IP addresses and CIDR ranges; `unix:` trusts whoever connects over a Unix socket, and so do
  // `127.0.0.1` and `::1`. Throws std::invalid_argument naming an entry that is none of these.
  explicit TrustedProxies(const std::vector<std::string>& entries);

  // Sets client_ip and, if a trusted proxy says https, secure. Reads peer_ip and the headers; an
  // empty peer_ip means a Unix socket.
  void resolve(Request& request) const;

 private:
  [[nodiscard]] bool trusts_peer(const std::string& ip) const;

  core::AddressRanges ranges_;
  bool unix_peers_ = false;
};

}  // namespace reconciled::http
