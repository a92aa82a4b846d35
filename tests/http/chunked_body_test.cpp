#include "daemon/http/chunked_body.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using reconciled::http::ChunkedBody;
using State = ChunkedBody::State;

namespace {

struct Decoded {
  State state;
  std::string body;
  std::string rest;
};

Decoded decode(const std::string& bytes, std::size_t limit = 100, std::size_t step = 0) {
  ChunkedBody decoder(limit);
  Decoded result{State::kIncomplete, {}, {}};
  if (step == 0) step = bytes.size();
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    std::string_view part = std::string_view(bytes).substr(at, step);
    result.state = decoder.feed(part, result.body);
    if (result.state == State::kIncomplete) {
      CHECK(part.empty());
      continue;
    }
    result.rest = std::string(part) + bytes.substr(std::min(at + step, bytes.size()));
    break;
  }
  return result;
}

}  // namespace

TEST_CASE("chunked body: chunks are joined, what follows is left alone") {
  const std::string bytes = "4\r\nWiki\r\nA\r\n0123456789\r\n0\r\nTrail: er\r\nB: c\r\n\r\nGET /";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    CAPTURE(step);
    const auto result = decode(bytes, 100, step);
    CHECK(result.state == State::kComplete);
    CHECK(result.body == "Wiki0123456789");
    CHECK(result.rest == "GET /");
  }
}

TEST_CASE("chunked body: an empty body, leading zeros, either case of hexadecimal digits") {
  CHECK(decode("0\r\n\r\n").state == State::kComplete);
  CHECK(decode("000\r\n\r\n").state == State::kComplete);
  CHECK(decode("00a\r\n0123456789\r\n0\r\n\r\n").body == "0123456789");
  CHECK(decode("0B\r\n0123456789a\r\n0\r\n\r\n").body == "0123456789a");
}

TEST_CASE("chunked body: every beginning is incomplete") {
  const std::string whole = "3\r\nabc\r\n0\r\nX: y\r\n\r\n";
  for (std::size_t size = 0; size < whole.size(); ++size) {
    CHECK(decode(whole.substr(0, size)).state == State::kIncomplete);
  }
}

TEST_CASE("chunked body: anything but digits and CRLF is malformed") {
  const std::vector<std::string> bodies{
      "\r\n",
      "\n",
      "g\r\n",
      "+3\r\nabc\r\n",
      "-3\r\nabc\r\n",
      "0x3\r\nabc\r\n",
      " 3\r\nabc\r\n",
      "3 \r\nabc\r\n",
      "3;ext=1\r\nabc\r\n",
      "3\nabc\r\n",
      "3\rabc\r\n",
      "3\r\nabcd\r\n",
      "3\r\nabc\n",
      "3\r\nabc\rx",
      "00000000000000003\r\nabc",
      "0\r\n\n",
      "0\r\nX: y\n\r\n",
      "0\r\nX: y\r\r\n",
      "0\r\n\rX",
      std::string("0\r\nX\0", 6),
  };
  for (const auto& body : bodies) {
    CAPTURE(body);
    CHECK(decode(body).state == State::kMalformed);
    CHECK(decode(body, 100, 1).state == State::kMalformed);
  }
}

TEST_CASE("chunked body: the limit holds over all chunks, before their bytes come") {
  CHECK(decode("5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", 10).state == State::kComplete);
  CHECK(decode("5\r\n01234\r\n6", 10).state == State::kTooLarge);
  CHECK(decode("b", 10).state == State::kTooLarge);
  CHECK(decode("ffffffffffffffff", 10).state == State::kTooLarge);
  CHECK(decode("1", 0).state == State::kTooLarge);
  CHECK(decode("ffffffffffffffff\r\n", static_cast<std::size_t>(-1)).state == State::kIncomplete);
}

TEST_CASE("chunked body: overflow by a second chunk is seen") {
  CHECK(decode("1\r\na\r\nffffffffffffffff", static_cast<std::size_t>(-1)).state ==
        State::kTooLarge);
}

TEST_CASE("chunked body: trailers are limited") {
  const std::string good(ChunkedBody::kMaxTrailerBytes, 'x');
  CHECK(decode("0\r\n" + good + "\r\n\r\n").state == State::kComplete);
  CHECK(decode("0\r\n" + good + "x").state == State::kMalformed);
}
