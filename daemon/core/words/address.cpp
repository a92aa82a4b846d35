#include "daemon/core/words/address.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

namespace reconciled::core {
namespace {

constexpr unsigned kV4Prefix = 96;  // bits before an IPv4 address in the 16 bytes
constexpr std::array<unsigned char, 12> kV4Mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

// Digits alone, at most `most`.
std::optional<unsigned> read_number(std::string_view text, unsigned most) {
  if (text.empty() || text.size() > 5) return std::nullopt;
  unsigned number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    number = number * 10 + static_cast<unsigned>(c - '0');
  }
  return number <= most ? std::optional(number) : std::nullopt;
}

bool is_port(std::string_view text) {
  return !text.empty() && text.front() == ':' && read_number(text.substr(1), 65535).has_value();
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> literal{};
  if (text.size() >= literal.size() || text.find('\0') != text.npos) return std::nullopt;
  std::copy(text.begin(), text.end(), literal.begin());
  IpAddress address;
  if (text.find(':') != text.npos) {
    if (inet_pton(AF_INET6, literal.data(), address.bytes_.data()) != 1) return std::nullopt;
    return address;
  }
  std::copy(kV4Mapped.begin(), kV4Mapped.end(), address.bytes_.begin());
  if (inet_pton(AF_INET, literal.data(), &address.bytes_[kV4Mapped.size()]) != 1) {
    return std::nullopt;
  }
  return address;
}

std::optional<IpAddress> IpAddress::parse_forwarded(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == text.npos) return std::nullopt;
    const auto port = text.substr(end + 1);
    const auto host = text.substr(1, end - 1);
    // Brackets hold IPv6 alone.
    if ((!port.empty() && !is_port(port)) || host.find(':') == host.npos) return std::nullopt;
    return parse(host);
  }
  const auto colon = text.find(':');
  const bool is_v4_with_port = colon != text.npos && text.find(':', colon + 1) == text.npos;
  if (!is_v4_with_port) return parse(text);
  if (!is_port(text.substr(colon))) return std::nullopt;
  return parse(text.substr(0, colon));
}

bool IpAddress::is_v4() const {
  return std::equal(kV4Mapped.begin(), kV4Mapped.end(), bytes_.begin());
}

std::string IpAddress::to_text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (is_v4()) {
    inet_ntop(AF_INET, &bytes_[kV4Mapped.size()], text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
  }
  return text.data();
}

std::optional<AddressRange> AddressRange::parse(std::string_view text) {
  const auto slash = text.find('/');
  const auto base = IpAddress::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  AddressRange range;
  range.base_ = *base;
  range.v4_ = base->is_v4();
  if (slash == text.npos) return range;
  const bool is_written_as_v4 = text.substr(0, slash).find(':') == text.npos;
  const auto bits = read_number(text.substr(slash + 1), is_written_as_v4 ? 32 : 128);
  if (!bits) return std::nullopt;
  range.bits_ = is_written_as_v4 ? kV4Prefix + *bits : *bits;
  if (range.bits_ < kV4Prefix) range.v4_ = false;
  return range;
}

bool AddressRange::contains(const IpAddress& address) const {
  if (address.is_v4() != v4_) return false;
  const std::size_t whole = bits_ / 8;
  if (std::memcmp(base_.bytes_.data(), address.bytes_.data(), whole) != 0) return false;
  const unsigned rest = bits_ % 8;
  if (rest == 0) return true;
  return ((base_.bytes_[whole] ^ address.bytes_[whole]) >> (8 - rest)) == 0;
}

AddressRanges::AddressRanges(const std::vector<std::string>& entries) {
  for (const std::string& entry : entries) {
    const auto range = AddressRange::parse(entry);
    if (!range) throw std::invalid_argument("neither an address nor a range: " + entry);
    ranges_.push_back(*range);
  }
}

bool AddressRanges::contain(const IpAddress& address) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&address](const AddressRange& range) { return range.contains(address); });
}

bool AddressRanges::contain(std::string_view address) const {
  const auto parsed = IpAddress::parse(address);
  return parsed && contain(*parsed);
}

}  // namespace reconciled::core
