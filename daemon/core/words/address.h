// IP addresses and ranges of them, as configuration lists them and proxies write them.
//
// Used by the configuration, the edge and the listeners; lists are parsed once, when they are read.
// An IPv4 address inside IPv6 (`::ffff:1.2.3.4`) is that IPv4 address. Pure; comparing and parsing
// allocate nothing.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reconciled::core {

class IpAddress {
 public:
  // An IPv4 or IPv6 literal without brackets, port or zone.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  // The same as a proxy writes it into X-Forwarded-For: also quoted, in brackets, with a port
  // (`52.78.5.241:50123`, `"[2001:db8::1]:443"`; RFC 7239 §6).
  [[nodiscard]] static std::optional<IpAddress> parse_forwarded(std::string_view text);

  // In its one spelling.
  [[nodiscard]] std::string to_text() const;
  [[nodiscard]] bool is_v4() const;
  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  friend class AddressRange;
  std::array<unsigned char, 16> bytes_{};  // IPv4 as ::ffff:a.b.c.d
};

class AddressRange {
 public:
  // An address, or `10.0.0.0/8`, `2001:db8::/32`. Bits behind the prefix are ignored.
  [[nodiscard]] static std::optional<AddressRange> parse(std::string_view text);

  // A range of one family holds none of the other: `::/0` is all of IPv6.
  [[nodiscard]] bool contains(const IpAddress& address) const;

 private:
  IpAddress base_;
  unsigned bits_ = 128;  // of the 16 bytes
  bool v4_ = false;
};

class AddressRanges {
 public:
  AddressRanges() = default;
  // Throws std::invalid_argument naming an entry that is no range.
  explicit AddressRanges(const std::vector<std::string>& entries);

  [[nodiscard]] bool contain(const IpAddress& address) const;
  // `address` as text; none is in no range.
  [[nodiscard]] bool contain(std::string_view address) const;

 private:
  std::vector<AddressRange> ranges_;
};

}  // namespace reconciled::core
