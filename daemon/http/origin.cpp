#include "daemon/http/origin.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string_view>

namespace reconciled::http {
namespace {

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte != 0x7f;
  });
}

}  // namespace

bool Origin::is_loopback() const {
  return host == "localhost" || host == "::1" || host.rfind("127.", 0) == 0;
}

Origin parse_base_url(const std::string& base_url) {
  const auto wrong = [&] { return std::invalid_argument("not an http(s) URL: " + base_url); };
  Origin origin;
  std::string_view rest = base_url;
  if (rest.substr(0, 8) == "https://") {
    origin.tls = true;
    rest.remove_prefix(8);
  } else if (rest.substr(0, 7) == "http://") {
    rest.remove_prefix(7);
  } else {
    throw wrong();
  }
  if (!is_plain(rest) || rest.find_first_of("@?#\\") != std::string_view::npos) {
    throw wrong();
  }
  const auto slash = std::min(rest.find('/'), rest.size());
  auto authority = rest.substr(0, slash);
  origin.prefix = rest.substr(slash);
  while (!origin.prefix.empty() && origin.prefix.back() == '/') origin.prefix.pop_back();

  std::size_t host_end = authority.find(':');
  if (authority.substr(0, 1) == "[") {
    host_end = authority.find(']');
    if (host_end == std::string_view::npos) throw wrong();
    origin.host = authority.substr(1, host_end - 1);
    ++host_end;
  } else {
    origin.host = authority.substr(0, host_end);
  }
  if (origin.host.empty()) throw wrong();
  const std::uint16_t usual = origin.tls ? 443 : 80;
  origin.port = usual;
  if (host_end < authority.size()) {
    const auto digits = authority.substr(host_end + 1);
    const auto* end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, origin.port);
    if (authority[host_end] != ':' || error != std::errc() || stop != end || origin.port == 0) {
      throw wrong();
    }
  }
  origin.authority = authority.substr(0, host_end);
  if (origin.port != usual) origin.authority += ':' + std::to_string(origin.port);
  return origin;
}

}  // namespace reconciled::http
