#include "daemon/redirect/window_message.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "daemon/core/words/text.h"

namespace reconciled {
namespace {

constexpr std::size_t kMaxMessageCharacters = 100;
constexpr std::size_t kMaxReasonCharacters = 200;
constexpr std::string_view kLeftOut = "…";
// Fewer are an error's code, an amount, a time of day.
constexpr int kTelephoneDigits = 7;

bool is_letter_or_digit(char32_t point) {
  return (point >= 'a' && point <= 'z') || (point >= 'A' && point <= 'Z') ||
         (point >= '0' && point <= '9');
}

// Digits that are none of ASCII's and look like them: other scripts', raised, lowered, circled, bold.
bool is_odd_digit(char32_t point) {
  struct Range {
    char32_t first, last;
  };
  static constexpr Range kDigits[]{{0x660, 0x669},   {0x6F0, 0x6F9},   {0x966, 0x96F},
                                   {0xB2, 0xB3},     {0xB9, 0xB9},     {0x2070, 0x2079},
                                   {0x2080, 0x2089}, {0x2460, 0x249B}, {0x24EA, 0x24FF},
                                   {0x2776, 0x2793}, {0x1D7CE, 0x1D7FF}};
  return std::any_of(std::begin(kDigits), std::end(kDigits), [&](const Range& range) {
    return point >= range.first && point <= range.last;
  });
}

// Full-width forms and odd digits as what they imitate; the dots that browsers read as one (RFC 3490
// §3.1).
char32_t plain_point(char32_t point) {
  if (point >= 0xFF01 && point <= 0xFF5E) point -= 0xFEE0;
  if (point == 0x3002 || point == 0xFF61) return '.';
  if (is_odd_digit(point)) return '0';
  return point == 0x3000 || point == 0xA0 ? ' ' : point;
}

// A character and what it amounts to.
struct Character {
  std::string_view text;
  char32_t point;
};

std::vector<Character> characters_of(std::string_view text) {
  std::vector<Character> characters;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = core::character_size(text, at);
    characters.push_back({text.substr(at, size), plain_point(core::code_point(text.substr(at, size)))});
    at += size;
  }
  return characters;
}

// A dot between what may be a host's labels; the one that ends a Korean sentence has Hangul on both
// sides, unless it is Korea's own top-level domain.
bool joins_labels(const std::vector<Character>& word, std::size_t dot) {
  if (dot == 0 || dot + 1 == word.size()) return false;
  const char32_t before = word[dot - 1].point;
  const char32_t after = word[dot + 1].point;
  const bool is_number = before >= '0' && before <= '9' && after >= '0' && after <= '9';
  if (is_number) return false;
  if (is_letter_or_digit(before)) return is_letter_or_digit(after) || after > 0x7F;
  if (before <= 0x7F) return false;
  const bool is_korea = dot + 2 < word.size() && after == U'한' && word[dot + 2].point == U'국';
  return is_letter_or_digit(after) || is_korea;
}

bool is_address(const std::vector<Character>& word) {
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char32_t point = word[i].point;
    if (point == '@' || (point == '.' && joins_labels(word, i))) return true;
    if (point == ':' && i + 1 < word.size() && word[i + 1].point == '/') return true;
  }
  return false;
}

bool is_digit_point(char32_t point) { return point >= '0' && point <= '9'; }

// What people put between the groups of a telephone number: anything that is no letter.
bool parts_groups(char32_t point) {
  return point <= 0x2FFF && !is_letter_or_digit(point) && (point < 0xC0 || point >= 0x2000);
}

// "1,000,000": commas before every three digits, and nothing else.
bool is_amount(const std::vector<Character>& text, std::size_t first, std::size_t end) {
  for (std::size_t i = first; i < end; ++i) {
    const bool is_comma = (end - i) % 4 == 0;
    if (is_comma ? text[i].point != ',' || i == first : !is_digit_point(text[i].point)) return false;
  }
  return true;
}

// Where the telephone number that begins at `first` ends, or `first` where none does.
std::size_t end_of_number(const std::vector<Character>& text, std::size_t first) {
  int digits = 0;
  std::size_t end = first;
  int apart = 0;
  for (std::size_t i = first; i < text.size(); ++i) {
    if (is_digit_point(text[i].point)) {
      ++digits;
      apart = 0;
      end = i + 1;
    } else if (!parts_groups(text[i].point) || ++apart > 3) {
      break;
    }
  }
  return digits >= kTelephoneDigits && !is_amount(text, first, end) ? end : first;
}

std::string without_numbers(const std::vector<Character>& text) {
  std::string kept;
  for (std::size_t i = 0; i < text.size();) {
    const bool begins = is_digit_point(text[i].point) && (i == 0 || !is_digit_point(text[i - 1].point));
    const std::size_t end = begins ? end_of_number(text, i) : i;
    kept += end > i ? kLeftOut : text[i].text;
    i = end > i ? end : i + 1;
  }
  return kept;
}

std::string without_addresses(const std::vector<Character>& text) {
  std::string kept;
  std::vector<Character> word;
  const auto end_word = [&] {
    if (is_address(word)) {
      kept += kLeftOut;
    } else {
      for (const Character& character : word) kept += character.text;
    }
    word.clear();
  };
  for (const Character& character : text) {
    if (character.point == ' ') {
      end_word();
      if (!kept.empty() && kept.back() != ' ') kept += ' ';
    } else {
      word.push_back(character);
    }
  }
  end_word();
  return kept;
}

std::string clipped(std::string_view text, std::size_t most) {
  std::string kept;
  std::size_t count = 0;
  for (const Character& character : characters_of(text)) {
    if (++count > most) break;
    kept += character.text;
  }
  if (count > most) {
    // The mark is one of the characters.
    std::size_t last = kept.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(kept[last]) & 0xC0U) == 0x80U) --last;
    kept.replace(last, std::string::npos, kLeftOut);
  }
  while (!kept.empty() && kept.back() == ' ') kept.pop_back();
  return kept;
}

// Both were cut when they were stored: what is read here is no more than that.
std::string one_line(std::string_view text) {
  return core::without_invisible(core::clean_text(text, text.size() * core::kReplacementCharacter.size()));
}

}  // namespace

std::string shown_window_message(std::string_view message) {
  const std::string line = one_line(message);
  const std::string without = without_addresses(characters_of(line));
  return clipped(without_numbers(characters_of(without)), kMaxMessageCharacters);
}

std::string shown_reason(std::string_view reason) {
  return clipped(one_line(reason), kMaxReasonCharacters);
}

}  // namespace reconciled
