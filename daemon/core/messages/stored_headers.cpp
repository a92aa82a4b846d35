#include "daemon/core/messages/stored_headers.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

constexpr std::array<std::string_view, 5> kKept{"content-type", "user-agent", "webhook-id",
                                                "webhook-signature", "webhook-timestamp"};
constexpr std::size_t kMaxValueBytes = 1024;

void append_quoted(std::string& text, const std::string& value) {
  const bool is_plain = std::all_of(value.begin(), value.end(), [](unsigned char c) {
    return c >= 0x20 && c < 0x7f && c != '"' && c != '\\';
  });
  if (is_plain) {
    text.append("\"").append(value).append("\"");
  } else {
    text += nlohmann::json(value).dump();
  }
}

}  // namespace

std::string stored_headers(const std::vector<std::pair<std::string, std::string>>& headers) {
  std::string kept;
  for (const std::string_view name : kKept) {
    const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
      return equal_ignoring_case(header.first, name);
    });
    if (found == headers.end()) continue;
    kept.append(kept.empty() ? "{\"" : ",\"").append(name).append("\":");
    append_quoted(kept, clean_text(found->second, kMaxValueBytes));
  }
  return kept.empty() ? "{}" : kept + "}";
}

}  // namespace reconciled::core
