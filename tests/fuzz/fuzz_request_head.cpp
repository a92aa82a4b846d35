// Any bytes as an HTTP request: its head, and what follows as a chunked body.
//
// The first byte picks the limits and how the bytes arrive. What is accepted has one reading: the
// same however it was cut into packets, and the same again when it is written out plainly.
#include "daemon/http/chunked_body.h"
#include "daemon/http/request_head.h"
#include "tests/fuzz/invariant.h"

namespace {

namespace http = reconciled::http;
using http::ChunkedBody;
using http::HeadProgress;
using State = HeadProgress::State;
using reconciled::fuzz::invariant;

// Tight ones, so that short inputs reach them.
constexpr http::HeadLimits kTight{48, 128, 4};
constexpr std::size_t kMaxBody = 64;

std::string plain(const http::RequestHead& head) {
  std::string text = head.request.method + " " + head.request.target +
                     (head.http_1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  for (const auto& [name, value] : head.request.headers) text += name + ": " + value + "\r\n";
  return text + "\r\n";
}

void check_written_again(const http::RequestHead& head) {
  const std::string text = plain(head);
  const auto again = http::parse_request_head(text, {text.size(), text.size(), 1000});
  invariant(again.state == State::kComplete, "a head can be written plainly");
  const http::RequestHead& same = *again.head;
  invariant(same.bytes == text.size(), "and read to its end");
  invariant(same.request.method == head.request.method &&
                same.request.target == head.request.target &&
                same.request.headers == head.request.headers,
            "with the same words");
  invariant(same.http_1_0 == head.http_1_0 && same.keep_alive == head.keep_alive &&
                same.expects_continue == head.expects_continue && same.chunked == head.chunked &&
                same.content_length == head.content_length && same.has_length == head.has_length,
            "and the same meaning");
}

void check_head(const http::RequestHead& head, std::string_view bytes,
                const http::HeadLimits& limits) {
  const http::Request& request = head.request;
  invariant(head.bytes <= bytes.size() && head.bytes <= limits.max_head_bytes, "max_head_bytes");
  std::string_view text = bytes.substr(0, head.bytes);
  while (text.starts_with("\r\n")) text.remove_prefix(2);
  invariant(head.bytes - text.size() <= 8, "a few empty lines may stand before a head");
  invariant(text.find("\r\n\r\n") == text.size() - 4, "a head ends with its first blank line");
  invariant(request.headers.size() <= limits.max_headers, "max_headers");
  invariant(
      !request.method.empty() && !request.target.empty() && request.target.front() == '/' &&
          request.target.find_first_of(std::string_view{" \t\r\n\0#", 6}) == std::string::npos,
      "method and target are one word each");
  for (const auto& [name, value] : request.headers) {
    invariant(!name.empty() && name.find_first_of(" \t:") == std::string::npos, "header name");
    invariant(value.find_first_of(std::string_view{"\r\n\0", 3}) == std::string::npos,
              "header value");
  }
  invariant(head.http_1_0 ? request.count_headers("host") <= 1 : request.count_headers("host") == 1,
            "one Host");
  invariant(!(head.chunked && head.has_length) && !(head.chunked && head.http_1_0),
            "one way to tell the body's end");
  invariant(request.count_headers("content-length") == (head.has_length ? 1U : 0U) &&
                request.count_headers("transfer-encoding") == (head.chunked ? 1U : 0U),
            "said once");
  const bool bodiless = request.method == "GET" || request.method == "HEAD";
  invariant(!bodiless || (!head.chunked && head.content_length == 0), "no body on GET");
}

void check_refusal(const http::HeadRefusal& refusal) {
  const int status = refusal.status;
  invariant(status == 400 || status == 414 || status == 415 || status == 417 || status == 431 ||
                status == 501 || status == 505,
            "a refusal has one of its statuses");
  invariant(!refusal.reason.empty(), "and says why");
}

// However it is cut: before its end a head is incomplete or refused, and what a part said stays.
void check_prefixes(std::string_view bytes, const http::HeadLimits& limits,
                    const HeadProgress& whole) {
  const std::size_t step = 1 + bytes.size() / 256;
  for (std::size_t size = 0; size < bytes.size(); size += step) {
    const auto part = http::parse_request_head(bytes.substr(0, size), limits);
    if (part.state == State::kRefused) {
      invariant(whole.state == State::kRefused, "a part that is refused spoils the whole");
      return;
    }
    if (part.state == State::kIncomplete) continue;
    invariant(whole.state == State::kComplete && whole.head->bytes == part.head->bytes &&
                  plain(*whole.head) == plain(*part.head),
              "what follows a head does not change it");
    return;
  }
}

struct Decoded {
  ChunkedBody::State state = ChunkedBody::State::kIncomplete;
  std::string body;
  std::string_view left;
};

Decoded decode(std::string_view bytes, std::size_t piece) {
  ChunkedBody decoder{kMaxBody};
  Decoded decoded;
  while (!bytes.empty() && decoded.state == ChunkedBody::State::kIncomplete) {
    std::string_view now = bytes.substr(0, piece);
    const std::size_t given = now.size();
    decoded.state = decoder.feed(now, decoded.body);
    const bool ended = decoded.state != ChunkedBody::State::kIncomplete;
    invariant(ended || now.empty(), "an unended body takes all bytes");
    bytes.remove_prefix(given - now.size());
  }
  decoded.left = bytes;
  return decoded;
}

void check_body(std::string_view bytes, std::size_t piece) {
  const Decoded whole = decode(bytes, bytes.size());
  const Decoded parts = decode(bytes, piece);
  invariant(whole.state == parts.state && whole.body == parts.body && whole.left == parts.left,
            "a body is the same however it arrives");
  invariant(whole.body.size() <= kMaxBody, "a body keeps to its limit");
  if (whole.state != ChunkedBody::State::kComplete || whole.body.empty()) return;
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string one_chunk{kDigits[whole.body.size() / 16], kDigits[whole.body.size() % 16]};
  one_chunk += "\r\n" + whole.body + "\r\n0\r\n\r\n";
  const Decoded again = decode(one_chunk, one_chunk.size());
  invariant(again.state == ChunkedBody::State::kComplete && again.body == whole.body &&
                again.left.empty(),
            "a body can be written as one chunk");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const http::HeadLimits limits = (data[0] & 1U) != 0 ? kTight : http::HeadLimits{};
  const std::size_t piece = 1 + (data[0] >> 1U) % 16;
  const std::string_view bytes = reconciled::fuzz::text_of(data + 1, size - 1);
  const auto progress = http::parse_request_head(bytes, limits);
  std::string_view rest = bytes;
  if (progress.state == State::kComplete) {
    check_head(*progress.head, bytes, limits);
    check_written_again(*progress.head);
    rest.remove_prefix(progress.head->bytes);
  } else if (progress.state == State::kRefused) {
    check_refusal(*progress.refusal);
  }
  check_prefixes(bytes, limits, progress);
  check_body(rest, piece);
  return 0;
}
