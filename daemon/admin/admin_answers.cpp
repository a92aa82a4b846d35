#include "daemon/admin/admin_answers.h"

#include "daemon/views/view_json.h"

namespace reconciled::admin {

http::Response json(int status, std::string body) {
  return {.status = status, .content_type = "application/json", .body = std::move(body)};
}

http::Response error(int status, std::string_view code, std::string_view message) {
  http::Response response = json(status, error_json(code, message));
  if (status == 503) response.headers.emplace_back("Retry-After", "1");
  if (status == 401) response.headers.emplace_back("WWW-Authenticate", "Bearer");
  return response;
}

http::Response bad_request(const BadRequest& fault) {
  return error(400, "bad_request", fault.message);
}

http::Response not_found(std::string_view what) { return error(404, "not_found", what); }

http::Response unavailable() { return error(503, "unavailable", "try again shortly"); }

}  // namespace reconciled::admin
