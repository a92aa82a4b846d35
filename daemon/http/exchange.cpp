#include "daemon/http/exchange.h"

#include <algorithm>

#include "daemon/core/words/text.h"

namespace reconciled::http {

std::string_view Request::path() const {
  return std::string_view(target).substr(0, target.find('?'));
}

std::string_view Request::query() const {
  const auto mark = target.find('?');
  return mark == std::string::npos ? std::string_view{} : std::string_view(target).substr(mark + 1);
}

std::optional<std::string_view> Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (core::equal_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

std::size_t Request::count_headers(std::string_view name) const {
  return static_cast<std::size_t>(std::count_if(
      headers.begin(), headers.end(), [&](const auto& h) { return core::equal_ignoring_case(h.first, name); }));
}

}  // namespace reconciled::http
