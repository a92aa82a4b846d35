#include "tests/sandbox/errors.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace reconciled::sandbox {

Reply v1_ok(Json response, int status) {
  return json_reply(status,
                    Json{{"code", 0}, {"message", nullptr}, {"response", std::move(response)}});
}

Reply v1_error(int status, int code, std::string_view message) {
  return json_reply(status, Json{{"code", code}, {"message", message}, {"response", nullptr}});
}

Reply v2_error(int status, std::string_view type, std::string_view message) {
  return json_reply(status, Json{{"type", type}, {"message", message}});
}

}  // namespace reconciled::sandbox
