#include <doctest/doctest.h>

#include "daemon/http/client.h"
#include "tests/http/edge_fixture.h"
#include "tests/http/test_certificate.h"
#include "tests/support/temporary_folder.h"

using namespace reconciled::test;
using reconciled::http::Client;
using reconciled::http::ClientFault;
using reconciled::http::ClientOptions;

namespace {

struct ServedAs : Served {
  ServedAs(const std::string& common_name, const std::string& san) {
    options.tls_cert = folder / "cert.pem";
    options.tls_key = folder / "key.pem";
    make_certificate(options.tls_cert, options.tls_key, common_name, san);
    start();
  }
  [[nodiscard]] ClientOptions client_options(const std::string& host) const {
    ClientOptions made;
    made.base_url = "https://" + host + ":" + std::to_string(edge.port(listener));
    made.ca_file = options.tls_cert;
    return made;
  }
  TemporaryFolder folder;
};

}  // namespace

TEST_CASE("client tls: a name or an address in the SAN is accepted, and the connection kept") {
  const ServedAs served("someone", "DNS:localhost,IP:127.0.0.1");
  for (const std::string host : {"localhost", "127.0.0.1"}) {
    Client client(served.client_options(host));
    for (int i = 0; i < 3; ++i) {
      const auto answer = client.send({"GET", "/who", {}, {}, {}});
      REQUIRE(answer.ok());
      CHECK(answer.value().body == "127.0.0.1|127.0.0.1|secure");
    }
  }
  CHECK(served.edge.counts().accepted == 2);
}

TEST_CASE("client tls: a matching common name does not help where the SAN says otherwise") {
  for (const std::string san : {"DNS:elsewhere.example", "IP:127.0.0.9", ""}) {
    for (const std::string host : {"localhost", "127.0.0.1"}) {
      CAPTURE(san);
      const ServedAs served(host, san);
      Client client(served.client_options(host));
      const auto answer = client.send({"GET", "/hello", {}, {}, {}});
      REQUIRE_FALSE(answer.ok());
      CHECK(answer.error().fault == ClientFault::kTls);
      CHECK(served.edge.counts().requests == 0);
    }
  }
}

TEST_CASE("client tls: an unknown issuer and a plain server are refused") {
  const ServedAs served("localhost", "DNS:localhost");
  auto options = served.client_options("localhost");
  options.ca_file.clear();
  Client stranger(options);
  const auto answer = stranger.send({"GET", "/hello", {}, {}, {}});
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.error().fault == ClientFault::kTls);

  Served plain;
  plain.start();
  options.base_url = "https://localhost:" + std::to_string(plain.edge.port(plain.listener));
  options.base_url.replace(8, 9, "127.0.0.1");
  Client mistaken(options);
  const auto refused = mistaken.send({"GET", "/hello", {}, {}, {}});
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().fault == ClientFault::kTls);
}

TEST_CASE("client tls: a CA file that cannot be read is refused at once") {
  ClientOptions options;
  options.base_url = "https://localhost";
  options.ca_file = "/nonexistent/ca.pem";
  CHECK_THROWS_AS(Client{options}, std::runtime_error);
}
