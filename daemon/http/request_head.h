// The strict parser of an HTTP/1 request head: one pure function, fuzzed.
//
// Used by the edge on every request. It accepts only what has one reading (RFC 9112), so that no
// proxy before us can see other requests in the same bytes than we do (request smuggling).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "daemon/http/exchange.h"

namespace reconciled::http {

struct HeadLimits {
  std::size_t max_request_line_bytes = 8192;
  std::size_t max_head_bytes = 16384;
  std::size_t max_headers = 100;
};

struct RequestHead {
  Request request;  // method, target, headers
  bool http_1_0 = false;
  bool keep_alive = true;  // HTTP/1.0: only where asked for
  bool expects_continue = false;
  bool chunked = false;
  std::uint64_t content_length = 0;  // 0 when chunked or absent
  bool has_length = false;           // a Content-Length was given
  std::size_t bytes = 0;             // length of the head, blank line included
};

// Why a head is refused; `status` is what to answer before closing.
struct HeadRefusal {
  int status;               // 400, 414, 415, 417, 431, 501, 505
  std::string_view reason;  // a fixed text
};

struct HeadProgress {
  enum class State { kIncomplete, kComplete, kRefused } state = State::kIncomplete;
  std::optional<RequestHead> head;     // kComplete; kRefused: what was read of it, if anything
  std::optional<HeadRefusal> refusal;  // kRefused
};

// Reads the head at the beginning of `bytes`, behind a few empty lines (RFC 9112 §2.2). An
// absolute-form target whose host is the Host's becomes its path and query. Refuses, among others:
// not exactly one Host (HTTP/1.1), two Content-Length, one that is not all digits, Content-Length
// with Transfer-Encoding, any Transfer-Encoding but exactly `chunked` (and in HTTP/1.0), bare CR or
// LF, NUL and other control characters, blanks before the colon, folded lines, a target of another
// host or without a leading slash, a Content-Encoding other than identity, and a body on GET or
// HEAD. `Upgrade` is ignored.
[[nodiscard]] HeadProgress parse_request_head(std::string_view bytes, const HeadLimits& limits);

// Whole line ends and nothing else, as some clients send behind a body.
[[nodiscard]] bool is_line_ends(std::string_view bytes);

}  // namespace reconciled::http
