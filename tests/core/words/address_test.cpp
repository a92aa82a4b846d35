#include "daemon/core/words/address.h"

#include <doctest/doctest.h>

#include <stdexcept>

using namespace reconciled::core;

namespace {

std::string spelled(std::string_view text) {
  const auto address = IpAddress::parse(text);
  return address ? address->to_text() : "";
}
std::string forwarded(std::string_view text) {
  const auto address = IpAddress::parse_forwarded(text);
  return address ? address->to_text() : "";
}
bool in(const std::string& range, const std::string& address) {
  return AddressRanges({range}).contain(address);
}

}  // namespace

TEST_CASE("address: has one spelling, and an IPv4 inside IPv6 is that IPv4") {
  CHECK(spelled("1.2.3.4") == "1.2.3.4");
  CHECK(spelled("::ffff:1.2.3.4") == "1.2.3.4");
  CHECK(spelled("::FFFF:0102:0304") == "1.2.3.4");
  CHECK(spelled("2001:DB8:0::1") == "2001:db8::1");
  CHECK(*IpAddress::parse("::ffff:1.2.3.4") == *IpAddress::parse("1.2.3.4"));
  for (const std::string& none :
       {std::string{}, std::string("1.2.3"), std::string("1.2.3.4.5"), std::string("01.2.3.4 "),
        std::string("[::1]"), std::string("fe80::1%eth0"), std::string("1.2.3.4:80"),
        std::string("1.2.3.4\0x", 9), std::string("localhost"), std::string(300, '1'),
        std::string("::1/128")}) {
    CAPTURE(none);
    CHECK(spelled(none).empty());
  }
}

TEST_CASE("address: a proxy may add a port, brackets and quotes") {
  for (const char* v4 : {"52.78.5.241", "52.78.5.241:50123", "\"52.78.5.241\"", "\"52.78.5.241:0\"",
                         "[::ffff:52.78.5.241]:65535", "::ffff:52.78.5.241"}) {
    CAPTURE(v4);
    CHECK(forwarded(v4) == "52.78.5.241");
  }
  for (const char* v6 : {"2001:db8::1", "[2001:db8::1]", "[2001:DB8::1]:443",
                         "\"[2001:db8::1]:443\"", "\"2001:db8::1\""}) {
    CAPTURE(v6);
    CHECK(forwarded(v6) == "2001:db8::1");
  }
  for (const char* none :
       {"", "\"", "\"\"", "unknown", "_hidden", "1.1.1.1:", "1.1.1.1:x", "1.1.1.1:65536",
        "1.1.1.1:80:80", "[1.1.1.1]:80", "[::1", "[::1]x", "[::1]:", "::1]:80", ":80", "[]"}) {
    CAPTURE(none);
    CHECK(forwarded(none).empty());
  }
}

TEST_CASE("address range: holds what shares its prefix") {
  CHECK(in("52.78.5.241", "52.78.5.241"));
  CHECK_FALSE(in("52.78.5.241", "52.78.5.240"));
  CHECK(in("10.0.0.0/8", "10.255.1.2"));
  CHECK_FALSE(in("10.0.0.0/8", "11.0.0.0"));
  CHECK(in("192.168.4.0/22", "192.168.7.255"));
  CHECK_FALSE(in("192.168.4.0/22", "192.168.8.0"));
  CHECK(in("10.1.2.3/8", "10.9.9.9"));
  CHECK(in("1.2.3.4/32", "1.2.3.4"));
  CHECK_FALSE(in("1.2.3.4/31", "1.2.3.6"));
  CHECK(in("0.0.0.0/0", "9.9.9.9"));
  CHECK(in("2001:db8::/32", "2001:db8:1::1"));
  CHECK_FALSE(in("2001:db8::/32", "2001:db9::1"));
  CHECK(in("2001:db8::1", "2001:DB8:0::1"));
  CHECK_FALSE(in("10.0.0.0/8", ""));
  CHECK_FALSE(in("10.0.0.0/8", "10.0.0.1:80"));
}

TEST_CASE("address range: an IPv4 inside IPv6 is in the ranges of IPv4, and in no other") {
  CHECK(in("10.0.0.0/8", "::ffff:10.1.2.3"));
  CHECK(in("::ffff:10.0.0.0/104", "10.1.2.3"));
  CHECK(in("::ffff:0:0/96", "9.9.9.9"));
  CHECK(in("::ffff:10.0.0.1", "10.0.0.1"));
  CHECK_FALSE(in("::/0", "9.9.9.9"));
  CHECK(in("::/0", "2001:db8::1"));
  CHECK_FALSE(in("0.0.0.0/0", "2001:db8::1"));
}

TEST_CASE("address range: what is none is refused by name") {
  for (const char* none : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/-1",
                           "10.0.0.0/8/8", "10.0.0.0/+8", "10.0.0.0/ 8", "10.0.0/8", "10.0.0.1:80",
                           "proxy.example", "10.0.0.0/255.0.0.0", "[::1]", "unix:"}) {
    CAPTURE(none);
    CHECK_FALSE(AddressRange::parse(none).has_value());
    CHECK_THROWS_WITH_AS(AddressRanges({"10.0.0.1", none}),
                         (std::string("neither an address nor a range: ") + none).c_str(),
                         std::invalid_argument);
  }
  CHECK_FALSE(AddressRanges().contain("10.0.0.1"));
}
