#include "daemon/core/messages/media_type.h"

#include <algorithm>

namespace reconciled::core {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

// `word` is in lower case.
bool is_word(std::string_view text, std::string_view word) {
  return std::equal(text.begin(), text.end(), word.begin(), word.end(),
                    [](char a, char b) { return lower(a) == b; });
}

bool ends_with_word(std::string_view text, std::string_view word) {
  return text.size() >= word.size() && is_word(text.substr(text.size() - word.size()), word);
}

}  // namespace

MediaType media_type_of(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  type.remove_prefix(std::min(type.find_first_not_of(" \t"), type.size()));
  type = type.substr(0, type.find_last_not_of(" \t") + 1);
  if (type.empty()) return MediaType::kUnsaid;
  if (is_word(type, "application/json") || ends_with_word(type, "+json")) return MediaType::kJson;
  if (is_word(type, "application/x-www-form-urlencoded")) return MediaType::kForm;
  return MediaType::kOther;
}

}  // namespace reconciled::core
