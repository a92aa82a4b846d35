#include "daemon/stored_headers.h"

#include <array>
#include <nlohmann/json.hpp>

#include "daemon/core/text.h"

namespace reconciled {
namespace {

constexpr std::array<std::string_view, 5> kKept{"content-type", "user-agent", "webhook-id",
                                                "webhook-timestamp", "webhook-signature"};
constexpr std::size_t kMaxValueBytes = 1024;

}  // namespace

std::string stored_headers(const http::Request& request) {
  nlohmann::json kept = nlohmann::json::object();
  for (const std::string_view name : kKept) {
    if (const auto value = request.header(name)) {
      kept[std::string(name)] = core::clean_text(*value, kMaxValueBytes);
    }
  }
  return kept.dump();
}

}  // namespace reconciled
