#include "daemon/http/request_head.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using reconciled::http::HeadLimits;
using reconciled::http::HeadProgress;
using reconciled::http::parse_request_head;
using reconciled::http::RequestHead;
using State = HeadProgress::State;

namespace {

HeadProgress parse(const std::string& bytes, const HeadLimits& limits = {}) {
  return parse_request_head(bytes, limits);
}

RequestHead accepted(const std::string& bytes) {
  auto progress = parse(bytes);
  CAPTURE(bytes);
  REQUIRE(progress.state == State::kComplete);
  return *std::move(progress.head);
}

int refused(const std::string& bytes, const HeadLimits& limits = {}) {
  const auto progress = parse(bytes, limits);
  CAPTURE(bytes);
  REQUIRE(progress.state == State::kRefused);
  return progress.refusal->status;
}

std::string post(const std::string& headers) {
  return "POST /w HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

std::string get(const std::string& headers) {
  return "GET / HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

}  // namespace

TEST_CASE("head parser: method, target and headers come as they were sent") {
  const auto head = accepted(
      "POST /a%2Fb?x=%0d%0a&y=1 HTTP/1.1\r\nHost: shop.example:8080\r\nX-Note: \t one two \t\r\n"
      "content-length: 0012\r\n\r\n");
  CHECK(head.request.method == "POST");
  CHECK(head.request.target == "/a%2Fb?x=%0d%0a&y=1");
  REQUIRE(head.request.headers.size() == 3);
  CHECK(head.request.headers[1].first == "X-Note");
  CHECK(head.request.headers[1].second == "one two");
  CHECK(head.content_length == 12);
  CHECK(head.has_length);
  CHECK_FALSE(head.chunked);
  CHECK(head.keep_alive);
}

TEST_CASE("head parser: escapes in header values stay text") {
  const auto head = accepted(get("X-A: a%0d%0aX-B: b\r\n"));
  CHECK(head.request.headers[1].second == "a%0d%0aX-B: b");
}

TEST_CASE("head parser: bytes above ASCII pass in values and in the target") {
  const auto head = accepted("GET /caf\xc3\xa9 HTTP/1.1\r\nHost: a\r\nX: \xea\xb0\x80\xff\r\n\r\n");
  CHECK(head.request.target == "/caf\xc3\xa9");
  CHECK(head.request.headers[1].second == "\xea\xb0\x80\xff");
}

TEST_CASE("head parser: every beginning of a good head is incomplete") {
  const auto whole = post("Content-Length: 3\r\nX: y\r\n");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK(parse(whole.substr(0, size)).state == State::kIncomplete);
  }
  CHECK(parse(whole).head->bytes == whole.size());
  CHECK(parse(whole + "GET / HTTP/1.1\r\n\n").head->bytes == whole.size());
}

TEST_CASE("head parser: malformed request lines are refused") {
  const std::vector<std::string> lines{
      "",
      " ",
      "GET",
      "GET /",
      "GET  / HTTP/1.1",
      "GET / HTTP/1.1 ",
      " GET / HTTP/1.1",
      "GET\t/ HTTP/1.1",
      "GET / b HTTP/1.1",
      "GET / HTTP/1",
      "GET / http/1.1",
      "GET / HTTP/1.10",
      "GET / HTTP/11",
      "GET / FTP/1.1",
      "G@T / HTTP/1.1",
      "G\"T / HTTP/1.1",
      std::string(33, 'M') + " / HTTP/1.1",
      "GET http:/a/ HTTP/1.1",
      "GET ://a/ HTTP/1.1",
      "GET ftp://a/ HTTP/1.1",
      "GET http:// HTTP/1.1",
      "GET http:///x HTTP/1.1",
      "GET a://a/ HTTP/1.1",
      "GET a HTTP/1.1",
      "GET * HTTP/1.1",
      "OPTIONS * HTTP/1.1",
      "CONNECT a:443 HTTP/1.1",
      "GET /a#b HTTP/1.1",
      "GET /a\tb HTTP/1.1",
      "GET /a\x01 HTTP/1.1",
      "GET /a\x7f HTTP/1.1",
      std::string("GET /a\0b HTTP/1.1", 17),
  };
  for (const auto& line : lines) CHECK(refused(line + "\r\nHost: a\r\n\r\n") == 400);
}

TEST_CASE("head parser: versions other than 1.0 and 1.1 answer 505") {
  for (const std::string version : {"HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "HTTP/3.0"}) {
    CHECK(refused("GET / " + version + "\r\nHost: a\r\n\r\n") == 505);
  }
}

TEST_CASE("head parser: exactly one valid Host, none needed in HTTP/1.0") {
  CHECK(refused("GET / HTTP/1.1\r\n\r\n") == 400);
  CHECK(refused("GET / HTTP/1.1\r\nX: y\r\n\r\n") == 400);
  CHECK(refused(get("Host: a\r\n")) == 400);
  CHECK(refused(get("hOST: b\r\n")) == 400);
  for (const std::string host : {"a b", "a,b", "a/b", "a@b", "a\\b", "\xff"}) {
    CHECK(refused("GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n") == 400);
  }
  accepted("GET / HTTP/1.1\r\nHost: [::1]:8801\r\n\r\n");
  accepted("GET / HTTP/1.0\r\n\r\n");
  CHECK(refused("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == 400);
}

TEST_CASE("head parser: a Content-Length that is not one plain number is refused") {
  for (const std::string value :
       {"", "+4", "-4", "0x4", "4 4", "4,4", "4, 4", "4.0", "4a", "\xd9\xa4", "1e3",
        "18446744073709551616", "99999999999999999999999"}) {
    CHECK(refused(post("Content-Length: " + value + "\r\n")) == 400);
  }
  CHECK(refused(post("Content-Length: 4\r\nContent-Length: 4\r\n")) == 400);
  CHECK(refused(post("Content-Length: 4\r\ncontent-length: 5\r\n")) == 400);
  CHECK(accepted(post("Content-Length: 18446744073709551615\r\n")).content_length ==
        18446744073709551615U);
}

TEST_CASE("head parser: only exactly chunked is a transfer encoding") {
  CHECK(accepted(post("Transfer-Encoding: chunked\r\n")).chunked);
  CHECK(accepted(post("transfer-encoding:CHUNKED\r\n")).chunked);
  for (const std::string value : {"gzip, chunked", "chunked, chunked", "identity", "chunked;q=1",
                                  "xchunked", "\"chunked\"", "", "chunked,"}) {
    CHECK(refused(post("Transfer-Encoding: " + value + "\r\n")) == 501);
  }
  CHECK(refused(post("Transfer-Encoding: \x0b"
                     "chunked\r\n")) == 400);
  CHECK(refused(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")) == 501);
  CHECK(refused(post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n")) == 501);
  CHECK(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n") == 400);
}

TEST_CASE("head parser: Content-Length beside Transfer-Encoding is refused in either order") {
  CHECK(refused(post("Content-Length: 4\r\nTransfer-Encoding: chunked\r\n")) == 400);
  CHECK(refused(post("Transfer-Encoding: chunked\r\nContent-Length: 4\r\n")) == 400);
  CHECK(refused(post("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n")) == 400);
}

TEST_CASE("head parser: a body on GET or HEAD is refused") {
  CHECK(refused(get("Content-Length: 1\r\n")) == 400);
  CHECK(refused(get("Transfer-Encoding: chunked\r\n")) == 400);
  CHECK(refused("HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n") == 400);
  CHECK(accepted(get("Content-Length: 0\r\n")).has_length);
}

TEST_CASE("head parser: an absolute target is served where its host is the Host") {
  const auto target = [](const std::string& sent, const std::string& host) {
    return accepted("POST " + sent + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n").request.target;
  };
  CHECK(target("http://shop.kr/webhooks/portone?a=b", "shop.kr") == "/webhooks/portone?a=b");
  CHECK(target("HTTPS://Shop.KR/x", "sHOP.kr") == "/x");
  CHECK(target("http://127.0.0.1:8801/x", "127.0.0.1:8801") == "/x");
  CHECK(target("http://[::1]:8801/x", "[::1]:8801") == "/x");
  CHECK(target("http://a:80/x", "a") == "/x");
  CHECK(target("http://a/x", "a:80") == "/x");
  CHECK(target("https://a:443/x", "a") == "/x");
  CHECK(target("http://a", "a") == "/");
  CHECK(target("http://a?b=http://c/", "a") == "/?b=http://c/");
  const auto refuses = [](const std::string& sent, const std::string& host) {
    return refused("GET " + sent + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
  };
  CHECK(refuses("http://evil/x", "shop.kr") == 400);
  CHECK(refuses("http://shop.kr.evil/x", "shop.kr") == 400);
  CHECK(refuses("http://shop.kr@evil/x", "shop.kr") == 400);
  CHECK(refuses("http://u@shop.kr/x", "shop.kr") == 400);
  CHECK(refuses("http://shop.kr:8801/x", "shop.kr") == 400);
  CHECK(refuses("http://a:443/x", "a") == 400);
  CHECK(refused("GET http://a/ HTTP/1.0\r\n\r\n") == 400);
}

TEST_CASE("head parser: a few empty lines before the request line are skipped") {
  const std::string request = "GET /x HTTP/1.1\r\nHost: a\r\n\r\n";
  std::string empty;
  for (int lines = 1; lines <= 4; ++lines) {
    empty += "\r\n";
    const RequestHead head = accepted(empty + request);
    CHECK(head.request.target == "/x");
    CHECK(head.bytes == empty.size() + request.size());
    CHECK(parse(empty).state == State::kIncomplete);
  }
  CHECK(refused(empty + "\r\n" + request) == 400);
  CHECK(refused("\r\n\n" + request) == 400);
  CHECK(refused("\r\n\r" + request) == 400);
  CHECK(refused("\r\n \r\n" + request) == 400);
  CHECK(refused("\n" + request) == 400);
}

TEST_CASE("head parser: a refusal tells what was read before") {
  const auto progress = parse(post("X-A: b\r\nContent-Encoding: gzip\r\n"));
  REQUIRE(progress.state == State::kRefused);
  REQUIRE(progress.head.has_value());
  CHECK(progress.head->request.target == "/w");
  CHECK(progress.head->request.header("x-a") == "b");
}

TEST_CASE("head parser: bare line ends are refused, at once") {
  CHECK(refused("GET / HTTP/1.1\nHost: a\r\n\r\n") == 400);
  CHECK(refused("GET / HTTP/1.1\nHost: a\n\n") == 400);
  CHECK(refused(get("X: a\nY: b\r\n")) == 400);
  CHECK(refused(get("X: a\rY: b\r\n")) == 400);
  CHECK(refused(get("X: a\r\r\n")) == 400);
  CHECK(refused(get("X\n: a\r\n")) == 400);
  CHECK(refused("GET / HTTP/1.1\n") == 400);
  CHECK(refused("GET /\rX") == 400);
  CHECK(refused("\n") == 400);
}

TEST_CASE("head parser: malformed headers are refused") {
  for (const std::string line :
       {"X", "X y", ": y", "X : y", "X\t: y", " X: y", "\tX: y", "X y: z", "X(: y", "X/: y",
        "\xc3\xa9: y", "X: a\x01", "X: a\x7f", "X: a\x0b"}) {
    CHECK(refused(get(line + "\r\n")) == 400);
  }
  CHECK(refused(get("X: a\r\n folded\r\n")) == 400);
  CHECK(refused(get(std::string("X: a\0b\r\n", 8))) == 400);
  CHECK(refused(std::string("GET / HTTP/1.1\r\nHost: a\0", 24)) == 400);
}

TEST_CASE("head parser: encodings and expectations that we do not have are refused") {
  for (const std::string coding : {"gzip", "br", "deflate", "identity, gzip", ""}) {
    CHECK(refused(post("Content-Length: 1\r\nContent-Encoding: " + coding + "\r\n")) == 415);
  }
  accepted(post("Content-Length: 1\r\nContent-Encoding: identity\r\n"));
  CHECK(refused(post("Content-Length: 1\r\nExpect: cookies\r\n")) == 417);
  CHECK(accepted(post("Content-Length: 1\r\nExpect: 100-Continue\r\n")).expects_continue);
  CHECK_FALSE(accepted("POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
                  .expects_continue);
}

TEST_CASE("head parser: persistence follows version and Connection") {
  CHECK(accepted(get("")).keep_alive);
  CHECK_FALSE(accepted(get("Connection: close\r\n")).keep_alive);
  CHECK_FALSE(accepted(get("Connection: Upgrade , CLOSE\r\n")).keep_alive);
  CHECK_FALSE(accepted(get("Connection: keep-alive\r\nConnection: close\r\n")).keep_alive);
  CHECK_FALSE(accepted("GET / HTTP/1.0\r\n\r\n").keep_alive);
  CHECK(accepted("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").keep_alive);
  CHECK(accepted("GET / HTTP/1.0\r\nHost: a\r\nConnection: close\r\n\r\n").http_1_0);
  CHECK(accepted(get("Upgrade: h2c\r\nConnection: Upgrade\r\n")).keep_alive);
}

TEST_CASE("head parser: a long request line answers 414, also before its end") {
  HeadLimits limits;
  limits.max_request_line_bytes = 64;
  const auto line = [](std::size_t size) {
    return "GET /" + std::string(size - 14, 'a') + " HTTP/1.1";
  };
  CHECK(parse(line(64) + "\r\nHost: a\r\n\r\n", limits).state == State::kComplete);
  CHECK(refused(line(65) + "\r\nHost: a\r\n\r\n", limits) == 414);
  CHECK(refused(std::string(65, 'G'), limits) == 414);
}

TEST_CASE("head parser: a request line of exactly the limit passes where CR and LF arrive apart") {
  HeadLimits limits;
  limits.max_request_line_bytes = 64;
  const std::string line = "GET /" + std::string(64 - 14, 'a') + " HTTP/1.1";
  REQUIRE(line.size() == 64);
  CHECK(parse(line + "\r", limits).state == State::kIncomplete);
  CHECK(parse(line + "\r\nHost: a\r\n\r\n", limits).state == State::kComplete);
  CHECK(refused(line + "a\r", limits) == 414);
}

TEST_CASE("head parser: a large head answers 431, also before its end") {
  HeadLimits limits;
  limits.max_head_bytes = 200;
  const auto sized = [](std::size_t size) {
    const std::string begin = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    return begin + std::string(size - begin.size() - 4, 'x') + "\r\n\r\n";
  };
  CHECK(parse(sized(200), limits).state == State::kComplete);
  CHECK(refused(sized(201), limits) == 431);
  CHECK(refused(sized(201).substr(0, 200), limits) == 431);
  CHECK(parse(sized(201).substr(0, 199), limits).state == State::kIncomplete);
  CHECK(parse(sized(200) + std::string(500, 'b'), limits).state == State::kComplete);

  limits = {};
  limits.max_headers = 3;
  CHECK(parse(get("A: 1\r\nB: 2\r\n"), limits).state == State::kComplete);
  CHECK(refused(get("A: 1\r\nB: 2\r\nC: 3\r\n"), limits) == 431);
}
