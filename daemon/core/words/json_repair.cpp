#include "daemon/core/words/json_repair.h"

#include <algorithm>
#include <cstdlib>
#include <limits>

#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

constexpr std::size_t kUnicodeEscape = 6;  // \uXXXX

bool is_word_character(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '+' || c == '-' ||
         c == '.' || c == '_';
}

std::size_t skip_digits(std::string_view word, std::size_t at) {
  while (at < word.size() && is_digit(word[at])) ++at;
  return at;
}

// RFC 8259's `number`, of which a double is no infinity: the parser stops at one.
bool is_number(std::string_view word) {
  const std::size_t whole = word.substr(0, 1) == "-" ? 1 : 0;
  std::size_t at = skip_digits(word, whole);
  if (at == whole || (word[whole] == '0' && at > whole + 1)) return false;
  if (at < word.size() && word[at] == '.') {
    const std::size_t fraction = at + 1;
    at = skip_digits(word, fraction);
    if (at == fraction) return false;
  }
  if (at < word.size() && (word[at] == 'e' || word[at] == 'E')) {
    ++at;
    if (at < word.size() && (word[at] == '+' || word[at] == '-')) ++at;
    const std::size_t exponent = at;
    at = skip_digits(word, exponent);
    if (at == exponent) return false;
  }
  if (at != word.size()) return false;
  const double value = std::strtod(std::string(word).c_str(), nullptr);
  return value <= std::numeric_limits<double>::max() &&
         value >= std::numeric_limits<double>::lowest();
}

class Repair {
 public:
  explicit Repair(std::string_view text) : text_(text) { repaired_.reserve(text.size()); }

  std::string run() {
    while (at_ < text_.size()) {
      if (text_[at_] == '"') {
        copy(1);
        repair_string();
      } else if (is_word_character(text_[at_])) {
        repair_word();
      } else {
        copy(1);
      }
    }
    return std::move(repaired_);
  }

 private:
  void copy(std::size_t size) {
    repaired_ += text_.substr(at_, size);
    at_ += size;
  }
  void replace(std::size_t size) {
    repaired_ += kReplacementCharacter;
    at_ += size;
  }

  void repair_word() {
    const auto* const end = std::find_if_not(text_.begin() + at_, text_.end(), is_word_character);
    const std::string_view word =
        text_.substr(at_, static_cast<std::size_t>(end - text_.begin()) - at_);
    const bool is_literal = word == "true" || word == "false" || word == "null";
    repaired_ += is_literal || is_number(word) ? word : "{}";
    at_ += word.size();
  }

  void repair_string() {
    while (at_ < text_.size()) {
      const auto byte = static_cast<unsigned char>(text_[at_]);
      if (byte == '"') {
        copy(1);
        return;
      }
      if (byte == '\\') {
        repair_escape();
        continue;
      }
      const std::size_t size = byte < 0x20 ? 0 : character_size(text_, at_);
      if (size == 0) {
        replace(1);
      } else {
        copy(size);
      }
    }
  }

  void repair_escape() {
    constexpr std::string_view kEscaped = "\"\\/bfnrt";
    if (at_ + 1 < text_.size() && kEscaped.find(text_[at_ + 1]) != std::string_view::npos) {
      copy(2);
      return;
    }
    const int code = code_at(at_);
    if (code < 0) {
      replace(1);
    } else if (code < 0xD800 || code > 0xDFFF) {
      copy(kUnicodeEscape);
    } else {
      const int other = code_at(at_ + kUnicodeEscape);
      if (code < 0xDC00 && other >= 0xDC00 && other <= 0xDFFF) {
        copy(2 * kUnicodeEscape);
      } else {
        replace(kUnicodeEscape);
      }
    }
  }

  // What the \uXXXX at `at` stands for; -1 where there is none.
  [[nodiscard]] int code_at(std::size_t at) const {
    if (text_.size() < kUnicodeEscape || at > text_.size() - kUnicodeEscape) return -1;
    if (text_[at] != '\\' || text_[at + 1] != 'u') return -1;
    int code = 0;
    for (const char c : text_.substr(at + 2, 4)) {
      const char lower = static_cast<char>(c | 0x20);
      if (!is_digit(c) && (lower < 'a' || lower > 'f')) return -1;
      code = code * 16 + (is_digit(c) ? c - '0' : lower - 'a' + 10);
    }
    return code;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string repaired_;
};

}  // namespace

std::string repair_json(std::string_view text) { return Repair(text).run(); }

}  // namespace reconciled::core
