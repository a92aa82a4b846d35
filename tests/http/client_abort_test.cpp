#include <doctest/doctest.h>

#include <vector>

#include "daemon/http/client.h"
#include "tests/http/scripted_server.h"

using namespace reconciled::test;
using namespace std::chrono_literals;
using reconciled::http::Client;
using reconciled::http::ClientFault;
using reconciled::http::ClientOptions;

namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

TEST_CASE("client: abort ends a call in flight at once, wherever it hangs, and every later one") {
  struct Row {
    const char* where;
    const char* scheme;
    const char* sent;
  };
  const Row table[] = {
      {"before the head", "http", ""},
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
