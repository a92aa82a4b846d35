#include <doctest/doctest.h>

#include <string>

#include "daemon/core/config/config.h"

using namespace reconciled::core;

TEST_CASE("listen address: text and value go both ways, and look-alikes are refused") {
  for (const char* text :
       {"127.0.0.1:8801", "0.0.0.0:0", "[::]:65535", "[::1]:1", "unix:/a/b", "unix:rel.sock"}) {
    const auto address = parse_listen_address(text);
    REQUIRE(address);
    CHECK(address->to_text() == text);
  }
  for (const char* text :
       {"", ":80", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1", "127.0.0.1:1a",
        "::1:80", "[::1]", "[::1]:", "[127.0.0.1]:80", "localhost:80", "1.2.3:80",
        "unix:", "[fe80::1%eth0]:80", "127.0.0.1:000080"}) {
    INFO(text);
    CHECK_FALSE(parse_listen_address(text));
  }
  CHECK_FALSE(parse_listen_address("unix:/" + std::string(107, 'a')));
  CHECK(parse_listen_address("unix:/" + std::string(106, 'a')));
  CHECK(parse_listen_address("127.1.2.3:1")->is_loopback());
  CHECK(parse_listen_address("[::ffff:127.0.0.1]:1")->is_loopback());
  CHECK(parse_listen_address("unix:/a")->is_loopback());
  CHECK_FALSE(parse_listen_address("0.0.0.0:1")->is_loopback());
  CHECK_FALSE(parse_listen_address("[::]:1")->is_loopback());
}
