// What the edge answers by itself: its Date, and who is told.
#include <doctest/doctest.h>

#include <atomic>
#include <mutex>

#include "tests/http/edge_fixture.h"

using namespace reconciled;
using namespace reconciled::test;

namespace {

bool is_dated(const std::string& response) {
  const auto line_end = response.find("\r\n");
  return response.compare(line_end, 8, "\r\nDate: ") == 0 && has(response, " GMT\r\n");
}

struct Told {
  int status;
  std::string path;
  std::string client_ip;
};

}  // namespace

TEST_CASE("edge: every answer carries a Date, also refusals and held ones") {
  Served served;
  served.start();
  CHECK(is_dated(served.ask(get("/hello", kClose))));
  CHECK(is_dated(served.ask(get("/nowhere", kClose))));
  CHECK(is_dated(served.ask("OPTIONS /hello HTTP/1.1\r\nHost: a\r\n" + kClose + "\r\n")));
  CHECK(is_dated(served.ask("NONSENSE\r\n\r\n")));
  CHECK(is_dated(served.ask(post("/echo", "x", "Content-Encoding: gzip\r\n"))));
  auto socket = served.connect();
  socket.send(post("/held", "x", kClose));
  served.held.take()(http::Response{503, "text/plain", "full\n", {}});
  CHECK(is_dated(socket.read_to_end()));
}

TEST_CASE("edge: OPTIONS is answered 405 with what the path has") {
  Served served;
  served.start();
  const auto answer = served.ask("OPTIONS /echo HTTP/1.1\r\nHost: a\r\n" + kClose + "\r\n");
  CHECK(status_of(answer) == 405);
  CHECK(has(answer, "Allow: POST\r\n"));
}

TEST_CASE("edge: a line end behind a body belongs to no request") {
  Served served;
  served.options.limits.head_deadline = 200ms;
  served.options.limits.idle_deadline = 10s;
  served.start();
  auto socket = served.connect();
  socket.send(post("/echo", "one") + "\r\n");
  CHECK(has(socket.read_response(), "200 OK"));
  poll(nullptr, 0, 500);  // longer than a head may take
  socket.send("\r\n");
  poll(nullptr, 0, 500);
  socket.send("\r\n" + post("/echo", "two", kClose));
  const auto answer = socket.read_to_end();
  CHECK(status_of(answer) == 200);
  CHECK(body_of(answer) == "two");
}

TEST_CASE("edge: whom it concerns is told of each refusal, and what was read of the request") {
  std::mutex mutex;
  std::vector<Told> told;
  Served served;
  served.options.trusted_proxies = {"127.0.0.1"};
  served.options.limits.max_body_bytes = 16;
  served.options.on_refused = [&](const http::EdgeRefusal& refusal) {
    const std::lock_guard lock(mutex);
    told.push_back(
        {refusal.status, std::string(refusal.request.path()), refusal.request.client_ip});
  };
  served.start();
  const std::string from = "X-Forwarded-For: 1.1.1.1:80\r\n";
  const auto head = [&](const std::string& lines) {
    return "POST /echo?secret=1 HTTP/1.1\r\nHost: a\r\n" + from + lines + "\r\n";
  };
  const std::pair<std::string, Told> probes[] = {
      {"NONSENSE\r\n\r\n", {400, "", "127.0.0.1"}},
      {head("Host: b\r\n"), {400, "/echo", "1.1.1.1"}},
      {head(""), {411, "/echo", "1.1.1.1"}},
      {head("Content-Length: 17\r\n"), {413, "/echo", "1.1.1.1"}},
      {head("Content-Length: 2\r\nContent-Encoding: gzip\r\n") + "xx", {415, "/echo", "1.1.1.1"}},
      {"GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\n", {414, "", "127.0.0.1"}},
      {head("X: " + std::string(20'000, 'a') + "\r\n"), {431, "", "127.0.0.1"}},
      {head("Transfer-Encoding: chunked\r\n") + "zz\r\n", {400, "/echo", "1.1.1.1"}}};
  for (const auto& [bytes, expected] : probes) {
    CAPTURE(expected.status);
    CHECK(status_of(served.ask(bytes)) == expected.status);
    const std::lock_guard lock(mutex);
    REQUIRE(told.size() == 1);
    CHECK(told.front().status == expected.status);
    CHECK(told.front().path == expected.path);
    CHECK(told.front().client_ip == expected.client_ip);
    told.clear();
  }
}
