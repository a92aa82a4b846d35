#include "tests/e2e/hostile_probes.h"

namespace reconciled::e2e {
namespace {

using namespace std::string_literals;

constexpr std::size_t kEndless = 8 * 1024 * 1024;

Probe framed(const std::string& name, const std::string& lines, int status) {
  return {name, post_head(lines) + "{}" + smuggled(), {status}};
}

// A GET of the webhook path with these request line and headers.
Probe headed(const std::string& name, const std::string& head, int status) {
  return {name, head + "\r\n" + smuggled(), {status}};
}

}  // namespace

std::string times(std::size_t count, const std::string& text) {
  std::string all;
  all.reserve(count * text.size());
  for (std::size_t i = 0; i < count; ++i) all += text;
  return all;
}

std::string v1_body(const std::string& payment_id) {
  return R"({"imp_uid":"imp_)" + payment_id + R"(","merchant_uid":")" + payment_id +
         R"(","status":"paid"})";
}

std::string post_head(const std::string& lines) {
  return "POST /webhooks/portone HTTP/1.1\r\nHost: shop.test\r\n" + lines + "\r\n";
}

std::string post(const std::string& body, const std::string& lines, const std::string& type,
                 bool keep_alive) {
  const std::string kind = type.empty() ? "" : "Content-Type: " + type + "\r\n";
  return post_head(kind + lines + "Content-Length: " + std::to_string(body.size()) + "\r\n" +
                   (keep_alive ? "" : "Connection: close\r\n")) +
         body;
}

std::string smuggled() { return post(v1_body("smuggled")); }

Probes framing_probes() {
  const std::string get = "GET /webhooks/portone HTTP/1.1\r\nHost: shop.test\r\n";
  return {
      framed("length twice, equal", "Content-Length: 2\r\nContent-Length: 2\r\n", 400),
      framed("length twice, different", "Content-Length: 2\r\nContent-Length: 0\r\n", 400),
      framed("length 2, 2", "Content-Length: 2, 2\r\n", 400),
      framed("length +2", "Content-Length: +2\r\n", 400),
      framed("length -2", "Content-Length: -2\r\n", 400),
      framed("length 0x2", "Content-Length: 0x2\r\n", 400),
      framed("length 2a", "Content-Length: 2a\r\n", 400),
      framed("length 2.0", "Content-Length: 2.0\r\n", 400),
      framed("length empty", "Content-Length:\r\n", 400),
      framed("length 2^64 + 2", "Content-Length: 18446744073709551618\r\n", 400),
      framed("length 2^64 - 1", "Content-Length: 18446744073709551615\r\n", 413),
      framed("length one too many", "Content-Length: 65537\r\n", 413),
      framed("no length", "", 411),
      framed("length, chunked", "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n", 400),
      framed("chunked, length", "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n", 400),
      framed("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n", 501),
      framed("chunked, chunked", "Transfer-Encoding: chunked, chunked\r\n", 501),
      framed("chunked, identity", "Transfer-Encoding: chunked, identity\r\n", 501),
      framed("chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 501),
      framed("chunked;q=1", "Transfer-Encoding: chunked;q=1\r\n", 501),
      framed("xchunked and a length", "Transfer-Encoding: xchunked\r\nContent-Length: 2\r\n", 501),
      framed("VT before chunked",
             "Transfer-Encoding: \x0b"
             "chunked\r\n",
             400),
      framed("blank before the colon", "Transfer-Encoding : chunked\r\n", 400),
      framed("chunked, folded", "Transfer-Encoding:\r\n chunked\r\n", 501),
      framed("a folded header", "X-A: b\r\n Content-Length: 2\r\n", 400),
      headed("chunked in HTTP/1.0",
             "POST /webhooks/portone HTTP/1.0\r\nTransfer-Encoding: chunked\r\n", 400),
      {"GET with a body", get + "Content-Length: 2\r\n\r\n{}" + smuggled(), {400}},
      {"GET with chunks", get + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + smuggled(), {400}},
      headed("HEAD with a body",
             "HEAD /webhooks/portone HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n", 400),
  };
}

Probes line_probes() {
  return {
      framed("bare LF after a header", "X-A: b\nContent-Length: 2\r\n", 400),
      {"bare LF everywhere", "POST /webhooks/portone HTTP/1.1\nHost: a\n\n" + smuggled(), {400}},
      framed("bare CR in a value", "X-A: b\rContent-Length: 2\r\n", 400),
      framed("CR CR LF", "X-A: b\r\r\nContent-Length: 2\r\n", 400),
      framed("NUL in a value", "X-A: b\0c\r\nContent-Length: 2\r\n"s, 400),
      framed("NUL in a name", "X-\0A: b\r\nContent-Length: 2\r\n"s, 400),
      framed("DEL in a value", "X-A: b\x7f\r\nContent-Length: 2\r\n", 400),
      framed("ESC in a value", "X-A: \x1b[2J\r\nContent-Length: 2\r\n", 400),
      framed("a header without a colon", "Content-Length\r\n", 400),
      framed("a header without a name", ": 2\r\nContent-Length: 2\r\n", 400),
      framed("a blank in a name", "Content Length: 2\r\n", 400),
      headed("NUL in the target", "GET /\0 HTTP/1.1\r\nHost: a\r\n"s, 400),
      headed("a control character in the target", "GET /\x01 HTTP/1.1\r\nHost: a\r\n", 400),
      headed("two blanks", "GET  /webhooks/portone HTTP/1.1\r\nHost: a\r\n", 400),
      headed("tabs for blanks", "GET\t/webhooks/portone\tHTTP/1.1\r\nHost: a\r\n", 400),
  };
}

Probes head_probes() {
  const std::string get = "GET /webhooks/portone HTTP/1.1\r\n";
  return {
      headed("no Host", get, 400),
      headed("Host twice, equal", get + "Host: a\r\nHost: a\r\n", 400),
      headed("Host twice, different", get + "Host: a\r\nhost: b\r\n", 400),
      headed("Host a b", get + "Host: a b\r\n", 400),
      headed("Host a, b", get + "Host: a, b\r\n", 400),
      headed("Host a/b", get + "Host: a/b\r\n", 400),
      headed("Host a@b", get + "Host: a@b\r\n", 400),
      headed("no version", "GET /webhooks/portone\r\n", 400),
      headed("HTTP/1.2", "GET /webhooks/portone HTTP/1.2\r\nHost: a\r\n", 505),
      headed("HTTP/3.0", "GET /webhooks/portone HTTP/3.0\r\nHost: a\r\n", 505),
      headed("HTTP/1.1x", "GET /webhooks/portone HTTP/1.1x\r\nHost: a\r\n", 400),
      headed("http/1.1", "GET /webhooks/portone http/1.1\r\nHost: a\r\n", 400),
      headed("an absolute target", "GET http://a/webhooks/portone HTTP/1.1\r\nHost: b\r\n", 400),
      headed("CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n", 400),
      headed("OPTIONS *", "OPTIONS * HTTP/1.1\r\nHost: a\r\n", 400),
      headed("a fragment", "GET /webhooks/portone#a HTTP/1.1\r\nHost: a\r\n", 400),
      headed("a method of 33 bytes", times(33, "A") + " / HTTP/1.1\r\nHost: a\r\n", 400),
      headed("Expect: something", get + "Host: a\r\nExpect: 200-ok\r\n", 417),
      framed("Expect, then too much", "Expect: 100-continue\r\nContent-Length: 70000\r\n", 413),
      {"BREW", "BREW /webhooks/portone HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", {405}},
      {"TRACE", "TRACE /webhooks/portone HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", {405}},
      {"a path of the admin endpoint",
       "GET /payments HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
       {404}},
      {"dots in the path",
       "GET /a/../webhooks/portone HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
       {404}},
  };
}

Probes size_probes() {
  const std::string get = "GET /webhooks/portone HTTP/1.1\r\nHost: a\r\n";
  return {
      {"an endless method", times(kEndless, "A"), {414}},
      {"an endless target", "GET /" + times(kEndless, "a"), {414}},
      {"an endless header", get + "X-A: " + times(kEndless, "a"), {431}},
      {"an endless name", get + times(kEndless, "a"), {431}},
      {"200 000 headers", get + times(200'000, "A: b\r\n") + "\r\n", {431}},
      {"101 headers", get + times(100, "A: b\r\n") + "\r\n", {431}},
      {"a target of 9 000 bytes", "GET /" + times(9'000, "a") + " HTTP/1.1\r\n", {414}},
      {"an endless body", post_head("Content-Length: 8388608\r\n") + times(kEndless, "a"), {413}},
  };
}

}  // namespace reconciled::e2e
