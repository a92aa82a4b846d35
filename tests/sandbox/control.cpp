#include "tests/sandbox/control.h"

#include <nlohmann/json.hpp>

#include "tests/sandbox/view.h"

namespace reconciled::sandbox {
namespace {

const Json* member(const Json& body, const char* name) {
  const auto found = body.find(name);
  return found == body.end() || found->is_null() ? nullptr : &*found;
}

}  // namespace

std::optional<std::string> text_of(const Json& body, const char* name) {
  const Json* value = member(body, name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) throw BadMember{name};
  return value->get<std::string>();
}

std::optional<std::int64_t> integer_of(const Json& body, const char* name) {
  const Json* value = member(body, name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number_integer()) throw BadMember{name};
  return value->get<std::int64_t>();
}

std::optional<bool> flag_of(const Json& body, const char* name) {
  const Json* value = member(body, name);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) throw BadMember{name};
  return value->get<bool>();
}

std::chrono::milliseconds duration_of(const Json& body, const char* name) {
  const std::int64_t ms = integer_of(body, name).value_or(0);
  if (ms < 0 || ms > 24LL * 3600 * 1000) throw BadMember{name};
  return std::chrono::milliseconds(ms);
}

int small_of(const Json& body, const char* name, int otherwise, int least) {
  const std::int64_t value = integer_of(body, name).value_or(otherwise);
  if (value < least || value > 1'000'000) throw BadMember{name};
  return static_cast<int>(value);
}

std::vector<std::string> texts_of(const Json& body, const char* name) {
  if (!body.contains(name)) return {};
  const Json& value = body[name];
  std::vector<std::string> result;
  for (const Json& one : value.is_array() ? value : Json::array({value})) {
    if (!one.is_string()) throw BadMember{name};
    result.push_back(one.get<std::string>());
  }
  return result;
}

std::string patch_of(const Json& body, const char* name) {
  if (!body.contains(name)) return "";
  if (!body[name].is_object()) throw BadMember{name};
  return dump(body[name]);
}

std::optional<std::pair<std::string, std::string>> read_raw(const Json& body) {
  const std::string member = text_of(body, "member").value_or("");
  const auto hex = text_of(body, "raw_hex");
  const auto json = text_of(body, "raw_json");
  if (!hex && !json && member.empty()) return std::nullopt;
  if (hex.has_value() == json.has_value()) throw BadMember{"raw_hex or raw_json"};
  if (member.empty()) throw BadMember{"member"};
  if (hex && !from_hex(*hex)) throw BadMember{"raw_hex"};
  return std::pair(member, hex ? raw_bytes_placeholder(*hex) : raw_json_placeholder(*json));
}

Reply control_error(int status, std::string_view code, std::string_view message) {
  return json_reply(status, Json{{"error", Json{{"code", code}, {"message", message}}}});
}

Reply control(World& world, const Call& call) {
  const std::optional<Json> body = json_object(call.body);
  if (!body) return control_error(400, "bad_json", "the body is no JSON object");
  try {
    if (auto reply = control_payments(world, call, *body)) return *std::move(reply);
    if (auto reply = control_orders(world, call, *body)) return *std::move(reply);
    if (auto reply = control_faults(world, call, *body)) return *std::move(reply);
    if (auto reply = control_delivery(world, call, *body)) return *std::move(reply);
  } catch (const BadMember& bad) {
    return control_error(400, "bad_member", "missing or of a wrong kind: " + bad.name);
  }
  return control_error(404, "not_found", "no such call; tests/sandbox/control.h lists them");
}

}  // namespace reconciled::sandbox
