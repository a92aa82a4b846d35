// The answers that the admin endpoint's handlers share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "daemon/admin/admin_query.h"
#include "daemon/core/words/embedded_file.h"
#include "daemon/http/exchange.h"

namespace reconciled::admin {

[[nodiscard]] http::Response json(int status, std::string body);
// {"error":{"code":…,"message":…}}; 503 with Retry-After.
[[nodiscard]] http::Response error(int status, std::string_view code, std::string_view message);
[[nodiscard]] http::Response bad_request(const BadRequest& fault);
[[nodiscard]] http::Response not_found(std::string_view what);
[[nodiscard]] http::Response unavailable();

// openapi.json, alone: what all of this endpoint's answers look like. Generated.
[[nodiscard]] const std::vector<core::EmbeddedFile>& openapi_files();

}  // namespace reconciled::admin
