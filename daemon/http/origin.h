// A base URL taken apart: where a client connects, and what stands before each target.
//
// Pure. Used by the client.
#pragma once

#include <cstdint>
#include <string>

namespace reconciled::http {

struct Origin {
  bool tls = false;
  std::string host;  // without brackets
  std::uint16_t port = 0;
  std::string authority;  // as it stands in a URL and in `Host`; the usual port left out
  std::string prefix;     // of the URL's path, without a trailing slash

  // This machine itself, as far as the name tells: no proxy stands in between.
  [[nodiscard]] bool is_loopback() const;
};

// Throws std::invalid_argument for a base_url that is none: http(s)://host[:port][/prefix].
[[nodiscard]] Origin parse_base_url(const std::string& base_url);

}  // namespace reconciled::http
