#include "daemon/http/client_address.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "daemon/core/words/text.h"

namespace reconciled::http {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Gives the elements of all headers of that name, which are one list (RFC 9110 §5.3), the last one
// first, until `take` wants no more.
template <class Take>
void from_the_right(const Request& request, std::string_view name, Take take) {
  for (auto header = request.headers.rbegin(); header != request.headers.rend(); ++header) {
    if (!core::equal_ignoring_case(header->first, name)) continue;
    std::string_view rest = header->second;
    for (;;) {
      const auto comma = rest.rfind(',');
      if (!take(trim(rest.substr(comma == rest.npos ? 0 : comma + 1)))) return;
      if (comma == rest.npos) break;
      rest = rest.substr(0, comma);
    }
  }
}

std::vector<std::string> without_unix(std::vector<std::string> entries) {
  entries.erase(std::remove(entries.begin(), entries.end(), "unix:"), entries.end());
  return entries;
}

}  // namespace

TrustedProxies::TrustedProxies(const std::vector<std::string>& entries)
    : ranges_(without_unix(entries)),
      unix_peers_(std::find(entries.begin(), entries.end(), "unix:") != entries.end() ||
                  ranges_.contain("127.0.0.1") || ranges_.contain("::1")) {}

bool TrustedProxies::trusts_peer(const std::string& ip) const {
  return ip.empty() ? unix_peers_ : ranges_.contain(ip);
}

void TrustedProxies::resolve(Request& request) const {
  request.client_ip = request.peer_ip;
  if (!trusts_peer(request.peer_ip)) return;

  from_the_right(request, "x-forwarded-proto", [&request](std::string_view protocol) {
    if (core::equal_ignoring_case(protocol, "https")) request.secure = true;
    return false;
  });

  // From the right: each proxy appends whom it saw, so what stands left of the last stranger is
  // his to invent.
  std::optional<core::IpAddress> farthest;
  bool all_are_addresses = true;
  from_the_right(request, "x-forwarded-for", [&](std::string_view hop) {
    const auto address = core::IpAddress::parse_forwarded(hop);
    all_are_addresses = address.has_value();
    if (address) farthest = address;
    return address && ranges_.contain(*address);
  });
  if (farthest && all_are_addresses) request.client_ip = farthest->to_text();
}

}  // namespace reconciled::http
