// HTTP as a test speaks it: whole answers, over loopback, a connection for each.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace reconciled::e2e {

using Json = nlohmann::json;
using Headers = std::vector<std::pair<std::string, std::string>>;

struct Answer {
  int status = 0;  // 0: the connection ended without an answer
  std::string head;
  std::string body;
  // The value of a header, empty where there is none.
  [[nodiscard]] std::string header(const std::string& name) const;
  // The body as JSON; null where it is none.
  [[nodiscard]] Json json() const;
};

// `127.0.0.1:80`, `[::1]:80` or `unix:/path`, as the daemon's log says it.
struct Endpoint {
  std::string address;
  std::string ca_file{};                   // set: TLS, and whom to trust
  [[nodiscard]] std::string host() const;  // what goes into Host
};

struct Call {
  std::string method;
  std::string target;
  std::string body{};
  Headers headers{};
};

// Host, Content-Length and Connection: close are added where the call has none of its own.
[[nodiscard]] Answer ask(const Endpoint& endpoint, const Call& call);
// These bytes and nothing else; reads until the server closes.
[[nodiscard]] Answer ask_raw(const Endpoint& endpoint, const std::string& bytes);
[[nodiscard]] Answer parse_answer(const std::string& text);

[[nodiscard]] std::string bytes_of(const Endpoint& endpoint, const Call& call,
                                   bool keep_alive = false);

}  // namespace reconciled::e2e
