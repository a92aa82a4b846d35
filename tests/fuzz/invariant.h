// What a fuzz target asserts, and small readings that several of them share.
//
// Included by the targets alone. A broken invariant ends the process in every build type, so that
// libFuzzer keeps the input and the replay fails.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "daemon/core/words/text.h"

namespace reconciled::fuzz {

inline void invariant(bool holds, const char* what) {
  if (holds) return;
  static_cast<void>(std::fprintf(stderr, "broken invariant: %s\n", what));
  std::abort();
}

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return size == 0 ? std::string_view{}
                   : std::string_view{reinterpret_cast<const char*>(data), size};
}

// Cuts `text` behind its first `end` and gives what stood before; all of it where there is none.
inline std::string_view take_until(std::string_view& text, char end) {
  const std::size_t at = std::min(text.find(end), text.size());
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(std::min(at + 1, text.size()));
  return taken;
}

// Valid UTF-8 without ASCII control characters: fit for one line of a log.
inline bool is_one_line(std::string_view text) {
  const auto is_control = [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  };
  return core::is_valid_utf8(text) && std::none_of(text.begin(), text.end(), is_control);
}

}  // namespace reconciled::fuzz
