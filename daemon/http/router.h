// Routes: which handler answers which method and path. cpp-httplib does the routing and writes the
// response; the edge has read and checked the request before.
//
// A Router is filled before the edge starts and is then used by all of its loops at once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/http/exchange.h"

namespace reconciled::http {

class Router {
 public:
  Router();
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  // `pattern` is a regular expression for the whole undecoded path; its groups become
  // Request::captures. A path that matches under another method answers 405 with Allow. A literal
  // path is the same with a trailing slash, which handlers do not see.
  void on(std::string_view method, const std::string& pattern, Handler handler);
  // Called first for every request; a response ends it there (foreign Host, missing token). One of
  // 415, about the body, gives way to 405.
  void guard(std::function<std::optional<Response>(const Request&)> check);
  // The answer for a request that no route takes; {status, text} of 404 or 405. Default: one line.
  void on_error(std::function<Response(int status, const Request&)> make);

  // Method and pattern of each, in the order of `on`.
  using Routes = std::vector<std::pair<std::string, std::string>>;
  [[nodiscard]] const Routes& routes() const { return routes_; }

  // A literal path as a pattern for `on`.
  [[nodiscard]] static std::string literal(std::string_view path);

  // Bytes of the whole HTTP/1.1 response, and whether the connection stays open after it.
  struct Rendered {
    std::string bytes;
    bool keep_alive = true;
  };
  struct Dispatched {
    Rendered prepared;
    std::function<void(Completion)> work;  // as in Answer
  };
  // Finds and calls the handler. An exception from it becomes a fixed 500.
  [[nodiscard]] Dispatched dispatch(Request& request, bool keep_alive) const;
  // Writes a response for that request (HEAD has no body).
  [[nodiscard]] Rendered render(const Request& request, const Response& response,
                                bool keep_alive) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
  Routes routes_;
};

}  // namespace reconciled::http
