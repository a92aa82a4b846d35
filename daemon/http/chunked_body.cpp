#include "daemon/http/chunked_body.h"

#include <algorithm>

namespace reconciled::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

ChunkedBody::State ChunkedBody::feed(std::string_view& bytes, std::string& body) {
  while (!bytes.empty()) {
    if (expect_ == Expect::kData) {
      const auto part = bytes.substr(0, std::min<std::uint64_t>(chunk_left_, bytes.size()));
      body.append(part);
      bytes.remove_prefix(part.size());
      chunk_left_ -= part.size();
      if (chunk_left_ == 0) expect_ = Expect::kDataCr;
      continue;
    }
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (const auto state = take(c); state != State::kIncomplete) return state;
  }
  return State::kIncomplete;
}

ChunkedBody::State ChunkedBody::take(char c) {
  const auto want = [&](char wanted, Expect next) {
    expect_ = next;
    return c == wanted ? State::kIncomplete : State::kMalformed;
  };
  switch (expect_) {
    case Expect::kSize:
      return take_size(c);
    case Expect::kSizeLf:
      decoded_bytes_ += chunk_left_;
      digits_ = 0;
      return want('\n', chunk_left_ == 0 ? Expect::kTrailerStart : Expect::kData);
    case Expect::kDataCr:
      return want('\r', Expect::kDataLf);
    case Expect::kDataLf:
      return want('\n', Expect::kSize);
    case Expect::kTrailerStart:
    case Expect::kTrailer:
      return take_trailer(c);
    case Expect::kTrailerLf:
      return want('\n', Expect::kTrailerStart);
    case Expect::kLastLf:
      return c == '\n' ? State::kComplete : State::kMalformed;
    case Expect::kData:
      break;
  }
  return State::kMalformed;
}

ChunkedBody::State ChunkedBody::take_size(char c) {
  if (c == '\r' && digits_ > 0) {
    expect_ = Expect::kSizeLf;
    return State::kIncomplete;
  }
  const int value = hex_value(c);
  if (value < 0 || ++digits_ > kMaxSizeDigits) return State::kMalformed;
  // Compared before it can overflow: the size so far never exceeds the body's limit.
  chunk_left_ = chunk_left_ * 16 + static_cast<std::uint64_t>(value);
  return chunk_left_ > max_body_bytes_ - decoded_bytes_ ? State::kTooLarge : State::kIncomplete;
}

ChunkedBody::State ChunkedBody::take_trailer(char c) {
  if (c == '\r') {
    expect_ = expect_ == Expect::kTrailerStart ? Expect::kLastLf : Expect::kTrailerLf;
    return State::kIncomplete;
  }
  const bool control = (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  if (control || ++trailer_bytes_ > kMaxTrailerBytes) return State::kMalformed;
  expect_ = Expect::kTrailer;
  return State::kIncomplete;
}

}  // namespace reconciled::http
