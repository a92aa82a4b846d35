// A request and its answer as the sandbox's handlers see them, free of cpp-httplib.
//
// The server makes a Call of every request; handlers return a Reply. Targets stay undecoded, since
// V2 payment ids may hold `/ ? # %` (dossier §7.15).
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/core/words/text.h"

namespace reconciled::sandbox {

using Json = nlohmann::ordered_json;

// What a REST call is about, as faults choose it; filled in by the router.
struct Asked {
  std::string api;                 // "v1", "v2"
  std::string place;               // "single", "list", …: see rest.h
  std::vector<std::string> names;  // payment and attempt ids that it names
};

struct Call {
  std::string method;
  std::string target;  // as sent: "/payments/a%2Fb?storeId=…"
  std::string body;
  std::string content_type;
  std::string authorization;
  std::string tier;
  Asked asked;

  [[nodiscard]] std::string_view path() const;
  [[nodiscard]] core::FormPairs query() const;
};

// How the answer leaves; all but kSend are faults.
enum class Wire {
  kSend,
  kClose,     // closed without an answer
  kReset,     // likewise, with a TCP reset
  kTruncate,  // head and half of the body, then closed
  kStall,     // head and half of the body, then nothing until the client gives up
  kTrickle,   // a byte every `interval`
  kHang       // no answer until the client gives up
};

struct Reply {
  int status = 200;
  std::string content_type = "application/json; charset=utf-8";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  Wire wire = Wire::kSend;
  std::chrono::milliseconds interval{1000};
  std::shared_ptr<void> under_way;  // let go once the answer has left or the connection broke
};

[[nodiscard]] Reply json_reply(int status, const Json& body);
// The text of any JSON value; invalid UTF-8 becomes U+FFFD.
[[nodiscard]] std::string dump(const Json& value);
// The body as a JSON object (an empty body is an empty one), or nothing.
[[nodiscard]] std::optional<Json> json_object(std::string_view text);

// The captures of `{}` in `pattern`, percent-decoded once, if the undecoded path fits it.
[[nodiscard]] std::optional<std::vector<std::string>> match_path(std::string_view pattern,
                                                                 std::string_view path);

// Members of a flat body, JSON or form, as text; nothing if the body is neither.
using Fields = std::map<std::string, std::string>;
[[nodiscard]] std::optional<Fields> body_fields(const Call& call);
[[nodiscard]] std::string field(const Fields& fields, const std::string& name);
// The whole of `text` as a decimal integer, or nothing.
[[nodiscard]] std::optional<std::int64_t> to_integer(std::string_view text);

}  // namespace reconciled::sandbox
