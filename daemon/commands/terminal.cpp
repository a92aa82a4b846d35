#include "daemon/commands/terminal.h"

#include <array>
#include <utility>

#include "daemon/core/words/text.h"

namespace reconciled::commands {
namespace {

constexpr std::size_t kMaxBytes = 16 * 1024;

// The bytes of the character at the front of valid UTF-8.
std::size_t length_of(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  std::size_t length = 1;
  if (first >= 0xf0) {
    length = 4;
  } else if (first >= 0xe0) {
    length = 3;
  } else if (first >= 0xc0) {
    length = 2;
  }
  return std::min(length, text.size());
}

char32_t code_of(std::string_view character) {
  const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(character[at]); };
  if (character.size() == 1) return byte(0);
  char32_t code = byte(0) & (0xffU >> (character.size() + 1));
  for (std::size_t i = 1; i < character.size(); ++i) code = (code << 6) | (byte(i) & 0x3fU);
  return code;
}

// East Asian wide and full-width characters, near enough.
bool is_wide(char32_t code) {
  static constexpr std::array<std::pair<char32_t, char32_t>, 9> kWide{{{0x1100, 0x115f},
                                                                       {0x2e80, 0xa4cf},
                                                                       {0xa960, 0xa97f},
                                                                       {0xac00, 0xd7a3},
                                                                       {0xf900, 0xfaff},
                                                                       {0xfe30, 0xfe6f},
                                                                       {0xff00, 0xff60},
                                                                       {0xffe0, 0xffe6},
                                                                       {0x1f300, 0x3fffd}}};
  for (const auto& [first, last] : kWide) {
    if (code >= first && code <= last) return true;
  }
  return false;
}

// Turns text around, or hides: what stands there would not be what is read.
bool is_deceptive(char32_t code) {
  return (code >= 0x80 && code <= 0x9f) || (code >= 0x200b && code <= 0x200f) ||
         (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x2069) || code == 0xfeff;
}

std::size_t columns_of(std::string_view character) { return is_wide(code_of(character)) ? 2 : 1; }

// How many bytes of `text` fit into `width` columns: one character at least.
std::size_t bytes_within(std::string_view text, std::size_t width) {
  std::size_t bytes = 0;
  std::size_t columns = 0;
  while (bytes < text.size()) {
    const std::size_t length = length_of(text.substr(bytes));
    columns += columns_of(text.substr(bytes, length));
    if (columns > width && bytes > 0) break;
    bytes += length;
  }
  return bytes;
}

}  // namespace

std::string plain(std::string_view text) {
  const std::string clean = core::clean_text(text, kMaxBytes);
  std::string out;
  for (std::string_view rest = clean; !rest.empty();) {
    const std::size_t length = length_of(rest);
    if (is_deceptive(code_of(rest.substr(0, length)))) {
      out += "\ufffd";
    } else {
      out += rest.substr(0, length);
    }
    rest.remove_prefix(length);
  }
  return out;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const std::size_t length = length_of(text);
    width += columns_of(text.substr(0, length));
    text.remove_prefix(length);
  }
  return width;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines;
  while (width_of(text) > width) {
    std::size_t end = bytes_within(text, width);
    // The character behind may be a blank itself.
    const std::size_t blank = text.rfind(' ', end);
    std::size_t next = end;
    if (blank != std::string_view::npos && blank > 0) {
      end = blank;
      next = blank + 1;
    }
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(next);
  }
  if (!text.empty() || lines.empty()) lines.emplace_back(text);
  return lines;
}

std::string clip(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  return std::string(text.substr(0, bytes_within(text, width - 1))) + "\u2026";
}

}  // namespace reconciled::commands
