#include <doctest/doctest.h>
#include <openssl/ssl.h>

#include "tests/http/edge_fixture.h"
#include "tests/http/test_certificate.h"
#include "tests/support/temporary_folder.h"

using namespace reconciled::test;

namespace {

struct ServedTls : Served {
  ServedTls() {
    options.tls_cert = folder / "cert.pem";
    options.tls_key = folder / "key.pem";
    make_certificate(options.tls_cert, options.tls_key, "test", "DNS:localhost,IP:127.0.0.1");
  }
  TemporaryFolder folder;
};

// A blocking TLS client that verifies nothing: the server's side is what is tested here.
class TlsSocket {
 public:
  TlsSocket(RawSocket socket, int max_version, const std::string& alpn = {})
      : socket_(std::move(socket)),
        context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
        ssl_(nullptr, SSL_free) {
    SSL_CTX_set_security_level(context_.get(), 0);
    SSL_CTX_set_max_proto_version(context_.get(), max_version);
    ssl_.reset(SSL_new(context_.get()));
    if (!alpn.empty()) {
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const unsigned char*>(alpn.data()),
                          static_cast<unsigned>(alpn.size()));
    }
    SSL_set_fd(ssl_.get(), socket_.fd());
  }
  bool connect() { return SSL_connect(ssl_.get()) == 1; }
  void send(const std::string& text) {
    REQUIRE(SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) ==
            static_cast<int>(text.size()));
  }
  std::string read_to_end() {
    std::string all;
    char part[4096];
    int got = 0;
    while ((got = SSL_read(ssl_.get(), part, sizeof part)) > 0) {
      all.append(part, static_cast<std::size_t>(got));
    }
    clean_end = SSL_get_error(ssl_.get(), got) == SSL_ERROR_ZERO_RETURN;
    return all;
  }
  SSL* ssl() { return ssl_.get(); }
  bool clean_end = false;

 private:
  RawSocket socket_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

}  // namespace

TEST_CASE("tls: requests are served, pipelined and large ones too, and known to be secure") {
  ServedTls served;
  served.start();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsSocket client(served.connect(), version);
    REQUIRE(client.connect());
    const std::string body(60'000, 'x');
    client.send(post("/echo", body) + post("/held", "x") + get("/who", kClose));
    served.held.take()(std::nullopt);
    const auto all = client.read_to_end();
    CHECK(has(all, "\r\n\r\n" + body + "HTTP/1.1 202"));
    CHECK(has(all, "127.0.0.1|127.0.0.1|secure"));
    CHECK(client.clean_end);
  }
}

TEST_CASE("tls: a large answer is written whole") {
  ServedTls served;
  served.start();
  TlsSocket client(served.connect(), TLS1_3_VERSION);
  REQUIRE(client.connect());
  client.send(get("/large", kClose));
  CHECK(body_of(client.read_to_end()).size() == 8'000'000);
}

TEST_CASE("tls: versions before 1.2 are refused") {
  ServedTls served;
  served.start();
  TlsSocket client(served.connect(), TLS1_1_VERSION);
  CHECK_FALSE(client.connect());
}

TEST_CASE("tls: only HTTP/1.1 is agreed upon") {
  ServedTls served;
  served.start();
  TlsSocket both(served.connect(), TLS1_3_VERSION, "\x02h2\x08http/1.1");
  REQUIRE(both.connect());
  const unsigned char* chosen = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(both.ssl(), &chosen, &size);
  CHECK(std::string(reinterpret_cast<const char*>(chosen), size) == "http/1.1");
  TlsSocket other(served.connect(), TLS1_3_VERSION, "\x02h2");
  CHECK_FALSE(other.connect());
}

TEST_CASE("tls: a client that never finishes its handshake is closed at the head's deadline") {
  ServedTls served;
  served.options.limits.head_deadline = 200ms;
  served.start();
  auto silent = served.connect();
  CHECK(silent.sees_end());
  auto plain = served.connect();
  plain.send(get("/hello"));
  CHECK(plain.sees_end());
  CHECK(served.eventually([](const auto& counts) { return counts.connections == 0; }));
}

TEST_CASE("tls: a certificate or key that cannot be used is refused by name") {
  ServedTls served;
  served.options.tls_key = served.folder / "missing.pem";
  CHECK_THROWS_WITH_AS(served.start(), doctest::Contains("missing.pem"), std::runtime_error);
  make_certificate(served.folder / "other.pem", served.folder / "missing.pem", "x", "");
  CHECK_THROWS_AS(served.start(), std::runtime_error);
}
