#include "daemon/http/client_address.h"

#include <arpa/inet.h>
#include <strings.h>

#include <stdexcept>

namespace reconciled::http {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_name(std::string_view name, std::string_view wanted) {
  return name.size() == wanted.size() &&
         strncasecmp(name.data(), wanted.data(), wanted.size()) == 0;
}

// The elements of all headers of that name, in order, as one list (RFC 9110 §5.3).
std::vector<std::string_view> elements(const Request& request, std::string_view name) {
  std::vector<std::string_view> list;
  for (const auto& [key, value] : request.headers) {
    if (!is_name(key, name)) continue;
    std::string_view rest = value;
    for (;;) {
      const auto comma = rest.find(',');
      list.push_back(trim(rest.substr(0, comma)));
      if (comma == std::string_view::npos) break;
      rest.remove_prefix(comma + 1);
    }
  }
  return list;
}

}  // namespace

std::optional<std::string> normalise_ip(std::string_view text) {
  const std::string address(text);
  if (address.find('\0') != std::string::npos) return std::nullopt;
  char spelled[INET6_ADDRSTRLEN];
  in_addr v4{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) {
    return inet_ntop(AF_INET, &v4, spelled, sizeof spelled);
  }
  in6_addr v6{};
  if (inet_pton(AF_INET6, address.c_str(), &v6) != 1) return std::nullopt;
  if (IN6_IS_ADDR_V4MAPPED(&v6))
    return inet_ntop(AF_INET, &v6.s6_addr[12], spelled, sizeof spelled);
  return inet_ntop(AF_INET6, &v6, spelled, sizeof spelled);
}

TrustedProxies::TrustedProxies(const std::vector<std::string>& entries) {
  for (const auto& entry : entries) {
    if (entry == "unix:") {
      unix_peers_ = true;
      continue;
    }
    auto ip = normalise_ip(entry);
    if (!ip) throw std::invalid_argument("trusted proxy is no IP address: " + entry);
    if (*ip == "127.0.0.1" || *ip == "::1") unix_peers_ = true;
    ips_.insert(std::move(*ip));
  }
}

bool TrustedProxies::trusts_peer(const std::string& ip) const {
  return ip.empty() ? unix_peers_ : ips_.count(ip) > 0;
}

void TrustedProxies::resolve(Request& request) const {
  request.client_ip = request.peer_ip;
  if (!trusts_peer(request.peer_ip)) return;

  const auto protocols = elements(request, "x-forwarded-proto");
  if (!protocols.empty() && is_name(protocols.back(), "https")) request.secure = true;

  // From the right: each proxy appends whom it saw, so what stands left of the last stranger is
  // his to invent.
  const auto hops = elements(request, "x-forwarded-for");
  std::string farthest = request.peer_ip;
  for (auto hop = hops.rbegin(); hop != hops.rend(); ++hop) {
    auto ip = normalise_ip(*hop);
    if (!ip) return;
    farthest = std::move(*ip);
    if (ips_.count(farthest) == 0) break;
  }
  request.client_ip = std::move(farthest);
}

}  // namespace reconciled::http
