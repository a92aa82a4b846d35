#include "daemon/core/config/config_values.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

constexpr std::size_t kMaxTextBytes = 1024;
constexpr std::size_t kMaxSecretTextBytes = 4096;
constexpr std::size_t kMaxShownBytes = 200;

bool is_alpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// An address in network byte order, IPv4 as IPv4-mapped, so that every spelling compares equal.
using AddressBytes = std::array<unsigned char, 16>;

std::optional<AddressBytes> address_bytes(std::string_view text) {
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string host(text);
  AddressBytes bytes{};
  if (inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1) return bytes;
  bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (inet_pton(AF_INET, host.c_str(), bytes.data() + 12) == 1) return bytes;
  return std::nullopt;
}

bool is_loopback_address(std::string_view text) {
  const auto bytes = address_bytes(text);
  if (!bytes) return false;
  static constexpr AddressBytes kV6Loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  static constexpr std::array<unsigned char, 12> kV4Prefix{0, 0, 0, 0, 0,    0,
                                                           0, 0, 0, 0, 0xff, 0xff};
  if (*bytes == kV6Loopback) return true;
  return std::equal(kV4Prefix.begin(), kV4Prefix.end(), bytes->begin()) && (*bytes)[12] == 127;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || !std::all_of(text.begin(), text.end(), is_digit)) {
    return std::nullopt;
  }
  unsigned value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  if (value > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(value);
}

// Visible ASCII that may stand in a URL as it is.
bool is_url_text(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f && std::strchr("\"<>\\^`|", c) == nullptr;
  });
}

bool is_host_name(std::string_view host) {
  return !host.empty() && host.size() <= 253 && host.front() != '.' && host.front() != '-' &&
         std::all_of(host.begin(), host.end(),
                     [](char c) { return is_digit(c) || is_alpha(c) || c == '.' || c == '-'; });
}

struct UrlParts {
  bool secure = false;
  std::string_view host;  // without brackets
  std::string_view rest;  // from the path on; may be empty
};

// The authority is read strictly: no user, no escapes, a port that is one.
std::optional<UrlParts> parse_http_url(std::string_view url) {
  UrlParts parts;
  if (url.substr(0, 8) == "https://") {
    parts.secure = true;
    url.remove_prefix(8);
  } else if (url.substr(0, 7) == "http://") {
    url.remove_prefix(7);
  } else {
    return std::nullopt;
  }
  const std::size_t end = std::min(url.find_first_of("/?#"), url.size());
  std::string_view authority = url.substr(0, end);
  parts.rest = url.substr(end);
  if (!authority.empty() && authority.front() == '[') {
    const std::size_t close = authority.find(']');
    if (close == std::string_view::npos) return std::nullopt;
    parts.host = authority.substr(1, close - 1);
    if (parts.host.find(':') == std::string_view::npos || !is_ip_address(parts.host)) {
      return std::nullopt;
    }
    authority.remove_prefix(close + 1);
  } else {
    parts.host = authority.substr(0, authority.find(':'));
    if (!is_host_name(parts.host)) return std::nullopt;
    authority.remove_prefix(parts.host.size());
  }
  if (authority.empty()) return parts;
  const auto port = authority.front() == ':' ? parse_port(authority.substr(1)) : std::nullopt;
  if (!port || *port == 0) return std::nullopt;
  return parts;
}

// What is wrong with the braces of a template, or nothing.
std::optional<std::string> fault_of_placeholders(std::string_view text) {
  while (true) {
    const std::size_t at = text.find_first_of("{}");
    if (at == std::string_view::npos) return std::nullopt;
    text.remove_prefix(at);
    const std::size_t close = text.find('}');
    const std::string_view name = text.substr(0, close == text.npos ? text.npos : close + 1);
    if (name != "{payment_id}" && name != "{result}") {
      return "only {payment_id} and {result} are filled in, found " + std::string(name);
    }
    text.remove_prefix(name.size());
  }
}

}  // namespace

bool ListenAddress::is_loopback() const { return kind == Kind::kUnix || is_loopback_address(host); }

std::string ListenAddress::to_text() const {
  if (kind == Kind::kUnix) return "unix:" + path;
  const bool bracketed = host.find(':') != std::string::npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::optional<ListenAddress> parse_listen_address(std::string_view text) {
  ListenAddress address;
  if (text.substr(0, 5) == "unix:") {
    address.kind = ListenAddress::Kind::kUnix;
    address.path = std::string(text.substr(5));
    const bool fits = !address.path.empty() && address.path.size() < sizeof(sockaddr_un::sun_path);
    if (!fits || address.path.find('\0') != std::string::npos) return std::nullopt;
    return address;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_port(text.substr(colon + 1));
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  // `::1:80` could mean two things, so IPv6 stands in brackets, and nothing else does.
  const bool is_v6 = host.find(':') != std::string_view::npos;
  if (!port || is_v6 != bracketed || !is_ip_address(host)) return std::nullopt;
  address.host = std::string(host);
  address.port = *port;
  return address;
}

bool addresses_collide(const ListenAddress& left, const ListenAddress& right) {
  if (left.kind != right.kind) return false;
  if (left.kind == ListenAddress::Kind::kUnix) return left.path == right.path;
  if (left.port != right.port || left.port == 0) return false;
  const auto a = address_bytes(left.host);
  const auto b = address_bytes(right.host);
  if (a == b) return true;
  static const auto kWildcardV4 = address_bytes("0.0.0.0");
  static const auto kWildcardV6 = address_bytes("::");
  const auto is_v6 = [](const ListenAddress& address) {
    return address.host.find(':') != std::string::npos;
  };
  if (is_v6(left) != is_v6(right)) return false;
  return a == kWildcardV4 || b == kWildcardV4 || a == kWildcardV6 || b == kWildcardV6;
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  if (text == "0") return std::chrono::milliseconds{0};
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> kUnits{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}}};
  static constexpr std::int64_t kTenYearsMs = 10LL * 365 * 24 * 3'600'000;
  const auto unit_at = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto digits = static_cast<std::size_t>(unit_at - text.begin());
  if (digits == 0 || digits > 12) return std::nullopt;
  std::int64_t count = 0;
  std::from_chars(text.data(), text.data() + digits, count);
  for (const auto& [word, unit_ms] : kUnits) {
    if (text.substr(digits) != word) continue;
    if (count > kTenYearsMs / unit_ms) return std::nullopt;
    return std::chrono::milliseconds{count * unit_ms};
  }
  return std::nullopt;
}

bool is_ip_address(std::string_view text) { return address_bytes(text).has_value(); }

std::optional<std::string> fault_of_path(std::string_view path) {
  if (path.empty() || path.front() != '/') return "must begin with /";
  if (path.size() > kMaxTextBytes) return "is longer than 1024 bytes";
  if (!is_url_text(path) || path.find_first_of("?#%{}") != std::string_view::npos) {
    return "must be a plain path: visible ASCII, no query, no fragment, no %-escapes, no braces";
  }
  return std::nullopt;
}

std::optional<std::string> fault_of_base_url(std::string_view url) {
  const auto parts = parse_http_url(url);
  if (!parts || url.size() > kMaxTextBytes) return "must be an http(s) URL, https://host[:port]";
  if (!is_url_text(parts->rest) || parts->rest.find_first_of("?#{}") != std::string_view::npos) {
    return "must not carry a query, a fragment, blanks or braces";
  }
  if (!parts->secure && parts->host != "localhost" && !is_loopback_address(parts->host)) {
    return "plain http is accepted to this machine only, credentials would travel in clear: "
           "use https";
  }
  return std::nullopt;
}

std::optional<std::string> fault_of_notify_url(std::string_view url) {
  const auto parts = parse_http_url(url);
  if (!parts || url.size() > kMaxTextBytes) return "must be an http(s) URL of the shop's backend";
  if (!is_url_text(parts->rest) || parts->rest.find_first_of("#{}") != std::string_view::npos) {
    return "must not carry a fragment, blanks or braces";
  }
  return std::nullopt;
}

std::optional<std::string> fault_of_url_template(std::string_view url) {
  std::string_view rest = url;
  if (url.empty() || url.front() != '/') {
    const auto parts = parse_http_url(url);
    if (!parts) return "must be an http(s) URL or a path that begins with /";
    rest = parts->rest;
  } else if (url.substr(0, 2) == "//") {
    // Browsers read `//host` as another site.
    return "must be an http(s) URL or a path that begins with one /";
  }
  if (url.size() > kMaxTextBytes) return "is longer than 1024 bytes";
  if (!is_url_text(rest)) return "must be visible ASCII without blanks; percent-encode the rest";
  return fault_of_placeholders(rest);
}

std::optional<std::string> fault_of_shown_text(std::string_view text) {
  if (text.size() > kMaxShownBytes) return "is longer than 200 bytes";
  if (text != clean_text(text, kMaxShownBytes) || text != without_invisible(text)) {
    return "must be one line of text without control and direction characters";
  }
  return std::nullopt;
}

std::optional<std::string> fault_of_store_id(std::string_view id) {
  static constexpr std::string_view kWhere =
      "the V2 store id from PortOne's console (결제 연동 → 연동 정보 → Store ID), store-…";
  const std::string where(kWhere);
  if (id.empty() || id.find("\u2026") != id.npos || id.find("...") != id.npos) {
    return "is required: " + where;
  }
  if (id.starts_with("imp") && std::all_of(id.begin() + 3, id.end(), is_digit)) {
    return "is a V1 merchant code (고객사 식별코드), not a store id: write " + where;
  }
  if (id.starts_with("channel-key-")) return "is a channel key, not a store id: write " + where;
  if (id.starts_with("merchant-")) return "is a merchant id, not a store id: write " + where;
  const bool plain = id.size() <= 128 && std::all_of(id.begin(), id.end(), [](char c) {
                       return is_digit(c) || is_alpha(c) || c == '-' || c == '_';
                     });
  if (!plain || !id.starts_with("store-") || id.size() == 6) {
    return "is no V2 store id, which begins with store-: write " + where;
  }
  return std::nullopt;
}

std::string trim_secret(std::string_view text) {
  // After the ASCII ones: no-break space, zero-width space, ideographic space, byte order mark.
  static constexpr std::array<std::string_view, 9> kAround{
      " ", "\t", "\r", "\n", "\u00a0", "\u200b", "\u3000", "\ufeff", "\u2060"};
  const auto cut = [&](auto is_there, auto remove) {
    for (bool again = true; again;) {
      again = false;
      for (const std::string_view what : kAround) {
        if (!is_there(what)) continue;
        remove(what.size());
        again = true;
      }
    }
  };
  cut([&](std::string_view what) { return text.starts_with(what); },
      [&](std::size_t bytes) { text.remove_prefix(bytes); });
  cut([&](std::string_view what) { return text.ends_with(what); },
      [&](std::size_t bytes) { text.remove_suffix(bytes); });
  return std::string(text);
}

std::optional<std::string> fault_of_secret(std::string_view text, bool ascii_only) {
  if (text.empty()) return "is empty";
  if (text.size() > kMaxSecretTextBytes) {
    return "is longer than 4096 bytes: that is no secret, but another file";
  }
  if (text.find_first_of("\r\n") != text.npos) return "holds more than one line of text";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080..U+009F are controls, too.
    const bool is_c1 =
        byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (byte < 0x20 || byte == 0x7f || is_c1) {
      return "holds a control character (byte " + std::to_string(i + 1) + "): it is no text";
    }
    if (ascii_only && (byte == ' ' || byte >= 0x7f)) {
      return "holds a " + std::string(byte == ' ' ? "blank" : "character beyond ASCII") +
             " (byte " + std::to_string(i + 1) + "), which no key of PortOne has";
    }
  }
  if (!is_valid_utf8(text)) return "is no valid UTF-8: it is no text";
  return std::nullopt;
}

std::optional<std::string> fault_of_timezone(std::string_view name) {
  const bool plausible = !name.empty() && name.size() <= 64 && is_alpha(name.front()) &&
                         name.back() != '/' && std::all_of(name.begin(), name.end(), [](char c) {
                           return is_digit(c) || is_alpha(c) || std::strchr("_+-/", c) != nullptr;
                         });
  if (plausible && name.find("//") == std::string_view::npos) return std::nullopt;
  return "must be a name of the tz database, as \"Asia/Seoul\" or \"UTC\"";
}

}  // namespace reconciled::core
