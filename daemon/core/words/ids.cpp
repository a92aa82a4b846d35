#include "daemon/core/words/ids.h"

#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

// C0, DEL and, as UTF-8, C1: nothing that could move a terminal's cursor or end a log's line.
bool has_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte < 0x20 || byte == 0x7F) return true;
    if (byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_valid_id_text(std::string_view text) {
  return !text.empty() && text.size() <= kMaxIdBytes && is_valid_utf8(text) &&
         !has_control_character(text);
}

}  // namespace reconciled::core
