#include "daemon/http/edge.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <atomic>
#include <fstream>

#include "tests/http/edge_fixture.h"

using namespace reconciled::test;
using reconciled::http::Completion;

namespace {

std::size_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t total = 0;
  std::size_t resident = 0;
  statm >> total >> resident;
  return resident * 4096;
}

}  // namespace

TEST_CASE("edge: a kept-alive connection serves request after request") {
  Served served;
  served.start();
  auto socket = served.connect();
  for (int i = 0; i < 20; ++i) {
    const auto body = "body " + std::to_string(i);
    socket.send(post("/echo", body));
    const auto response = socket.read_response();
    CHECK(status_of(response) == 200);
    CHECK(body_of(response) == body);
    CHECK(has(response, "Connection: keep-alive\r\n"));
  }
  socket.send(get("/hello", kClose));
  CHECK(has(socket.read_to_end(), "Connection: close\r\n"));
  CHECK(served.edge.counts().accepted == 1);
  CHECK(served.edge.counts().requests == 21);
}

TEST_CASE("edge: pipelined requests are answered one by one in their order") {
  Served served;
  served.start();
  auto socket = served.connect();
  socket.send(post("/echo", "1") + post("/held", "2") + get("/hello") + post("/echo", "4"));
  CHECK(body_of(socket.read_response()) == "1");
  served.held.take()(std::nullopt);
  CHECK(body_of(socket.read_response()) == "kept 2\n");
  CHECK(body_of(socket.read_response()) == "hello\n");
  CHECK(body_of(socket.read_response()) == "4");

  std::string many;
  for (int i = 0; i < 500; ++i) many += post("/echo", std::to_string(i));
  socket.send(many);
  for (int i = 0; i < 500; ++i) CHECK(body_of(socket.read_response()) == std::to_string(i));
}

TEST_CASE("edge: a request may come byte by byte") {
  Served served;
  served.start();
  auto socket = served.connect();
  for (const char c : post("/echo", "slow")) socket.send(std::string(1, c));
  CHECK(body_of(socket.read_response()) == "slow");
}

TEST_CASE("edge: HTTP/1.0 as nginx speaks it closes after the answer, unless asked to stay") {
  Served served;
  served.start();
  const auto response = served.ask(
      "POST /echo HTTP/1.0\r\nHost: webhook\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi");
  CHECK(status_of(response) == 200);
  CHECK(body_of(response) == "hi");
  CHECK(body_of(served.ask("GET /hello HTTP/1.0\r\n\r\n")) == "hello\n");
  auto socket = served.connect();
  for (int i = 0; i < 2; ++i) {
    socket.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(has(socket.read_response(), "Connection: keep-alive\r\n"));
  }
}

TEST_CASE("edge: HEAD has the length but not the body") {
  Served served;
  served.start();
  auto socket = served.connect();
  socket.send("HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n" + get("/hello"));
  const auto head = socket.read_response(true);
  CHECK(has(head, "Content-Length: 6\r\n"));
  CHECK(body_of(head).empty());
  CHECK(body_of(socket.read_response()) == "hello\n");
}

TEST_CASE("edge: chunked bodies are joined and the connection goes on behind them") {
  Served served;
  served.start();
  auto socket = served.connect();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  socket.send(head + "3\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n" + get("/hello"));
  CHECK(body_of(socket.read_response()) == "abcde");
  CHECK(body_of(socket.read_response()) == "hello\n");
  for (const char c : head + "3\r\nabc\r\n0\r\n\r\n") socket.send(std::string(1, c));
  CHECK(body_of(socket.read_response()) == "abc");
  socket.send(head + "3;x=y\r\nabc\r\n0\r\n\r\n");
  CHECK(status_of(socket.read_to_end()) == 400);
}

TEST_CASE("edge: a client that expects 100 is told to go on, and only when it waits") {
  Served served;
  served.start();
  auto socket = served.connect();
  const std::string head =
      "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n";
  socket.send(head);
  CHECK(socket.read_response() == "HTTP/1.1 100 Continue\r\n\r\n");
  socket.send("body");
  CHECK(body_of(socket.read_response()) == "body");
  socket.send(head + "body");
  CHECK(status_of(socket.read_response()) == 200);
}

TEST_CASE("edge: a client that has finished sending still gets its answer") {
  Served served;
  served.start();
  auto socket = served.connect();
  socket.send(post("/held", "x"));
  socket.finish_sending();
  served.held.take()(std::nullopt);
  CHECK(body_of(socket.read_to_end()) == "kept x\n");
}

TEST_CASE("edge: every form of smuggling is refused and closes the connection") {
  Served served;
  served.start();
  const std::string smuggled = get("/hello");
  const std::vector<std::pair<int, std::string>> forms{
      {400, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nContent-Length: 0\r\n\r\n"},
      {400, "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: +4\r\n\r\n"},
      {400,
       "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nTransfer-Encoding: chunked"
       "\r\n\r\n0\r\n\r\n"},
      {501, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"},
      {400, "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n"},
      {400, "GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 40\r\n\r\n"},
      {400, "GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"},
      {400, "GET /hello HTTP/1.1\r\nHost: a\r\nX: y\n\r\n"},
      {400, "GET http://b/hello HTTP/1.1\r\nHost: a\r\n\r\n"},
  };
  for (const auto& [status, form] : forms) {
    CAPTURE(form);
    const auto response = served.ask(form + smuggled);
    CHECK(status_of(response) == status);
    CHECK(response.find("HTTP/1.1", 1) == std::string::npos);
    CHECK(has(response, "Connection: close\r\n"));
  }
  CHECK(served.edge.counts().requests == 0);
  CHECK(served.edge.counts().refused == forms.size());
}

TEST_CASE("edge: a large answer reaches a slow reader whole") {
  Served served;
  served.start();
  auto socket = served.connect();
  socket.send(get("/large", kClose));
  poll(nullptr, 0, 50);
  CHECK(body_of(socket.read_to_end(20s)).size() == 8'000'000);
}

TEST_CASE("edge: X-Forwarded-For counts from trusted proxies, which can be replaced") {
  Served served;
  served.start();
  auto socket = served.connect();
  const auto forwarded = get("/who", "X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-Proto: https\r\n");
  socket.send(forwarded);
  CHECK(body_of(socket.read_response()) == "127.0.0.1|127.0.0.1|plain");
  served.edge.set_trusted_proxies({"127.0.0.1"});
  socket.send(forwarded);
  CHECK(body_of(socket.read_response()) == "127.0.0.1|1.1.1.1|secure");
}

TEST_CASE("edge: stop closes idle connections and lets requests in flight finish") {
  Served served;
  served.start();
  auto idle = served.connect();
  idle.send(get("/hello"));
  static_cast<void>(idle.read_response());
  auto silent = served.connect();
  auto busy = served.connect();
  busy.send(post("/held", "x"));
  const auto done = served.held.take();
  REQUIRE(served.eventually([](const auto& counts) { return counts.connections == 3; }));

  std::thread stopper([&] { served.edge.stop(5s); });
  CHECK(idle.sees_end());
  CHECK(silent.sees_end());
  done(std::nullopt);
  const auto response = busy.read_to_end();
  stopper.join();
  CHECK(body_of(response) == "kept x\n");
  CHECK(has(response, "Connection: close\r\n"));
  CHECK_FALSE(has(response, "keep-alive"));
  CHECK_THROWS(static_cast<void>(served.connect()));
}

TEST_CASE("edge: a request that comes as the stop does is answered") {
  for (int i = 0; i < 20; ++i) {
    Served served;
    served.start();
    auto fresh = served.connect();
    auto used = served.connect();
    used.send(get("/hello"));
    static_cast<void>(used.read_response());
    used.send(get("/hello"));
    std::thread stopper([&] { served.edge.stop(5s); });
    fresh.send(get("/hello"));
    CHECK(body_of(used.read_to_end()) == "hello\n");
    CHECK(body_of(fresh.read_to_end()) == "hello\n");
    stopper.join();
  }
}

TEST_CASE("edge: stop does not wait longer than its grace") {
  Served served;
  served.start();
  auto busy = served.connect();
  busy.send(post("/held", "x"));
  const auto done = served.held.take();
  const auto begun = std::chrono::steady_clock::now();
  served.edge.stop(200ms);
  CHECK(std::chrono::steady_clock::now() - begun < 3s);
  CHECK(busy.sees_end());
  done(std::nullopt);  // too late, and harmless
}

TEST_CASE("edge: each loop ticks") {
  Served served;
  std::atomic<int> ticked{0};
  served.edge.on_tick([&](int loop) { ticked |= 1 << loop; });
  served.start();
  CHECK(served.eventually([&](const auto&) { return ticked == 3; }));
}

TEST_CASE("edge: thousands of idle connections cost little memory") {
  Served served;
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  const std::size_t many = files.rlim_cur > 5'000 ? 2'000 : 200;
  served.start();
  const auto before = resident_bytes();
  std::vector<RawSocket> sockets;
  for (std::size_t i = 0; i < many; ++i) {
    sockets.push_back(served.connect());
    sockets.back().send(get("/hello"));
    CHECK(status_of(sockets.back().read_response()) == 200);
  }
  CHECK(served.edge.counts().connections == many);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  CHECK((resident_bytes() - before) / many < 8'000);
#else
  static_cast<void>(before);
#endif
  sockets.front().send(get("/hello"));
  CHECK(status_of(sockets.front().read_response()) == 200);
}
