#include "daemon/http/client.h"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <stdexcept>
#include <thread>

#include "tests/http/edge_fixture.h"
#include "tests/support/temporary_folder.h"

using namespace reconciled::test;
using reconciled::http::Client;
using reconciled::http::ClientFault;
using reconciled::http::ClientOptions;
using reconciled::http::ClientRequest;

namespace {

using Clock = std::chrono::steady_clock;

// A server that misbehaves as told: each connection runs the script, one after another.
class ScriptedServer {
 public:
  using Script = std::function<void(RawSocket& client, int connection)>;

  explicit ScriptedServer(Script script) : listening_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listening_.fd(), generic, size) != 0 || listen(listening_.fd(), 8) != 0 ||
        getsockname(listening_.fd(), generic, &size) != 0) {
      throw std::runtime_error("cannot listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, script = std::move(script)] { run(script); });
  }
  ~ScriptedServer() {
    stopping = true;
    shutdown(listening_.fd(), SHUT_RDWR);
    thread_.join();
  }
  [[nodiscard]] ClientOptions options() const {
    ClientOptions made;
    made.base_url = "http://127.0.0.1:" + std::to_string(port_);
    made.read_timeout = std::chrono::milliseconds(2'000);
    made.total_deadline = std::chrono::milliseconds(4'000);
    return made;
  }
  [[nodiscard]] int connections() const { return connections_; }

  std::atomic<bool> stopping{false};

 private:
  void run(const Script& script) {
    for (;;) {
      RawSocket client(accept(listening_.fd(), nullptr, nullptr));
      if (client.fd() < 0) return;
      try {
        script(client, connections_++);
      } catch (const std::runtime_error&) {
        continue;  // the client went away, as some tests have it
      }
    }
  }

  RawSocket listening_;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

void read_request(RawSocket& client) { static_cast<void>(client.read_response()); }

const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

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

ClientRequest get_root() { return {"GET", "/", {}, {}, {}}; }

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
  for (const std::string begin : {"HTTP/1.1 ", "HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\n\r\n"}) {
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

TEST_CASE("client: abort ends a call in flight at once, wherever it hangs, and every later one") {
  struct Row {
    const char* where;
    const char* scheme;
    const char* sent;
  };
  const Row table[] = {{"before the head", "http", ""},
                       {"within the head", "http", "HTTP/1.1 200 OK\r\nX: "},
                       {"within the body", "http", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nab"},
                       {"in TLS's handshake", "https", ""}};
  for (const Row& row : table) {
    CAPTURE(row.where);
    std::atomic<int> asked{0};
    const ScriptedServer server([&](RawSocket& client, int) {
      if (std::string(row.scheme) == "http") read_request(client);
      client.send(row.sent);
      ++asked;
      static_cast<void>(client.sees_end());
    });
    auto options = server.options();
    options.base_url.replace(0, 4, row.scheme);
    Client client(options);
    std::thread aborter([&] {
      while (asked == 0) poll(nullptr, 0, 5);
      poll(nullptr, 0, 20);
      client.abort();
    });
    const auto begun = Clock::now();
    const auto answer = client.send(get_root());
    aborter.join();
    REQUIRE_FALSE(answer.ok());
    CHECK(answer.error().fault == ClientFault::kBroken);
    CHECK(client.is_aborted());
    CHECK(client.send(get_root()).error().detail == "aborted");
    CHECK(Clock::now() - begun < 1s);
    CHECK(server.connections() == 1);
  }
}

TEST_CASE("client: a call that begins as the client is aborted is not made") {
  const ScriptedServer server([](RawSocket& client, int) { static_cast<void>(client.sees_end()); });
  for (int i = 0; i < 20; ++i) {
    Client client(server.options());
    std::thread aborter([&] { client.abort(); });
    const auto begun = Clock::now();
    CHECK_FALSE(client.send(get_root()).ok());
    CHECK(Clock::now() - begun < 1s);
    aborter.join();
  }
}

TEST_CASE("client: abort and the deadline hold while a connection cannot be made") {
  // The queue of this socket is full: what connects to it waits.
  RawSocket listening(socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(bind(listening.fd(), generic, size) == 0);
  REQUIRE(listen(listening.fd(), 0) == 0);
  REQUIRE(getsockname(listening.fd(), generic, &size) == 0);
  std::vector<RawSocket> waiting;
  for (int i = 0; i < 4; ++i) {
    waiting.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0));
    static_cast<void>(connect(waiting.back().fd(), generic, size));
  }
  ClientOptions options;
  options.base_url = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port));
  options.connect_timeout = std::chrono::milliseconds(300);
  {
    Client client(options);
    const auto begun = Clock::now();
    CHECK(client.send(get_root()).error().fault == ClientFault::kTimeout);
    CHECK(Clock::now() - begun < 2s);
  }
  options.connect_timeout = std::chrono::milliseconds(20'000);
  Client client(options);
  std::thread aborter([&] {
    poll(nullptr, 0, 100);
    client.abort();
  });
  const auto begun = Clock::now();
  CHECK(client.send(get_root()).error().detail == "aborted");
  CHECK(Clock::now() - begun < 1s);
  aborter.join();
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
