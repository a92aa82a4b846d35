// PortOne's two error shapes, and V1's envelope (dossier §3).
#pragma once

#include <string>
#include <string_view>

#include "tests/sandbox/call.h"

namespace reconciled::sandbox {

// {"code":0,"message":null,"response":…}
[[nodiscard]] Reply v1_ok(Json response, int status = 200);
// {"code":…,"message":…,"response":null}; with status 200 and code != 0 it is a failure all the
// same.
[[nodiscard]] Reply v1_error(int status, int code, std::string_view message);
// {"type":…,"message":…}
[[nodiscard]] Reply v2_error(int status, std::string_view type, std::string_view message);

inline constexpr std::string_view kV1NotFound = "존재하지 않는 결제정보입니다.";

}  // namespace reconciled::sandbox
