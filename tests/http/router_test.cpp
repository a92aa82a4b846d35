#include "daemon/http/router.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <stdexcept>
#include <thread>
#include <vector>

using namespace reconciled::http;

namespace {

Request request_for(const std::string& method, const std::string& target) {
  Request request;
  request.method = method;
  request.target = target;
  return request;
}

std::string ask(const Router& router, const std::string& method, const std::string& target,
                bool keep_alive = true) {
  auto request = request_for(method, target);
  return router.dispatch(request, keep_alive).prepared.bytes;
}

Handler says(const std::string& text) {
  return [text](const Request&) { return Response{200, "text/plain", text, {}}; };
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// The response without its Date, which stands behind the status line.
std::string dateless(std::string response) {
  const auto begin = response.find("\r\nDate: ");
  REQUIRE(begin == response.find("\r\n"));
  return response.erase(begin, response.find("\r\n", begin + 2) - begin);
}

// The same with its headers sorted: cpp-httplib's releases keep them in orders of their own.
std::string ordered(const std::string& response) {
  const auto text = dateless(response);
  const auto first = text.find("\r\n") + 2;
  const auto end = text.find("\r\n\r\n") + 2;
  std::vector<std::string> headers;
  for (auto at = first; at < end;) {
    const auto next = text.find("\r\n", at) + 2;
    headers.push_back(text.substr(at, next - at));
    at = next;
  }
  std::sort(headers.begin(), headers.end());
  std::string sorted = text.substr(0, first);
  for (const auto& header : headers) sorted += header;
  return sorted + text.substr(end);
}

std::string status_line(const std::string& response) {
  return response.substr(0, response.find("\r\n"));
}

}  // namespace

TEST_CASE("router: a response is exactly these bytes") {
  Router router;
  router.on("GET", "/a", [](const Request&) {
    return Response{201, "application/json", "{}", {{"X-One", "1"}}};
  });
  CHECK(ordered(ask(router, "GET", "/a")) ==
        "HTTP/1.1 201 Created\r\nConnection: keep-alive\r\nContent-Length: 2\r\n"
        "Content-Type: application/json\r\nX-One: 1\r\n\r\n{}");
  CHECK(ordered(ask(router, "GET", "/a", false)) ==
        "HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: 2\r\n"
        "Content-Type: application/json\r\nX-One: 1\r\n\r\n{}");
}

TEST_CASE("router: literal paths match as a whole, whatever characters they have") {
  Router router;
  for (const std::string path : {"/", "/a.b", "/a+b", "/a-b/c", "/(x)[y]{z}$^|?*\\"}) {
    router.on("POST", Router::literal(path), says(path));
  }
  CHECK(has(ask(router, "POST", "/a.b"), "\r\n\r\n/a.b"));
  CHECK(has(ask(router, "POST", "/a.b?x=/a+b"), "\r\n\r\n/a.b"));
  CHECK(has(ask(router, "POST", "/a+b"), "\r\n\r\n/a+b"));
  CHECK(has(ask(router, "POST", "/a-b/c"), "\r\n\r\n/a-b/c"));
  CHECK(has(ask(router, "POST", "/(x)[y]{z}$^|"), "404"));
  CHECK(has(ask(router, "POST", "/axb"), "404"));
  CHECK(has(ask(router, "POST", "/A.B"), "404"));
}

TEST_CASE("router: a literal path is the same with one trailing slash") {
  Router router;
  const Handler path = [](const Request& request) {
    return Response{200, "text/plain", std::string(request.target), {}};
  };
  router.on("POST", "/hook", path);
  router.on("GET", "/done/", path);
  router.on("GET", "/", path);
  router.on("GET", "/payments/([^/]+)", path);
  CHECK(has(ask(router, "POST", "/hook/"), "\r\n\r\n/hook"));
  CHECK(has(ask(router, "POST", "/hook/?a=/b/"), "\r\n\r\n/hook?a=/b/"));
  CHECK(has(ask(router, "GET", "/done"), "200 OK"));
  CHECK(has(ask(router, "GET", "/done/"), "200 OK"));
  CHECK(has(ask(router, "GET", "/hook/"), "Allow: POST\r\n"));
  CHECK(has(ask(router, "POST", "/hook//"), "404"));
  CHECK(has(ask(router, "GET", "//"), "404"));
  CHECK(has(ask(router, "GET", "/payments/a/"), "404"));
}

TEST_CASE("router: a refusal of the body gives way to a method that the path lacks") {
  Router router;
  router.on("GET", "/healthz", says("ok"));
  router.on("PUT", "/orders/([^/]+)", says("ok"));
  router.guard([](const Request& request) -> std::optional<Response> {
    if (request.header("host")) return Response{403, "text/plain", "who\n", {}};
    if (request.method == "GET") return std::nullopt;
    return Response{415, "text/plain", "send JSON\n", {}};
  });
  for (const char* method : {"OPTIONS", "POST", "DELETE", "PATCH", "TRACE"}) {
    CHECK(status_line(ask(router, method, "/healthz")) == "HTTP/1.1 405 Method Not Allowed");
    CHECK(has(ask(router, method, "/healthz"), "Allow: GET, HEAD\r\n"));
    CHECK(has(ask(router, method, "/orders/1"), "Allow: PUT\r\n"));
  }
  CHECK(has(ask(router, "PUT", "/orders/1"), "HTTP/1.1 415"));
  auto request = request_for("OPTIONS", "/healthz");
  request.headers = {{"Host", "evil"}};
  CHECK(has(router.dispatch(request, true).prepared.bytes, "HTTP/1.1 403"));
}

TEST_CASE("router: captures are undecoded, for methods with and without bodies") {
  Router router;
  const Handler echo = [](const Request& request) {
    std::string text = request.body;
    for (const auto& capture : request.captures) text += '<' + capture + '>';
    return Response{200, "text/plain", text, {}};
  };
  for (const auto* method : {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    router.on(method, "/payments/([^/]+)/(x|y)", echo);
    CHECK(has(ask(router, method, "/payments/a%2Fb%0d/y?q"), "\r\n\r\n<a%2Fb%0d><y>"));
  }
  CHECK(has(ask(router, "GET", "/payments//y"), "404"));
  CHECK_THROWS_AS(router.on("TRACE", "/(a)", echo), std::invalid_argument);
}

TEST_CASE("router: the handler gets the body and headers as they were, forms included") {
  Router router;
  std::string seen;
  router.on("POST", "/form", [&](const Request& request) {
    seen = request.body + '|' + std::string(*request.header("content-type"));
    return Response{};
  });
  auto request = request_for("POST", "/form");
  request.body = std::string(20'000, '%');
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                     {"Range", "bytes=0-1"},
                     {"Expect", "100-continue"},
                     {"Accept-Encoding", "gzip, br"}};
  const auto response = router.dispatch(request, true).prepared.bytes;
  CHECK(status_line(response) == "HTTP/1.1 200 OK");
  CHECK(seen == request.body + "|application/x-www-form-urlencoded");
  CHECK_FALSE(has(response, "Content-Encoding"));
  CHECK_FALSE(has(response, "100 Continue"));
}

TEST_CASE("router: HEAD is GET without the body") {
  Router router;
  router.on("GET", "/a", says("hello"));
  router.on("GET", "/b/(.)", says("hello"));
  for (const auto* path : {"/a", "/b/c"}) {
    const auto response = ask(router, "HEAD", path);
    CHECK(status_line(response) == "HTTP/1.1 200 OK");
    CHECK(has(response, "Content-Length: 5\r\n"));
    CHECK(response.substr(response.size() - 4) == "\r\n\r\n");
    CHECK_FALSE(has(response, "Accept-Ranges"));
  }
}

TEST_CASE("router: an unknown path is 404, a known one under another method 405 with Allow") {
  Router router;
  router.on("GET", "/a", says("a"));
  router.on("POST", "/a", says("a"));
  router.on("PUT", "/b/([^/]+)", says("b"));
  router.on("DELETE", "/b/([^/]+)", says("b"));
  CHECK(status_line(ask(router, "GET", "/c")) == "HTTP/1.1 404 Not Found");
  CHECK(has(ask(router, "GET", "/c"), "\r\n\r\nnot found\n"));
  const auto literal = ask(router, "PUT", "/a");
  CHECK(status_line(literal) == "HTTP/1.1 405 Method Not Allowed");
  CHECK(has(literal, "Allow: GET, HEAD, POST\r\n"));
  for (const auto* method : {"GET", "POST", "BREW", "TRACE", "get"}) {
    const auto pattern = ask(router, method, "/b/1");
    CHECK(status_line(pattern) == "HTTP/1.1 405 Method Not Allowed");
    CHECK(has(pattern, "Allow: PUT, DELETE\r\n"));
  }
  CHECK(status_line(ask(router, "BREW", "/c")) == "HTTP/1.1 404 Not Found");
}

TEST_CASE("router: errors are worded by on_error, answers of handlers are left alone") {
  Router router;
  router.on("GET", "/gone", [](const Request&) {
    return Response{404, "application/json", "{\"mine\":1}", {}};
  });
  router.on("GET", "/void", [](const Request&) { return Response{503, "", "", {}}; });
  router.on_error([](int status, const Request& request) {
    return Response{status, "application/json", "{\"path\":\"" + request.target + "\"}", {}};
  });
  CHECK(has(ask(router, "GET", "/x"), "\r\n\r\n{\"path\":\"/x\"}"));
  CHECK(has(ask(router, "POST", "/gone"), "\r\n\r\n{\"path\":\"/gone\"}"));
  CHECK(has(ask(router, "GET", "/gone"), "\r\n\r\n{\"mine\":1}"));
  CHECK(has(ask(router, "GET", "/void"), "Content-Length: 0\r\n"));
}

TEST_CASE("router: the guard ends a request before any handler") {
  Router router;
  bool called = false;
  router.on("GET", "/a", [&](const Request&) {
    called = true;
    return Response{};
  });
  router.guard([](const Request& request) -> std::optional<Response> {
    if (request.header("Host") == "good") return std::nullopt;
    return Response{421, "text/plain", "who\n", {}};
  });
  CHECK(status_line(ask(router, "GET", "/a")).substr(0, 12) == "HTTP/1.1 421");
  CHECK(status_line(ask(router, "GET", "/b")).substr(0, 12) == "HTTP/1.1 421");
  CHECK_FALSE(called);
  auto request = request_for("GET", "/a");
  request.headers = {{"Host", "good"}};
  CHECK(has(router.dispatch(request, true).prepared.bytes, "200 OK"));
  CHECK(called);
}

TEST_CASE("router: an exception becomes a fixed 500 that tells nothing") {
  Router router;
  const Handler bad = [](const Request&) -> Answer { throw std::runtime_error("secret"); };
  const Handler worse = [](const Request&) -> Answer { throw 42; };
  router.on("GET", "/a", bad);
  router.on("POST", "/b/(.)", bad);
  router.on("GET", "/c", worse);
  router.on_error([](int, const Request&) -> Response { throw std::runtime_error("secret"); });
  for (const auto& response : {ask(router, "GET", "/a"), ask(router, "POST", "/b/1"),
                               ask(router, "GET", "/c"), ask(router, "GET", "/unknown")}) {
    CHECK(status_line(response) == "HTTP/1.1 500 Internal Server Error");
    CHECK(has(response, "\r\n\r\ninternal error\n"));
    CHECK_FALSE(has(response, "secret"));
    CHECK_FALSE(has(response, "EXCEPTION"));
  }
}

TEST_CASE("router: line ends in a header value do not reach the wire") {
  Router router;
  router.on("GET", "/a", [](const Request&) {
    return Response{200, "a\r\nX-Evil: 1", "x", {{"Location", "/b\r\nX-Evil: 1"}, {"X\nY", "z"}}};
  });
  CHECK_FALSE(has(ask(router, "GET", "/a"), "X-Evil"));
  CHECK_FALSE(has(ask(router, "GET", "/a"), "Y: z"));
}

TEST_CASE("router: framing headers are the router's own, 204 has no length") {
  Router router;
  router.on("GET", "/a", [](const Request&) {
    return Response{200, "text/plain", "x", {{"content-length", "9"}, {"Connection", "upgrade"}}};
  });
  router.on("GET", "/b", [](const Request&) { return Response{204, "", "", {}}; });
  const auto response = ask(router, "GET", "/a");
  CHECK(has(response, "Content-Length: 1\r\n"));
  CHECK_FALSE(has(dateless(response), "9"));
  CHECK_FALSE(has(response, "upgrade"));
  CHECK_FALSE(has(ask(router, "GET", "/b"), "Content-Length"));
}

TEST_CASE("router: work is handed on, and render writes another answer for the same request") {
  Router router;
  router.on("POST", "/a", [](const Request&) {
    return Answer(Response{202, "text/plain", "kept\n", {}},
                  [](const Completion& done) { done(std::nullopt); });
  });
  auto request = request_for("POST", "/a");
  auto dispatched = router.dispatch(request, true);
  CHECK(has(dispatched.prepared.bytes, "202 Accepted"));
  REQUIRE(dispatched.work);
  bool done = false;
  dispatched.work([&](const std::optional<Response>& instead) { done = !instead; });
  CHECK(done);
  const auto rendered = router.render(request, {503, "text/plain", "full\n", {}}, false);
  CHECK(ordered(rendered.bytes) ==
        "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 5\r\n"
        "Content-Type: text/plain\r\n\r\nfull\n");
  CHECK_FALSE(rendered.keep_alive);
}

TEST_CASE("router: paths of any length the edge lets through are safe with every pattern") {
  Router router;
  router.on("GET", "/payments/([^/]+)/lookup", says("ok"));
  router.on("POST", "/y/(.*)", says("ok"));
  for (const std::size_t size : {100U, 1900U, 2100U, 8000U}) {
    CAPTURE(size);
    const std::string id(size, 'a');
    const bool routed = size < 2000;
    CHECK(has(ask(router, "GET", "/payments/" + id + "/lookup"), routed ? "200" : "404"));
    CHECK(has(ask(router, "POST", "/y/" + id), routed ? "200" : "404"));
    CHECK(has(ask(router, "GET", "/y/" + id), routed ? "405" : "404"));
    CHECK(has(ask(router, "GET", "/payments/" + id), "404"));
  }
  router.on("GET", Router::literal("/" + std::string(8000, 'l')), says("long"));
  CHECK(has(ask(router, "GET", "/" + std::string(8000, 'l')), "long"));
}

TEST_CASE("router: several threads may dispatch at once") {
  Router router;
  router.on("GET", "/a/([^/]+)", [](const Request& request) {
    return Response{200, "text/plain", request.captures.at(0), {}};
  });
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      const auto id = "id-" + std::to_string(t);
      for (int i = 0; i < 300; ++i) {
        if (!has(ask(router, "GET", "/a/" + id), "\r\n\r\n" + id)) ++wrong;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(wrong == 0);
}
