#include "daemon/core/messages/stored_headers.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

constexpr std::array<std::string_view, 5> kKept{"content-type", "user-agent", "webhook-id",
                                                "webhook-timestamp", "webhook-signature"};
constexpr std::size_t kMaxValueBytes = 1024;

}  // namespace

std::string stored_headers(const std::vector<std::pair<std::string, std::string>>& headers) {
  nlohmann::json kept = nlohmann::json::object();
  for (const std::string_view name : kKept) {
    const auto found = std::find_if(headers.begin(), headers.end(), [&](const auto& header) {
      return equal_ignoring_case(header.first, name);
    });
    if (found != headers.end()) {
      kept[std::string(name)] = clean_text(found->second, kMaxValueBytes);
    }
  }
  return kept.dump();
}

}  // namespace reconciled::core
