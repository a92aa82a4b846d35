#include "daemon/http/request_head.h"

#include <algorithm>
#include <array>
#include <limits>

namespace reconciled::http {
namespace {

constexpr std::size_t kMaxMethodBytes = 32;
// Before a request line (RFC 9112 §2.2): some clients end a body with a line end too many.
constexpr std::size_t kMaxEmptyLines = 4;

using Bytes = std::array<bool, 256>;

constexpr Bytes of(std::string_view extra, bool alphanumeric) {
  Bytes table{};
  for (const char c : extra) table[static_cast<unsigned char>(c)] = true;
  for (unsigned c = 0; alphanumeric && c < 128; ++c) {
    if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z')) table[c] = true;
  }
  return table;
}

// RFC 9110 §5.6.2.
constexpr Bytes kToken = of("!#$%&'*+-.^_`|~", true);
// host[:port]: names, IPv4, bracketed IPv6. Nothing that another parser could cut in two.
constexpr Bytes kHost = of("-._~:[]%!$&'()*+;=", true);

constexpr Bytes printable(bool blanks) {
  Bytes table{};
  for (unsigned c = 0x21; c < 256; ++c) table[c] = c != 0x7f;
  table[' '] = table['\t'] = blanks;
  return table;
}
constexpr Bytes kTargetByte = [] {
  Bytes table = printable(false);
  table['#'] = false;  // a fragment never travels; parsers disagree on what stands before it
  return table;
}();
constexpr Bytes kValueByte = printable(true);

bool all_in(const Bytes& table, std::string_view text) {
  for (const char c : text) {
    if (!table[static_cast<unsigned char>(c)]) return false;
  }
  return true;
}

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// `word` is in lower case.
bool is_word(std::string_view text, std::string_view word) {
  if (text.size() != word.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (lower(text[i]) != word[i]) return false;
  }
  return true;
}

bool is_same_host(std::string_view left, std::string_view right) {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view without_port(std::string_view authority, std::string_view port) {
  if (authority.ends_with(port)) authority.remove_suffix(port.size());
  return authority;
}

constexpr HeadRefusal kMalformedLine{400, "malformed request line"};
constexpr HeadRefusal kMalformedHeader{400, "malformed header"};
constexpr HeadRefusal kBareLineEnd{400, "bare CR or LF"};
constexpr HeadRefusal kBadLength{400, "malformed or repeated Content-Length"};
constexpr HeadRefusal kBadHost{400, "exactly one valid Host is required"};
constexpr HeadRefusal kBadEncoding{501, "unsupported Transfer-Encoding"};
constexpr HeadRefusal kForeignTarget{400, "the target is not of this Host"};
constexpr HeadRefusal kTargetTooLong{414, "request line too long"};
constexpr HeadRefusal kHeadTooLong{431, "request head too large"};

// What must not wait for the rest of the head: a line end that never ends a head here would
// otherwise hold the connection until its deadline.
std::optional<HeadRefusal> check_line_ends(std::string_view bytes) {
  for (auto at = bytes.find('\n'); at != std::string_view::npos; at = bytes.find('\n', at + 1)) {
    if (at == 0 || bytes[at - 1] != '\r') return kBareLineEnd;
  }
  for (auto at = bytes.find('\r'); at != std::string_view::npos; at = bytes.find('\r', at + 1)) {
    if (at + 1 < bytes.size() && bytes[at + 1] != '\n') return kBareLineEnd;
  }
  return std::nullopt;
}

// Counts and values gathered over all headers, judged once at their end.
struct Framing {
  int hosts = 0;
  int lengths = 0;
  int transfer_encodings = 0;
  bool close = false;
  bool keep_alive = false;
  std::string_view host;          // the header's
  std::string_view authority;     // of an absolute-form target; empty in other forms
  std::string_view default_port;  // of its scheme
};

// Takes scheme and authority off an absolute-form target (RFC 9112 §3.2.2).
std::optional<HeadRefusal> take_authority(std::string_view& target, Framing& framing) {
  const auto mark = target.find("://");
  if (mark == std::string_view::npos) return kMalformedLine;
  const auto scheme = target.substr(0, mark);
  const bool is_http = is_word(scheme, "http");
  if (!is_http && !is_word(scheme, "https")) return kMalformedLine;
  target.remove_prefix(mark + 3);
  const auto authority = target.substr(0, target.find_first_of("/?"));
  if (authority.empty()) return kMalformedLine;
  target.remove_prefix(authority.size());
  framing.authority = authority;
  framing.default_port = is_http ? ":80" : ":443";
  return std::nullopt;
}

std::optional<HeadRefusal> read_request_line(std::string_view line, RequestHead& head,
                                             Framing& framing) {
  const auto first = line.find(' ');
  const auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return kMalformedLine;
  const auto method = line.substr(0, first);
  auto target = line.substr(first + 1, last - first - 1);
  const auto version = line.substr(last + 1);

  if (method.empty() || method.size() > kMaxMethodBytes || !all_in(kToken, method)) {
    return kMalformedLine;
  }
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (version.size() != 8 || version.substr(0, 5) != "HTTP/" || !is_digit(version[5]) ||
      version[6] != '.' || !is_digit(version[7])) {
    return kMalformedLine;
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return HeadRefusal{505, "HTTP version not supported"};
  }
  if (target.empty() || !all_in(kTargetByte, target)) return kMalformedLine;
  if (target.front() != '/') {
    if (auto refusal = take_authority(target, framing)) return refusal;
  }
  head.http_1_0 = version[7] == '0';
  head.request.method = method;
  if (target.empty() || target.front() == '?') head.request.target = '/';
  head.request.target += target;
  return std::nullopt;
}

std::optional<HeadRefusal> read_length(std::string_view value, RequestHead& head,
                                       Framing& framing) {
  if (++framing.lengths > 1 || value.empty()) return kBadLength;
  std::uint64_t length = 0;
  constexpr auto kMax = std::numeric_limits<std::uint64_t>::max();
  for (const char c : value) {
    if (c < '0' || c > '9') return kBadLength;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (length > (kMax - digit) / 10) return kBadLength;
    length = length * 10 + digit;
  }
  head.content_length = length;
  head.has_length = true;
  return std::nullopt;
}

void read_connection(std::string_view value, Framing& framing) {
  while (!value.empty()) {
    const auto comma = value.find(',');
    const auto word = trim(value.substr(0, comma));
    framing.close = framing.close || is_word(word, "close");
    framing.keep_alive = framing.keep_alive || is_word(word, "keep-alive");
    if (comma == std::string_view::npos) break;
    value.remove_prefix(comma + 1);
  }
}

std::optional<HeadRefusal> note_framing(std::string_view name, std::string_view value,
                                        RequestHead& head, Framing& framing) {
  if (is_word(name, "host")) {
    if (++framing.hosts > 1 || !all_in(kHost, value)) return kBadHost;
    framing.host = value;
  } else if (is_word(name, "content-length")) {
    return read_length(value, head, framing);
  } else if (is_word(name, "transfer-encoding")) {
    if (++framing.transfer_encodings > 1 || !is_word(value, "chunked")) return kBadEncoding;
    head.chunked = true;
  } else if (is_word(name, "content-encoding")) {
    // Unpacking is where small requests become large ones.
    if (!is_word(value, "identity")) return HeadRefusal{415, "unsupported Content-Encoding"};
  } else if (is_word(name, "expect")) {
    if (!is_word(value, "100-continue")) return HeadRefusal{417, "unsupported Expect"};
    head.expects_continue = true;
  } else if (is_word(name, "connection")) {
    read_connection(value, framing);
  }
  return std::nullopt;
}

std::optional<HeadRefusal> read_header(std::string_view line, RequestHead& head, Framing& framing) {
  // A blank before the name (folding) or before the colon is no token character.
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0) return kMalformedHeader;
  const auto name = line.substr(0, colon);
  const auto value = trim(line.substr(colon + 1));
  if (!all_in(kToken, name) || !all_in(kValueByte, value)) return kMalformedHeader;
  if (auto refusal = note_framing(name, value, head, framing)) return refusal;
  head.request.headers.emplace_back(name, value);
  return std::nullopt;
}

// A target that names its host must name the one of the header: what stands before us may have gone
// by either.
bool is_foreign(const Framing& framing) {
  if (framing.authority.empty()) return false;
  return !is_same_host(without_port(framing.authority, framing.default_port),
                       without_port(framing.host, framing.default_port));
}

std::optional<HeadRefusal> judge(RequestHead& head, const Framing& framing) {
  if (framing.hosts == 0 && !head.http_1_0) return kBadHost;
  if (is_foreign(framing)) return kForeignTarget;
  if (head.chunked && head.has_length) {
    return HeadRefusal{400, "Content-Length with Transfer-Encoding"};
  }
  if (head.chunked && head.http_1_0) {
    return HeadRefusal{400, "Transfer-Encoding in HTTP/1.0"};
  }
  const bool bodiless = head.request.method == "GET" || head.request.method == "HEAD";
  if (bodiless && (head.chunked || head.content_length > 0)) {
    return HeadRefusal{400, "a body is not allowed here"};
  }
  head.keep_alive = !framing.close && (!head.http_1_0 || framing.keep_alive);
  if (head.http_1_0) head.expects_continue = false;  // RFC 9110 §10.1.1
  return std::nullopt;
}

std::optional<HeadRefusal> read_head(std::string_view text, const HeadLimits& limits,
                                     RequestHead& head) {
  auto end = text.find("\r\n");
  Framing framing;
  if (auto refusal = read_request_line(text.substr(0, end), head, framing)) return refusal;
  text.remove_prefix(end + 2);

  head.request.headers.reserve(16);
  while (!text.empty()) {
    end = text.find("\r\n");
    if (head.request.headers.size() == limits.max_headers) {
      return HeadRefusal{431, "too many headers"};
    }
    if (auto refusal = read_header(text.substr(0, end), head, framing)) return refusal;
    text.remove_prefix(end + 2);
  }
  return judge(head, framing);
}

HeadProgress refused(const HeadRefusal& refusal) {
  return {HeadProgress::State::kRefused, std::nullopt, refusal};
}

}  // namespace

HeadProgress parse_request_head(std::string_view bytes, const HeadLimits& limits) {
  std::size_t skipped = 0;
  while (skipped < 2 * kMaxEmptyLines && bytes.substr(skipped, 2) == "\r\n") skipped += 2;
  bytes.remove_prefix(skipped);
  const std::size_t max_bytes = limits.max_head_bytes - std::min(skipped, limits.max_head_bytes);

  const auto line_end = bytes.find("\r\n");
  // The CR of a line end whose LF is still to come is no part of the line.
  const bool half_ended = line_end == std::string_view::npos && bytes.ends_with('\r');
  const auto line_bytes = std::min(line_end, bytes.size() - (half_ended ? 1 : 0));
  if (line_bytes > limits.max_request_line_bytes) return refused(kTargetTooLong);

  const auto blank_line = bytes.substr(0, max_bytes).find("\r\n\r\n");
  if (blank_line == std::string_view::npos) {
    if (bytes.size() >= max_bytes) return refused(kHeadTooLong);
    if (const auto refusal = check_line_ends(bytes)) return refused(*refusal);
    if (bytes.find('\0') != std::string_view::npos) return refused(kMalformedHeader);
    return {};
  }

  HeadProgress progress;
  progress.head.emplace();
  progress.head->bytes = skipped + blank_line + 4;
  const auto text = bytes.substr(0, blank_line + 2);
  progress.refusal = check_line_ends(text);
  if (!progress.refusal) progress.refusal = read_head(text, limits, *progress.head);
  progress.state =
      progress.refusal ? HeadProgress::State::kRefused : HeadProgress::State::kComplete;
  return progress;
}

bool is_line_ends(std::string_view bytes) {
  return bytes.ends_with("\r\n") && bytes.find_first_not_of("\r\n") == bytes.npos;
}

}  // namespace reconciled::http
