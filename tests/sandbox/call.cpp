#include "tests/sandbox/call.h"

#include <charconv>
#include <nlohmann/json.hpp>

namespace reconciled::sandbox {

std::string_view Call::path() const {
  const std::string_view whole = target;
  return whole.substr(0, whole.find('?'));
}

core::FormPairs Call::query() const {
  const std::size_t mark = target.find('?');
  if (mark == std::string::npos) return {};
  return core::parse_form(std::string_view(target).substr(mark + 1));
}

std::string dump(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Reply json_reply(int status, const Json& body) {
  Reply reply;
  reply.status = status;
  reply.body = dump(body);
  return reply;
}

std::optional<Json> json_object(std::string_view text) {
  if (text.empty()) return Json::object();
  Json value = Json::parse(text, nullptr, false);
  if (!value.is_object()) return std::nullopt;
  return value;
}

std::optional<std::vector<std::string>> match_path(std::string_view pattern,
                                                   std::string_view path) {
  std::vector<std::string> captures;
  for (;;) {
    const std::size_t pattern_end = pattern.find('/');
    const std::size_t path_end = path.find('/');
    const std::string_view wanted = pattern.substr(0, pattern_end);
    const std::string_view given = path.substr(0, path_end);
    if (wanted == "{}") {
      if (given.empty()) return std::nullopt;
      captures.push_back(core::percent_decode(given, false));
    } else if (wanted != given) {
      return std::nullopt;
    }
    const bool pattern_done = pattern_end == std::string_view::npos;
    if (pattern_done != (path_end == std::string_view::npos)) return std::nullopt;
    if (pattern_done) return captures;
    pattern.remove_prefix(pattern_end + 1);
    path.remove_prefix(path_end + 1);
  }
}

std::optional<Fields> body_fields(const Call& call) {
  Fields fields;
  if (call.content_type.find("json") == std::string::npos &&
      (call.body.empty() || call.body.front() != '{')) {
    for (auto& [name, value] : core::parse_form(call.body)) fields[name] = std::move(value);
    return fields;
  }
  const std::optional<Json> object = json_object(call.body);
  if (!object) return std::nullopt;
  for (const auto& [name, value] : object->items()) {
    if (value.is_null()) continue;
    fields[name] = value.is_string() ? value.get<std::string>() : dump(value);
  }
  return fields;
}

std::string field(const Fields& fields, const std::string& name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

std::optional<std::int64_t> to_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace reconciled::sandbox
