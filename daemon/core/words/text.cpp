#include "daemon/core/words/text.h"

#include <strings.h>

#include <algorithm>
#include <iterator>

namespace reconciled::core {
namespace {

unsigned char byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool is_continuation(std::string_view text, std::size_t at) {
  return at < text.size() && (byte_at(text, at) & 0xC0U) == 0x80U;
}

// C0, DEL and C1.
bool is_control(std::string_view character) {
  const unsigned char first = byte_at(character, 0);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  return character.size() == 2 && first == 0xC2 && byte_at(character, 1) < 0xA0;
}

// Unicode 15's Bidi_Control, Join_Control and other default-ignorable format characters, but not
// those that a script's shapes need (variation selectors).
bool is_invisible(char32_t point) {
  struct Range {
    char32_t first, last;
  };
  static constexpr Range kInvisible[]{{0xAD, 0xAD},     {0x61C, 0x61C},   {0x115F, 0x1160},
                                      {0x17B4, 0x17B5}, {0x180B, 0x180F}, {0x200B, 0x200F},
                                      {0x2028, 0x202E}, {0x2060, 0x206F}, {0x3164, 0x3164},
                                      {0xFEFF, 0xFEFF}, {0xFFA0, 0xFFA0}, {0xFFF9, 0xFFFB},
                                      {0x1D173, 0x1D17A}, {0xE0000, 0xE0FFF}};
  return std::any_of(std::begin(kInvisible), std::end(kInvisible), [&](const Range& range) {
    return point >= range.first && point <= range.last;
  });
}

// Unicode 15's White_Space, quotation marks, and what lists stand between.
bool stands_around(char32_t point) {
  static constexpr std::u32string_view kAround = U" \t\n\v\f\r\"'`,;\u0085\u00a0\u1680\u202f\u205f\u3000"
                                                 U"\u2018\u2019\u201c\u201d";
  return is_invisible(point) || (point >= 0x2000 && point <= 0x200a) ||
         kAround.find(point) != std::u32string_view::npos;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

}  // namespace

// Unicode 15, table 3-7: no overlong forms, no surrogates, nothing above U+10FFFF.
std::size_t character_size(std::string_view text, std::size_t at) {
  const unsigned char first = byte_at(text, at);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !is_continuation(text, at + 1)) return 0;
  const unsigned char second = byte_at(text, at + 1);
  if (first < 0xE0) return 2;
  if (first < 0xF0) {
    if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second > 0x9F)) return 0;
    return is_continuation(text, at + 2) ? 3 : 0;
  }
  if ((first == 0xF0 && second < 0x90) || (first == 0xF4 && second > 0x8F)) return 0;
  return is_continuation(text, at + 2) && is_continuation(text, at + 3) ? 4 : 0;
}

std::string clean_text(std::string_view text, std::size_t max_bytes) {
  std::string clean;
  clean.reserve(std::min(text.size(), max_bytes));
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = character_size(text, at);
    std::string_view character = size == 0 ? kReplacementCharacter : text.substr(at, size);
    if (is_control(character)) character = " ";
    if (clean.size() + character.size() > max_bytes) break;
    clean += character;
    at += std::max<std::size_t>(size, 1);
  }
  return clean;
}

char32_t code_point(std::string_view character) {
  if (character.size() == 1) return static_cast<unsigned char>(character[0]);
  char32_t point = byte_at(character, 0) & (0xFFU >> (character.size() + 1));
  for (std::size_t at = 1; at < character.size(); ++at) {
    point = (point << 6U) | (byte_at(character, at) & 0x3FU);
  }
  return point;
}

std::string without_invisible(std::string_view text) {
  std::string visible;
  visible.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = std::max<std::size_t>(character_size(text, at), 1);
    const std::string_view character = text.substr(at, size);
    if (!is_invisible(code_point(character))) visible += character;
    at += size;
  }
  return visible;
}

std::string without_surroundings(std::string_view text) {
  std::size_t begin = std::string::npos;
  std::size_t end = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = std::max<std::size_t>(character_size(text, at), 1);
    if (!stands_around(code_point(text.substr(at, size)))) {
      begin = std::min(begin, at);
      end = at + size;
    }
    at += size;
  }
  return begin == std::string::npos ? "" : std::string(text.substr(begin, end - begin));
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = character_size(text, at);
    if (size == 0) return false;
    at += size;
  }
  return true;
}

std::string percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '%' && at + 2 < text.size()) {
      const int high = hex_value(text[at + 1]);
      const int low = hex_value(text[at + 2]);
      if (high >= 0 && low >= 0) {
        decoded += static_cast<char>(high * 16 + low);
        at += 2;
        continue;
      }
    }
    decoded += c == '+' && plus_is_space ? ' ' : c;
  }
  return decoded;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size());
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kHex[byte >> 4U];
    encoded += kHex[byte & 0x0FU];
  }
  return encoded;
}

bool equal_ignoring_case(std::string_view left, std::string_view right) {
  return left.size() == right.size() && strncasecmp(left.data(), right.data(), left.size()) == 0;
}

FormPairs parse_form(std::string_view text) {
  FormPairs pairs;
  while (!text.empty() && pairs.size() < kMaxFormPairs) {
    const std::size_t end = std::min(text.find('&'), text.size());
    const std::string_view pair = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    pairs.emplace_back(percent_decode(pair.substr(0, equals), true), percent_decode(value, true));
  }
  return pairs;
}

std::optional<std::string> form_value(const FormPairs& pairs, std::string_view name) {
  std::optional<std::string> found;
  for (const auto& [key, value] : pairs) {
    if (key != name) continue;
    if (!value.empty()) return value;
    found = value;
  }
  return found;
}

}  // namespace reconciled::core
