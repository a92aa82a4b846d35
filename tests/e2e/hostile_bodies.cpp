#include "tests/e2e/hostile_probes.h"

namespace reconciled::e2e {
namespace {

using namespace std::string_literals;

Probe chunked(const std::string& name, const std::string& body, int status) {
  return {name, post_head("Transfer-Encoding: chunked\r\n") + body + smuggled(), {status}};
}

Probe json(const std::string& name, const std::string& body, int status = 400) {
  return {name, post(body), {status}};
}

std::string forged(const std::string& lines) {
  return "webhook-id: msg_f\r\nwebhook-timestamp: 1767323045\r\n" + lines;
}

}  // namespace

Probes chunk_probes() {
  return {
      chunked("a chunk size of zz", "zz\r\n{}\r\n0\r\n\r\n", 400),
      chunked("a chunk size of -2", "-2\r\n{}\r\n0\r\n\r\n", 400),
      chunked("a chunk size of +2", "+2\r\n{}\r\n0\r\n\r\n", 400),
      chunked("a chunk size of 0x2", "0x2\r\n{}\r\n0\r\n\r\n", 400),
      chunked("no chunk size", "\r\n{}\r\n0\r\n\r\n", 400),
      chunked("a blank after the size", "2 \r\n{}\r\n0\r\n\r\n", 400),
      chunked("a chunk of 2^64 - 1", "ffffffffffffffff\r\n{}\r\n0\r\n\r\n", 413),
      chunked("a chunk of 2^64 + 2", "10000000000000002\r\n{}\r\n0\r\n\r\n", 413),
      chunked("a size of many zeros", times(100'000, "0") + "2\r\n{}\r\n0\r\n\r\n", 400),
      chunked("a chunk extension", "2;a=b\r\n{}\r\n0\r\n\r\n", 400),
      chunked("an endless extension", "2;" + times(1'000'000, "a"), 400),
      chunked("bare LF after the size", "2\n{}\r\n0\r\n\r\n", 400),
      chunked("no CRLF after the data", "2\r\n{}0\r\n\r\n", 400),
      chunked("bare LF after the data", "2\r\n{}\n0\r\n\r\n", 400),
      chunked("200 000 trailers", "2\r\n{}\r\n0\r\n" + times(200'000, "A: b\r\n") + "\r\n", 400),
      chunked("an endless trailer", "0\r\nA: " + times(1'000'000, "a"), 400),
      chunked("NUL in a trailer", "0\r\nA: \0\r\n\r\n"s, 400),
      chunked("70 000 chunks", times(70'000, "1\r\n{\r\n") + "0\r\n\r\n", 413),
      {"trailers that name a length and a Host",
       post_head("Transfer-Encoding: chunked\r\nConnection: close\r\n") + "1\r\n{\r\n47\r\n" +
           v1_body("chunked_13").substr(1) + "\r\n0\r\nContent-Length: 9\r\nHost: b\r\n\r\n",
       {200},
       1},
  };
}

Probes json_probes() {
  const std::string amount = R"({"imp_uid":"imp_n","merchant_uid":"n","amount":)";
  const std::string levels = times(30'000, "[") + times(30'000, "]");
  return {
      json("no UTF-8", v1_body("\xff\xfe")),
      json("overlong UTF-8", v1_body("\xc0\xaf")),
      json("a surrogate in UTF-8", v1_body("\xed\xa0\x80")),
      json("half a surrogate pair", v1_body("\\ud800")),
      json("NUL in JSON", v1_body("a\0b"s)),
      json("an escaped NUL in JSON", v1_body("a\\u0000b")),
      json("an escaped CRLF in an id", v1_body("a\\r\\nb")),
      json("NUL behind the JSON", v1_body("nul") + "\0{}"s),
      json("100 000 levels", times(100'000, "["), 413),
      json("65 536 levels, open", times(65'536, "[")),
      json("30 000 levels", levels),
      json("10 000 objects", times(10'000, R"({"a":)") + "1" + times(10'000, "}")),
      json("30 000 levels in a webhook",
           R"({"imp_uid":"imp_d","merchant_uid":"d","status":"paid","extra":)" + levels + "}"),
      {"30 000 levels, forged", post(levels, forged("webhook-signature: v1,AAAA\r\n")), {401}},
      json("a status twice",
           R"({"imp_uid":"imp_t","merchant_uid":"t","status":"failed","status":"paid"})"),
      json("an id twice",
           R"({"imp_uid":"imp_t","merchant_uid":"t","merchant_uid":"u","status":"paid"})"),
      json("1e999999", amount + "1e999999}"),
      json("an integer of 400 digits", amount + times(400, "9") + "}"),
      {"an integer of 300 digits", post(amount + times(300, "9") + "}"), {409}, 1},
      json("NaN", amount + "NaN}"),
      json("a comment", "/**/" + v1_body("comment")),
      json("two documents", v1_body("first") + v1_body("second")),
      json("65 536 blanks", times(65'536, " ")),
      json("nothing", ""),
  };
}

Probes body_probes() {
  const std::string form = "application/x-www-form-urlencoded";
  const std::string gzip = "\x1f\x8b\x08\0\0\0\0\0\0\x03"s + times(1'000, "\xff");
  const std::string v2 = R"({"type":"Transaction.Paid","data":{"paymentId":"f"}})";
  const std::string twice = forged("webhook-id: msg_g\r\nwebhook-signature: v1,AAAA\r\n");
  return {
      {"gzip", post(gzip, "Content-Encoding: gzip\r\n"), {415}},
      {"identity, gzip", post(gzip, "Content-Encoding: identity, gzip\r\n"), {415}},
      {"br", post(gzip, "Content-Encoding: br\r\n"), {415}},
      {"gzip that says it is JSON", post(gzip), {400}},
      {"XML",
       post("<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>", "", "text/xml"),
       {415}},
      {"multipart", post("--b--", "", "multipart/form-data; boundary=b"), {415}},
      {"a form that is no UTF-8",
       post("imp_uid=imp_1&merchant_uid=%ff%fe&status=paid", "", form),
       {200},
       1},
      {"a form with NUL", post("imp_uid=imp_1&merchant_uid=a%00b&status=paid", "", form), {400}},
      {"a form with CRLF",
       post("imp_uid=imp_1&merchant_uid=a%0d%0ab&status=paid", "", form),
       {400}},
      {"a form of 60 000 pairs", post(times(60'000, "&"), "", form), {400}},
      {"a form of half escapes", post(times(20'000, "%=&"), "", form), {400}},
      {"no signature", post(v2), {401}},
      {"a forged signature", post(v2, forged("webhook-signature: v1,AAAA\r\n")), {401}},
      {"2 000 signatures",
       post(v2, forged("webhook-signature: v1,AAAA" + times(2'000, " v1,A") + "\r\n")),
       {401}},
      {"two ids", post(v2, twice), {401}},
      {"a time of 400 digits",
       post(v2, "webhook-id: a\r\nwebhook-signature: v1,AAAA\r\nwebhook-timestamp: " +
                    times(400, "9") + "\r\n"),
       {401}},
  };
}

Probes identity_probes() {
  const auto remote_ip = [](const std::string& id) {
    return "SELECT remote_ip FROM event WHERE payment_id = '" + id + "'";
  };
  const std::string close = "\r\nConnection: close\r\n\r\n";
  const auto admin = [&close](const std::string& host) {
    return Probe{"admin, Host " + host,
                 "GET /payments HTTP/1.1\r\nHost: " + host + close,
                 {403},
                 0,
                 Door::kAdmin};
  };
  Probes probes{
      {"X-Forwarded-For of a stranger",
       post(v1_body("xff"),
            "X-Forwarded-For: 52.78.5.241\r\nX-Forwarded-For: 127.0.0.1\r\n"
            "X-Real-IP: 52.78.5.241\r\nForwarded: for=52.78.5.241\r\n"),
       {200},
       1,
       Door::kWebhook,
       false,
       remote_ip("xff"),
       "127.0.0.2\n"},
      {"REMOTE_ADDR",
       post(v1_body("addr"), "REMOTE_ADDR: 52.78.5.241\r\nREMOTE_PORT: 1\r\nLOCAL_ADDR: ::1\r\n"),
       {200},
       1,
       Door::kWebhook,
       false,
       remote_ip("addr"),
       "127.0.0.2\n"},
      {"%0d%0a in a header",
       post(v1_body("crlf"), "User-Agent: a%0d%0aX-Injected:%20b\r\n"),
       {200},
       1,
       Door::kWebhook,
       false,
       "SELECT json_extract(headers, '$.\"user-agent\"') FROM event WHERE payment_id = 'crlf'",
       "a%0d%0aX-Injected:%20b\n"},
      {"%0d%0a in the path",
       "GET /webhooks/portone%0d%0aX-Injected:%20b HTTP/1.1\r\nHost: a" + close,
       {404}},
      {"%0d%0a in an admin path",
       "GET /payments/a%0d%0aX-Injected:%20b HTTP/1.1\r\nHost: localhost" + close,
       {400},
       0,
       Door::kAdmin},
      {"%0d%0a in a buyer's return",
       "GET /payments/complete?paymentId=a%0d%0aX-Injected:%20b HTTP/1.1\r\nHost: a" + close,
       {400},
       1,
       Door::kRedirect},
      // Names nothing, as the one before: a copy of it.
      {"a buyer's return of no UTF-8",
       "GET /payments/complete?paymentId=" + times(2'000, "%ff") + " HTTP/1.1\r\nHost: a" + close,
       {400},
       0,
       Door::kRedirect},
      {"admin, a path of 8 000 bytes",
       "GET /payments/" + times(8'000, "a") + " HTTP/1.1\r\nHost: localhost" + close,
       {404},
       0,
       Door::kAdmin},
      {"admin, a form from elsewhere",
       "POST /payments/a/lookup HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n"
       "Content-Length: 0" +
           close,
       {415},
       0,
       Door::kAdmin},
  };
  for (const char* host : {"[::1].evil.test", "evil.test", "localhost.evil.test",
                           "127.0.0.1.evil.test", "169.254.169.254", "", "127.0.0.2"}) {
    probes.push_back(admin(host));
  }
  return probes;
}

Probes sequence_probes() {
  Probe pipelined{"100 requests at once", "", {}, 25};
  const std::string head = " HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 25; ++i) {
    pipelined.bytes += post(v1_body("pipe-" + std::to_string(i)), "", "application/json", true) +
                       "GET /webhooks/portone" + head + "\r\nGET /nowhere" + head + "\r\n" +
                       post("<a/>", "", "text/xml", i < 24);
    pipelined.statuses.insert(pipelined.statuses.end(), {200, 405, 404, 415});
  }
  const std::string hello = "\x16\x03\x01\x00\x2f\x01\x00\x00\x2b\x03\x03"s + times(32, "r") +
                            "\x00\x00\x02\x13\x01\x01\x00"s;
  const std::string whole = post(v1_body("whole"), "", "application/json", true);
  Probes probes{
      pipelined,
      {"a preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {505}},
      {"an upgrade to HTTP/2",
       post(v1_body("h2c"), "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"),
       {200},
       1},
      {"a TLS hello", hello, {400}},
      {"noise", times(65'536, "\xff"), {414}},
      {"NUL", "\0"s, {400}},
  };
  const auto halved = [&probes](const std::string& name, const std::string& bytes,
                                const std::vector<int>& statuses, int stored) {
    probes.push_back({name, bytes, statuses, stored, Door::kWebhook, true});
  };
  halved("half-closed, nothing sent", "", {}, 0);
  halved("half-closed in the head", "POST /webhooks/portone HTTP/1.1\r\nHo", {}, 0);
  halved("half-closed in the body", whole.substr(0, whole.size() - 1), {}, 0);
  halved("half-closed in a chunk",
         post_head("Transfer-Encoding: chunked\r\n") + "ff\r\n" + v1_body("cut"), {}, 0);
  halved("half-closed behind a request", whole, {200}, 1);
  return probes;
}

}  // namespace reconciled::e2e
