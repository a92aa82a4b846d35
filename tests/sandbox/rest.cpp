#include "tests/sandbox/rest.h"

#include <algorithm>

#include "tests/sandbox/errors.h"

namespace reconciled::sandbox {
namespace {

constexpr std::string_view kPortOne = "PortOne ";
constexpr std::string_view kBearer = "Bearer ";

std::string_view token_of(std::string_view authorization) {
  if (authorization.substr(0, kBearer.size()) == kBearer) {
    return authorization.substr(kBearer.size());
  }
  return authorization;
}

bool looks_like_jwt(std::string_view token) {
  return std::count(token.begin(), token.end(), '.') == 2;
}

bool has_v2_credential(std::string_view authorization) {
  return authorization.substr(0, kPortOne.size()) == kPortOne ||
         looks_like_jwt(token_of(authorization));
}

bool find_route(const std::vector<Route>& routes, const Call& call, Endpoint& endpoint) {
  for (const Route& route : routes) {
    if (route.method != call.method) continue;
    if (auto ids = match_path(route.pattern, call.path())) {
      endpoint.route = &route;
      endpoint.ids = std::move(*ids);
      return true;
    }
  }
  return false;
}

bool v2_authorized(const World& world, std::string_view authorization) {
  if (authorization.substr(0, kPortOne.size()) == kPortOne) {
    return authorization.substr(kPortOne.size()) == world.options.api_secret;
  }
  return world.tokens.v2_valid(std::string(token_of(authorization)), now());
}

}  // namespace

std::string Endpoint::label() const {
  if (route == nullptr) return "unknown";
  return std::string(core::to_word(api)) + " " + std::string(route->method) + " " +
         std::string(route->pattern);
}

Endpoint find_endpoint(const Call& call) {
  Endpoint endpoint;
  const bool v2_first = has_v2_credential(call.authorization);
  endpoint.api = v2_first ? Api::kV2 : Api::kV1;
  if (find_route(v2_first ? v2_routes() : v1_routes(), call, endpoint)) return endpoint;
  // A path that only the other API has names that API, so that its 401 has the right shape.
  if (find_route(v2_first ? v1_routes() : v2_routes(), call, endpoint)) {
    endpoint.api = v2_first ? Api::kV1 : Api::kV2;
  }
  return endpoint;
}

Asked asked_of(const World& world, const Call& call, const Endpoint& endpoint) {
  Asked asked;
  asked.api = core::to_word(endpoint.api);
  if (endpoint.route == nullptr) return asked;
  asked.place = endpoint.route->place;
  std::vector<std::string> named = endpoint.ids;
  for (const auto& [name, value] : call.query()) {
    if (name.find("_uid") != std::string::npos) named.push_back(value);
  }
  if (call.method == "POST" || call.method == "PUT") {
    const std::optional<Fields> fields = body_fields(call);
    for (const char* name : {"imp_uid", "merchant_uid"}) {
      if (fields && fields->count(name) != 0) named.push_back(fields->at(name));
    }
  }
  for (const std::string& name : named) {
    asked.names.push_back(name);
    if (const auto attempt = world.store.find(name)) asked.names.push_back(attempt->payment_id);
    for (const Attempt& one : world.store.attempts_of(name)) {
      asked.names.push_back(one.attempt_id);
    }
  }
  return asked;
}

Reply answer(World& world, const Call& call, const Endpoint& endpoint) {
  const bool v2 = endpoint.api == Api::kV2;
  if (endpoint.route == nullptr) {
    return v2 ? v2_error(404, "NOT_FOUND", "no such endpoint")
              : v1_error(404, -1, "no such endpoint");
  }
  if (!endpoint.route->open) {
    const bool authorized = v2 ? v2_authorized(world, call.authorization)
                               : world.tokens.v1_valid(token_of(call.authorization), now());
    if (!authorized) {
      return v2 ? v2_error(401, "UNAUTHORIZED", "인증 정보가 올바르지 않습니다.")
                : v1_error(401, -1, "Unauthorized");
    }
  }
  return endpoint.route->handle(world, call, endpoint.ids);
}

}  // namespace reconciled::sandbox
