#include <doctest/doctest.h>

#include <thread>

#include "tests/http/edge_fixture.h"

using namespace reconciled::test;
using reconciled::http::Answer;
using reconciled::http::Completion;
using reconciled::http::Request;
using reconciled::http::Response;

TEST_CASE("held answer: nothing sends what was prepared, a response is sent in its place") {
  Served served;
  served.start();
  auto socket = served.connect();
  socket.send(post("/held", "x"));
  std::thread([&] { served.held.take()(std::nullopt); }).join();
  CHECK(body_of(socket.read_response()) == "kept x\n");
  socket.send(post("/held", "x"));
  std::thread([&] { served.held.take()(Response{507, "text/plain", "full\n", {}}); }).join();
  const auto response = socket.read_response();
  CHECK(status_of(response) == 507);
  CHECK(body_of(response) == "full\n");
  CHECK(has(response, "keep-alive"));
}

TEST_CASE("held answer: only the first completion counts, also against the next request") {
  Served served;
  served.start();
  auto socket = served.connect();
  socket.send(post("/held", "1"));
  const auto first = served.held.take();
  first(std::nullopt);
  first(Response{500, "text/plain", "no\n", {}});
  CHECK(body_of(socket.read_response()) == "kept 1\n");
  socket.send(post("/held", "2"));
  const auto second = served.held.take();
  first(Response{500, "text/plain", "no\n", {}});
  second(std::nullopt);
  CHECK(body_of(socket.read_response()) == "kept 2\n");
}

TEST_CASE("held answer: work may complete at once, on the loop itself") {
  Served served;
  served.router.on("GET", "/inline", [](const Request&) {
    return Answer({200, "text/plain", "now\n", {}},
                  [](const Completion& done) { done(std::nullopt); });
  });
  served.start();
  auto socket = served.connect();
  socket.send(get("/inline") + get("/inline"));
  CHECK(body_of(socket.read_response()) == "now\n");
  CHECK(body_of(socket.read_response()) == "now\n");
}

TEST_CASE("held answer: a dropped completion and failing work answer 500") {
  Served served;
  served.router.on("GET", "/dropped", [](const Request&) {
    return Answer({200, "text/plain", "no\n", {}}, [](const Completion&) {});
  });
  served.router.on("GET", "/fails", [](const Request&) {
    return Answer({200, "text/plain", "no\n", {}},
                  [](const Completion&) { throw std::runtime_error("secret"); });
  });
  served.start();
  auto socket = served.connect();
  for (const auto* path : {"/dropped", "/fails"}) {
    socket.send(get(path));
    const auto response = socket.read_response();
    CHECK(status_of(response) == 500);
    CHECK(body_of(response) == "internal error\n");
  }
}

TEST_CASE("held answer: one that does not come in time is a 503, and comes too late then") {
  Served served;
  served.options.limits.hold_deadline = 150ms;
  served.start();
  auto socket = served.connect();
  socket.send(post("/held", "x"));
  const auto done = served.held.take();
  const auto response = socket.read_to_end();
  CHECK(status_of(response) == 503);
  CHECK(has(response, "Retry-After: 1\r\n"));
  done(std::nullopt);
  CHECK(served.edge.counts().refused == 1);
}

TEST_CASE("held answer: completions after the client, or the edge, has gone do nothing") {
  std::vector<Completion> late;
  {
    Served served;
    served.start();
    for (int i = 0; i < 20; ++i) {
      auto socket = served.connect();
      socket.send(post("/held", "x"));
      late.push_back(served.held.take());
      if (i % 2 == 0) {
        socket.reset();
      } else {
        socket.close();
      }
    }
    for (std::size_t i = 0; i < 10; ++i) late[i](std::nullopt);
    CHECK(served.eventually([](const auto& counts) { return counts.connections == 10; }));
    CHECK(status_of(served.ask(get("/hello", kClose))) == 200);
  }
  for (const auto& done : late) done(std::nullopt);
}

TEST_CASE("held answer: a group is completed together from one thread") {
  Served served;
  served.start();
  std::vector<RawSocket> sockets;
  std::vector<Completion> group;
  for (int i = 0; i < 128; ++i) {
    sockets.push_back(served.connect());
    sockets.back().send(post("/held", "x"));
    group.push_back(served.held.take());
  }
  for (const auto& done : group) done(std::nullopt);
  for (auto& socket : sockets) CHECK(status_of(socket.read_response()) == 202);
}
