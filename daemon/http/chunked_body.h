// An incremental decoder of chunked request bodies (RFC 9112 §7.1), pure and fuzzed.
//
// One per body; the edge feeds it what has arrived. As strict as the head's parser, for the same
// reason: hexadecimal digits and CRLF only, no chunk extensions (no sender of ours has any, and
// parsers disagree on them). Trailers are read within a limit and thrown away.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace reconciled::http {

class ChunkedBody {
 public:
  enum class State { kIncomplete, kComplete, kMalformed, kTooLarge };

  explicit ChunkedBody(std::size_t max_body_bytes) : max_body_bytes_(max_body_bytes) {}

  // Takes from the beginning of `bytes`, appending what it decodes to `body` (always the same
  // one), and removes it from there. What is left after kComplete is the next request. After any
  // state but kIncomplete it must not be called again.
  [[nodiscard]] State feed(std::string_view& bytes, std::string& body);

  static constexpr std::size_t kMaxSizeDigits = 16;
  static constexpr std::size_t kMaxTrailerBytes = 4096;

 private:
  enum class Expect {
    kSize,
    kSizeLf,
    kData,
    kDataCr,
    kDataLf,
    kTrailerStart,
    kTrailer,
    kTrailerLf,
    kLastLf
  };

  [[nodiscard]] State take(char c);
  [[nodiscard]] State take_size(char c);
  [[nodiscard]] State take_trailer(char c);

  std::size_t max_body_bytes_;
  std::size_t decoded_bytes_ = 0;
  std::size_t trailer_bytes_ = 0;
  std::uint64_t chunk_left_ = 0;
  std::size_t digits_ = 0;
  Expect expect_ = Expect::kSize;
};

}  // namespace reconciled::http
