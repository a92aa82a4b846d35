#include "daemon/http/client.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "tests/http/edge_fixture.h"
#include "tests/http/scripted_server.h"
#include "tests/support/temporary_folder.h"

using namespace reconciled::test;
using reconciled::http::Client;
using reconciled::http::ClientFault;
using reconciled::http::ClientOptions;
using reconciled::http::ClientRequest;

namespace {

using Clock = std::chrono::steady_clock;

// What a client with default options makes of a server that answers these bytes and closes.
reconciled::core::Outcome<reconciled::http::ClientResponse, reconciled::http::ClientError>
answer_to(const std::string& bytes) {
  const ScriptedServer server([&](RawSocket& client, int) {
    read_request(client);
    client.send_if_open(bytes);
    client.finish_sending();
    static_cast<void>(client.sees_end(std::chrono::milliseconds(500)));
  });
  auto options = server.options();
  options.max_response_bytes = 1000;
  Client client(options);
  return client.send({"GET", "/", {}, {}, {}});
}

ClientFault fault_of(const std::string& bytes) {
  const auto answer = answer_to(bytes);
  CAPTURE(bytes);
  REQUIRE_FALSE(answer.ok());
  return answer.error().fault;
}

}  // namespace

TEST_CASE("client: method, prefix, target, headers and body go out as given, in one piece") {
  std::string seen;
  const ScriptedServer server([&](RawSocket& client, int) {
    seen = client.read_response();
    client.send("HTTP/1.1 201 Created\r\nRetry-After: 7\r\nContent-Length: 4\r\n\r\nmade");
  });
  auto options = server.options();
  options.base_url += "/prefix/";
  Client client(options);
  const auto answer = client.send(
      {"PUT", "/a%2Fb?x[]=1", {{"Authorization", "Bearer t"}}, "{}", "application/json"});
  REQUIRE(answer.ok());
  CHECK(answer.value().status == 201);
  CHECK(answer.value().body == "made");
  CHECK(answer.value().retry_after == "7");
  CHECK(has(seen, "PUT /prefix/a%2Fb?x[]=1 HTTP/1.1\r\n"));
  CHECK(has(seen, "Host: " + server.options().base_url.substr(7) + "\r\n"));
  CHECK(has(seen, "Authorization: Bearer t\r\n"));
  CHECK(has(seen, "Content-Type: application/json\r\n"));
  CHECK(has(seen, "User-Agent: reconciled\r\n"));
  CHECK(has(seen, "Content-Length: 2\r\n"));
  CHECK(body_of(seen) == "{}");
  CHECK_FALSE(has(seen, "Accept-Encoding"));
}

TEST_CASE("client: every method against a real edge, over TCP and a Unix socket") {
  const TemporaryFolder folder;
  Served served;
  served.options.unix_path = folder / "edge.sock";
  served.start();
  ClientOptions options;
  options.base_url = "http://localhost";
  options.unix_path = served.options.unix_path;
  Client client(options);
  for (int i = 0; i < 3; ++i) {
    const std::string body(60'000, 'x');
    const auto answer = client.send({"POST", "/echo", {}, body, "text/plain"});
    REQUIRE(answer.ok());
    CHECK(answer.value().body == body);
    CHECK(client.send({"PUT", "/echo", {}, {}, {}}).value().status == 405);
    CHECK(client.send({"DELETE", "/nothing", {}, {}, {}}).value().status == 404);
  }
  CHECK(served.edge.counts().accepted == 1);
}

TEST_CASE("client: chunked bodies and bodies that end with the connection are read") {
  CHECK(answer_to(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n")
            .value()
            .body == "abc");
  CHECK(answer_to("HTTP/1.1 200 OK\r\n\r\nabc").value().body == "abc");
  CHECK(answer_to("HTTP/1.1 204 No Content\r\n\r\n").value().status == 204);
  CHECK(answer_to("HTTP/1.1 100 Continue\r\n\r\n" + kOk).value().body == "ok");
}

TEST_CASE("client: redirects are answers, not orders") {
  const auto answer = answer_to("HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n");
  CHECK(answer.value().status == 302);
}

TEST_CASE("client: packed bodies come as they are") {
  CHECK(answer_to("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok")
            .value()
            .body == "ok");
}

TEST_CASE("client: what is too large is refused, however it comes") {
  const std::string large(2'000, 'x');
  CHECK(fault_of("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n") == ClientFault::kTooLarge);
  CHECK(fault_of("HTTP/1.1 200 OK\r\n\r\n" + large) == ClientFault::kTooLarge);
  CHECK(fault_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + large +
                 "\r\n0\r\n\r\n") == ClientFault::kTooLarge);
  const std::string line = "X: " + std::string(70'000, 'x') + "\r\n";
  CHECK(fault_of("HTTP/1.1 200 OK\r\n" + line + "\r\n") == ClientFault::kTooLarge);
  CHECK(fault_of("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + line + "\r\n") ==
        ClientFault::kTooLarge);
  CHECK(fault_of("HTTP/1.1 200 OK\r\nX: " + std::string(200'000, 'x')) == ClientFault::kTooLarge);
  CHECK(fault_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
                 std::string(90'000, '0')) == ClientFault::kBroken);
  CHECK(answer_to("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + std::string(1000, 'x')).ok());
}

TEST_CASE("client: a response that breaks off or is none is broken") {
  CHECK(fault_of("") == ClientFault::kBroken);
  CHECK(fault_of("HTTP/1.1 200 OK\r\nContent-Len") == ClientFault::kBroken);
  CHECK(fault_of("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort") == ClientFault::kBroken);
  CHECK(fault_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab") ==
        ClientFault::kBroken);
  CHECK(fault_of("SSH-2.0-OpenSSH\r\n\r\n") == ClientFault::kBroken);
}

TEST_CASE("client: a server that trickles is cut off at the total deadline") {
  for (const std::string begin :
       {"HTTP/1.1 ", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n\r\n"}) {
    CAPTURE(begin);
    const ScriptedServer server([&](RawSocket& client, int) {
      read_request(client);
      client.send(begin);
      for (;;) {
        client.send("H");
        poll(nullptr, 0, 20);
      }
    });
    auto options = server.options();
    options.total_deadline = std::chrono::milliseconds(400);
    Client client(options);
    const auto begun = Clock::now();
    const auto answer = client.send(get_root());
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().fault == ClientFault::kTimeout);
    CHECK(Clock::now() - begun >= 350ms);
    CHECK(Clock::now() - begun < 2s);
  }
}

TEST_CASE("client: a silent server is a timeout between two bytes, also in TLS's handshake") {
  const ScriptedServer server([](RawSocket& client, int) { static_cast<void>(client.sees_end()); });
  auto options = server.options();
  options.read_timeout = std::chrono::milliseconds(150);
  options.connect_timeout = std::chrono::milliseconds(150);
  Client plain(options);
  CHECK(plain.send(get_root()).error().fault == ClientFault::kTimeout);
  options.base_url.replace(0, 4, "https");
  Client tls(options);
  CHECK(tls.send(get_root()).error().fault == ClientFault::kTimeout);
}

TEST_CASE("client: nobody listening is a connect fault") {
  ClientOptions options;
  {
    const ScriptedServer server([](RawSocket&, int) {});
    options = server.options();
  }
  Client client(options);
  const auto answer = client.send(get_root());
  CHECK(answer.error().fault == ClientFault::kConnect);
  CHECK_FALSE(answer.error().detail.empty());
  options.unix_path = "/nonexistent/socket";
  Client local(options);
  CHECK(local.send(get_root()).error().fault == ClientFault::kConnect);
}

TEST_CASE("client: a connection that the server closed while idle is opened again") {
  const ScriptedServer server([](RawSocket& client, int) {
    read_request(client);
    client.send(kOk);
  });
  Client client(server.options());
  for (int i = 0; i < 3; ++i) CHECK(client.send(get_root()).value().body == "ok");
  CHECK(server.connections() == 3);
}

TEST_CASE("client: a request lost with a reused connection is asked again on a new one, once") {
  // Each connection answers once and closes on the second request without a byte.
  const ScriptedServer server([](RawSocket& client, int) {
    read_request(client);
    client.send(kOk);
    read_request(client);
  });
  Client client(server.options());
  CHECK(client.send(get_root()).ok());
  CHECK(client.send(get_root()).ok());
  CHECK(server.connections() == 2);
  CHECK(client.send({"POST", "/", {}, "x", "text/plain"}).ok());
  CHECK(server.connections() == 3);
}

TEST_CASE("client: a request lost with a new connection is not repeated") {
  const ScriptedServer server([](RawSocket& client, int) { read_request(client); });
  Client client(server.options());
  CHECK(client.send(get_root()).error().fault == ClientFault::kBroken);
  CHECK(server.connections() == 1);
}

TEST_CASE("client: bytes behind a response do not become the next one") {
  const ScriptedServer server([](RawSocket& client, int connection) {
    read_request(client);
    client.send(kOk + (connection == 0 ? "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil" : ""));
    static_cast<void>(client.sees_end());
  });
  Client client(server.options());
  CHECK(client.send(get_root()).value().body == "ok");
  CHECK(client.send(get_root()).value().body == "ok");
}

TEST_CASE("client: nothing that could split a request is sent") {
  const ScriptedServer server([](RawSocket&, int) {});
  Client client(server.options());
  const std::vector<ClientRequest> bad{
      {"GET", "/a b", {}, {}, {}},
      {"GET", "/a\r\nX: y", {}, {}, {}},
      {"GET", "a", {}, {}, {}},
      {"GET", "", {}, {}, {}},
      {"G T", "/", {}, {}, {}},
      {"", "/", {}, {}, {}},
      {"GET", "/", {{"X", "a\r\nY: b"}}, {}, {}},
      {"GET", "/", {{"X", "a\nb"}}, {}, {}},
      {"GET", "/", {{"X\r\nY", "a"}}, {}, {}},
      {"GET", "/", {{"X:", "a"}}, {}, {}},
      {"GET", "/", {{"X;", "a"}}, {}, {}},
      {"GET", "/a#b", {}, {}, {}},
      {"GET", "/", {{"", "a"}}, {}, {}},
      {"POST", "/", {}, "x", "text/plain\r\nX: y"},
  };
  for (const auto& request : bad) {
    CAPTURE(request.target);
    CHECK(client.send(request).error().fault == ClientFault::kBroken);
  }
  CHECK(server.connections() == 0);
}

TEST_CASE("client: a base_url that is none is refused") {
  for (const std::string url :
       {"", "localhost", "ftp://a", "http://", "http://:80", "http://a:0", "http://a:65536",
        "http://a:x", "http://a:", "http://u@a", "http://a?x", "http://a#x", "http://a b",
        "http://[::1", "http://[::1]x", "HTTP://a\r\n"}) {
    CAPTURE(url);
    ClientOptions options;
    options.base_url = url;
    CHECK_THROWS_AS(Client{options}, std::invalid_argument);
  }
}

TEST_CASE("client: IPv6 origins") {
  Served served;
  served.options.host = "::1";
  served.start();
  ClientOptions options;
  options.base_url = "http://[::1]:" + std::to_string(served.edge.port(served.listener));
  Client client(options);
  CHECK(client.send({"GET", "/hello", {}, {}, {}}).value().body == "hello\n");
}
