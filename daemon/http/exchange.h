// A request as the edge hands it over, and the answer that a handler gives.
//
// The vocabulary between the edge, the router and the listeners. Nothing of payments here, and
// nothing of cpp-httplib or Asio: listeners include only this and router.h.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace reconciled::http {

using Headers = std::vector<std::pair<std::string, std::string>>;  // names as sent

struct Request {
  std::string method;
  std::string target;  // as sent, undecoded: "/payments/a%2Fb?wait=5"
  Headers headers;     // values as sent, surrounding blanks removed
  std::string body;
  std::string peer_ip;                // who connected; empty for a Unix socket
  std::string client_ip;              // after trusted proxies' X-Forwarded-For; empty if unknown
  bool secure = false;                // over TLS of our own, or a trusted proxy says so
  std::vector<std::string> captures;  // of the route's pattern, undecoded; set by the router

  [[nodiscard]] std::string_view path() const;   // target up to `?`
  [[nodiscard]] std::string_view query() const;  // behind `?`; empty if there is none
  // The first header of that name, in any case; nothing if there is none.
  [[nodiscard]] std::optional<std::string_view> header(std::string_view name) const;
  [[nodiscard]] std::size_t count_headers(std::string_view name) const;
};

struct Response {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
  Headers headers;
};

// Ends a held exchange, once, from any thread: nothing sends the prepared answer, a Response is
// sent in its place. Later calls, and calls after the client has gone, do nothing.
using Completion = std::function<void(std::optional<Response>)>;

// What a handler gives back. Without `work` the prepared answer is sent at once. With it, the edge
// calls `work` on its own thread and holds the answer until the completion is called; no thread
// waits meanwhile. `work` must not block. Dropping the completion uncalled is a bug of ours and
// answers 500; a completion that does not come before the edge's hold deadline answers 503.
struct Answer {
  Response prepared;
  std::function<void(Completion)> work;

  Answer(Response response) : prepared(std::move(response)) {}
  Answer(Response response, std::function<void(Completion)> held_work)
      : prepared(std::move(response)), work(std::move(held_work)) {}
};

using Handler = std::function<Answer(const Request&)>;

}  // namespace reconciled::http
