#include <doctest/doctest.h>

#include "tests/http/edge_fixture.h"

using namespace reconciled::test;

namespace {

constexpr auto kShort = std::chrono::milliseconds(200);

}  // namespace

TEST_CASE("edge limits: a head that trickles in answers 408 at its absolute deadline") {
  Served served;
  served.options.limits.head_deadline = 400ms;
  served.start();
  auto socket = served.connect();
  const auto begun = std::chrono::steady_clock::now();
  socket.send("GET /hello HTTP/1.1\r\nX: ");
  pollfd readable{socket.fd(), POLLIN, 0};
  while (poll(&readable, 1, 20) == 0) socket.send_if_open("x");
  CHECK(status_of(socket.read_to_end()) == 408);
  CHECK(std::chrono::steady_clock::now() - begun < 2s);
}

TEST_CASE("edge limits: a silent client is closed at the head's deadline without a word") {
  Served served;
  served.options.limits.head_deadline = kShort;
  served.start();
  auto socket = served.connect();
  CHECK(socket.read_to_end().empty());
}

TEST_CASE("edge limits: a body that trickles in answers 408") {
  Served served;
  served.options.limits.body_deadline = 400ms;
  served.start();
  auto plain = served.connect();
  auto chunked = served.connect();
  plain.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc");
  chunked.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  pollfd readable{chunked.fd(), POLLIN, 0};
  while (poll(&readable, 1, 20) == 0) chunked.send_if_open("1\r\na\r\n");
  CHECK(status_of(plain.read_to_end()) == 408);
  CHECK(status_of(chunked.read_to_end()) == 408);
}

TEST_CASE("edge limits: an idle connection is closed at its deadline, not before") {
  Served served;
  served.options.limits.idle_deadline = 300ms;
  served.options.limits.head_deadline = 50ms;
  served.start();
  auto socket = served.connect();
  socket.send(get("/hello"));
  static_cast<void>(socket.read_response());
  const auto begun = std::chrono::steady_clock::now();
  CHECK(socket.read_to_end().empty());
  CHECK(std::chrono::steady_clock::now() - begun > 250ms);
  CHECK(served.edge.counts().refused == 0);
}

TEST_CASE("edge limits: a client that does not read its answer is closed") {
  Served served;
  served.options.limits.write_deadline = kShort;
  served.start();
  auto socket = served.connect();
  socket.send(get("/large"));
  CHECK(served.eventually([](const auto& counts) { return counts.requests == 1; }));
  CHECK(served.eventually([](const auto& counts) { return counts.connections == 0; }));
}

TEST_CASE("edge limits: a long request line is 414, a large head 431, while they come") {
  Served served;
  served.start();
  auto line = served.connect();
  line.send("GET /" + std::string(8200, 'a'));
  CHECK(status_of(line.read_to_end()) == 414);
  auto header = served.connect();
  header.send_if_open("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(400'000, 'a'));
  CHECK(status_of(header.read_to_end()) == 431);
  std::string many = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 100; ++i) many += "X: y\r\n";
  CHECK(status_of(served.ask(many + "\r\n")) == 431);
}

TEST_CASE("edge limits: a body over the limit is 413, before it is read") {
  Served served;
  served.options.limits.max_body_bytes = 1000;
  served.start();
  CHECK(status_of(served.ask("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n")) ==
        413);
  CHECK(status_of(served.ask("POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                             "Content-Length: 319000000\r\n\r\n")) == 413);
  const std::string chunked =
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  CHECK(status_of(served.ask(chunked + "3e9\r\n")) == 413);
  CHECK(status_of(served.ask(chunked + "3e8\r\n" + std::string(1000, 'x') + "\r\n1\r\n")) == 413);
  auto socket = served.connect();
  socket.send(post("/echo", std::string(1000, 'x')));
  CHECK(status_of(socket.read_response()) == 200);
}

TEST_CASE("edge limits: a refused client that goes on sending still sees the answer") {
  Served served;
  served.start();
  auto socket = served.connect();
  socket.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n");
  for (int i = 0; i < 10; ++i) socket.send_if_open(std::string(50'000, 'x'));
  CHECK(status_of(socket.read_to_end()) == 413);
}

TEST_CASE("edge limits: lingering after a refusal ends by itself") {
  Served served;
  served.start();
  auto socket = served.connect();
  socket.send("BAD\r\n\r\n");
  CHECK(status_of(socket.read_to_end()) == 400);
  CHECK(served.eventually([](const auto& counts) { return counts.connections == 0; }));
}

TEST_CASE("edge limits: POST and PUT without any length are 411") {
  Served served;
  served.start();
  for (const std::string method : {"POST", "PUT", "PATCH"}) {
    CHECK(status_of(served.ask(method + " /echo HTTP/1.1\r\nHost: a\r\n\r\n")) == 411);
  }
  CHECK(status_of(served.ask("DELETE /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) ==
        405);
}

TEST_CASE("edge limits: above max_connections a client is told 503 and the others stay") {
  Served served;
  served.options.limits.max_connections = 3;
  served.start();
  std::vector<RawSocket> guests;
  for (int i = 0; i < 3; ++i) {
    guests.push_back(served.connect());
    guests.back().send(get("/hello"));
    CHECK(status_of(guests.back().read_response()) == 200);
  }
  const auto response = served.ask(get("/hello"));
  CHECK(status_of(response) == 503);
  CHECK(has(response, "Retry-After: 1\r\n"));
  guests.front().send(get("/hello"));
  CHECK(status_of(guests.front().read_response()) == 200);
  guests.pop_back();
  CHECK(served.eventually([](const auto& counts) { return counts.connections == 2; }));
  CHECK(status_of(served.ask(get("/hello", kClose))) == 200);
}

TEST_CASE("edge limits: unfinished requests are bounded together, and small ones always taken") {
  Served served;
  served.options.limits.max_unfinished_bytes = 20'000;
  served.start();
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 16000\r\n\r\n";
  {
    auto first = served.connect();
    first.send(head + std::string(15'000, 'x'));
    CHECK(status_of(served.ask(get("/hello", kClose))) == 200);
    auto second = served.connect();
    second.send_if_open(head + std::string(15'000, 'x'));
    const auto response = second.read_to_end();
    CHECK(status_of(response) == 503);
    CHECK(has(response, "Retry-After: 1\r\n"));
    {
      auto small = served.connect();
      small.send(post("/echo", std::string(6'000, 'x')));
      CHECK(status_of(small.read_response()) == 200);
    }
    CHECK(served.eventually([](const auto& counts) { return counts.connections == 1; }));
    first.send(std::string(1'000, 'x'));
    CHECK(status_of(first.read_response()) == 200);
  }
  CHECK(served.eventually([](const auto& counts) { return counts.connections == 0; }));
  auto later = served.connect();
  later.send(post("/echo", std::string(16'000, 'x')));
  CHECK(status_of(later.read_response()) == 200);
}
