#include "daemon/http/client_address.h"

#include <doctest/doctest.h>

#include <stdexcept>

using reconciled::http::Headers;
using reconciled::http::Request;
using reconciled::http::TrustedProxies;

namespace {

const std::string kFor = "X-Forwarded-For";

Request resolved(const std::vector<std::string>& trusted, const std::string& peer,
                 Headers headers) {
  Request request;
  request.peer_ip = peer;
  request.headers = std::move(headers);
  TrustedProxies(trusted).resolve(request);
  return request;
}

std::string client(const std::vector<std::string>& trusted, const std::string& peer,
                   Headers headers) {
  return resolved(trusted, peer, std::move(headers)).client_ip;
}

}  // namespace

TEST_CASE("client address: a stranger's X-Forwarded-For is ignored") {
  CHECK(client({}, "9.9.9.9", {{kFor, "1.1.1.1"}}) == "9.9.9.9");
  CHECK(client({"10.0.0.1"}, "9.9.9.9", {{kFor, "1.1.1.1"}}) == "9.9.9.9");
  CHECK(client({}, "", {{kFor, "1.1.1.1"}}).empty());
}

TEST_CASE("client address: the right-most element that is no trusted proxy counts") {
  const std::vector<std::string> trusted{"10.0.0.1", "10.0.0.2"};
  CHECK(client(trusted, "10.0.0.1", {{kFor, "1.1.1.1"}}) == "1.1.1.1");
  CHECK(client(trusted, "10.0.0.1", {{kFor, "6.6.6.6, 1.1.1.1"}}) == "1.1.1.1");
  CHECK(client(trusted, "10.0.0.1", {{kFor, "6.6.6.6,1.1.1.1 ,\t10.0.0.2"}}) == "1.1.1.1");
  CHECK(client(trusted, "10.0.0.1", {{kFor, "6.6.6.6"}, {"x-forwarded-for", "1.1.1.1"}}) ==
        "1.1.1.1");
  CHECK(client(trusted, "10.0.0.1", {{kFor, "10.0.0.2"}}) == "10.0.0.2");
  CHECK(client(trusted, "10.0.0.1", {}) == "10.0.0.1");
}

TEST_CASE("client address: an invalid element gives the peer") {
  for (const std::string value : {"", "unknown", "1.1.1.1:x", "1.1.1", "1.1.1.1,", "a, b"}) {
    CHECK(client({"10.0.0.1"}, "10.0.0.1", {{kFor, value}}) == "10.0.0.1");
  }
  CHECK(client({"10.0.0.1"}, "10.0.0.1", {{kFor, "junk, 1.1.1.1"}}) == "1.1.1.1");
}

TEST_CASE("client address: an element may carry a port, brackets and quotes") {
  for (const std::string value :
       {"52.78.5.241:50123", "\"52.78.5.241:50123\"", "[::ffff:52.78.5.241]:443",
        "6.6.6.6, 52.78.5.241:50123", "52.78.5.241:50123,10.0.0.1:1234"}) {
    CAPTURE(value);
    CHECK(client({"10.0.0.1"}, "10.0.0.1", {{kFor, value}}) == "52.78.5.241");
  }
  for (const std::string value :
       {"[2001:db8::1]:443", "\"[2001:DB8::1]:443\"", "[2001:db8::1]", "2001:db8::1"}) {
    CAPTURE(value);
    CHECK(client({"10.0.0.1"}, "10.0.0.1", {{kFor, value}}) == "2001:db8::1");
  }
}

TEST_CASE("client address: proxies may be trusted by range") {
  const std::vector<std::string> trusted{"10.0.0.0/8", "2001:db8::/32"};
  CHECK(client(trusted, "10.9.8.7", {{kFor, "1.1.1.1"}}) == "1.1.1.1");
  CHECK(client(trusted, "2001:db8:1::1", {{kFor, "1.1.1.1, 10.0.0.1"}}) == "1.1.1.1");
  CHECK(client(trusted, "11.0.0.1", {{kFor, "1.1.1.1"}}) == "11.0.0.1");
  CHECK(client({"127.0.0.0/8"}, "", {{kFor, "1.1.1.1"}}) == "1.1.1.1");
}

TEST_CASE("client address: IPv6 and mapped IPv4 have one spelling") {
  CHECK(client({"::ffff:10.0.0.1"}, "10.0.0.1", {{kFor, "2001:DB8::1"}}) == "2001:db8::1");
  CHECK(client({"10.0.0.1"}, "10.0.0.1", {{kFor, "::ffff:1.2.3.4"}}) == "1.2.3.4");
}

TEST_CASE("client address: a local proxy may speak over the Unix socket") {
  for (const std::string entry : {"unix:", "127.0.0.1", "::1"}) {
    CHECK(client({entry}, "", {{kFor, "1.1.1.1"}}) == "1.1.1.1");
  }
  CHECK(client({"10.0.0.1"}, "", {{kFor, "1.1.1.1"}}).empty());
}

TEST_CASE("client address: only a trusted proxy says that a request was secure") {
  const Headers https{{"X-Forwarded-Proto", "https"}};
  CHECK(resolved({"10.0.0.1"}, "10.0.0.1", https).secure);
  CHECK_FALSE(resolved({}, "10.0.0.1", https).secure);
  CHECK_FALSE(resolved({"10.0.0.1"}, "10.0.0.1", {{"X-Forwarded-Proto", "https, http"}}).secure);
  CHECK_FALSE(resolved({"10.0.0.1"}, "10.0.0.1", {}).secure);
}

TEST_CASE("client address: a trusted proxy that is neither an address nor a range is refused") {
  CHECK_THROWS_AS(TrustedProxies({"10.0.0.0/33"}), std::invalid_argument);
  CHECK_THROWS_AS(TrustedProxies({"proxy.example"}), std::invalid_argument);
}
