#include "tests/sandbox/control.h"

#include <nlohmann/json.hpp>

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

Reply control_error(int status, std::string_view code, std::string_view message) {
  return json_reply(status, Json{{"error", Json{{"code", code}, {"message", message}}}});
}

Reply control(World& world, const Call& call) {
  const std::optional<Json> body = json_object(call.body);
  if (!body) return control_error(400, "bad_json", "the body is no JSON object");
  try {
    if (auto reply = control_payments(world, call, *body)) return *std::move(reply);
    if (auto reply = control_faults(world, call, *body)) return *std::move(reply);
    if (auto reply = control_delivery(world, call, *body)) return *std::move(reply);
  } catch (const BadMember& bad) {
    return control_error(400, "bad_member", "missing or of a wrong kind: " + bad.name);
  }
  return control_error(404, "not_found", "no such call; tests/sandbox/control.h lists them");
}

}  // namespace reconciled::sandbox
