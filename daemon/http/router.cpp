#include "daemon/http/router.h"

#include <algorithm>
#include <cstring>
#include <regex>
#include <stdexcept>
#include <unordered_map>
#include <vector>

#include "daemon/core/words/text.h"
#include "daemon/http/date.h"
#include "daemon/http/httplib_server.h"

namespace reconciled::http {
namespace {

// libstdc++'s std::regex recurses for each character; beyond this a path could exhaust the stack.
constexpr std::size_t kMaxPatternPathBytes = 2048;

// What cpp-httplib reads; the real method and path are put in by the set-up function, because its
// own parser decodes paths and header values and reads forms in ways that we do not want.
constexpr std::string_view kPlaceholder = "GET / HTTP/1.1\r\n\r\n";

constexpr std::string_view kSpecials = "\\^$.|?*+()[]{}/-";

// One request on its way through cpp-httplib.
struct Call {
  Request* request;  // null when only `ready` is to be written
  std::string_view method;
  const Response* ready;  // the answer, if it is known before routing
  bool keep_alive;
  bool answered = false;
  std::function<void(Completion)> work;
};

// Carries the Call through httplib::Request, which has no user data of its own.
struct CallRef {
  Call* call;
  bool operator()(std::uint64_t, std::uint64_t) const { return true; }
};

Call& call_of(const httplib::Request& request) { return *request.progress.target<CallRef>()->call; }

// A stream that is a string: reads the placeholder, collects the response and puts its Date behind
// the status line.
class MemoryStream final : public httplib::Stream {
 public:
  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* to, std::size_t size) override {
    const auto part = unread_.substr(0, size);
    std::memcpy(to, part.data(), part.size());
    unread_.remove_prefix(part.size());
    return static_cast<ssize_t>(part.size());
  }
  ssize_t write(const char* from, std::size_t size) override {
    const std::string_view part(from, size);
    const auto line_end = written.empty() ? part.find("\r\n") : std::string_view::npos;
    if (line_end == std::string_view::npos) {
      written += part;
    } else {
      written += part.substr(0, line_end + 2);
      written += date_line();
      written += part.substr(line_end + 2);
    }
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return 0; }

  std::string written;

 private:
  std::string_view unread_ = kPlaceholder;
};

bool is_framing(const std::string& name) {
  for (const char* own : {"Content-Length", "Transfer-Encoding", "Connection", "Content-Type"}) {
    if (core::equal_ignoring_case(name, own)) return true;
  }
  return false;
}

// Response::set_header of cpp-httplib drops values with CR or LF, so nothing can be injected.
void fill(httplib::Response& to, const Response& from, std::string&& body) {
  to.status = from.status;
  to.body = std::move(body);
  if (!to.body.empty()) to.set_header("Content-Type", from.content_type);
  for (const auto& [name, value] : from.headers) {
    if (!is_framing(name)) to.set_header(name, value);
  }
}

Response internal_error() { return {500, "text/plain; charset=utf-8", "internal error\n", {}}; }

Response plain_error(int status) {
  return {status,
          "text/plain; charset=utf-8",
          status == 405 ? "method not allowed\n" : "not found\n",
          {}};
}

// The path that a pattern of only literal characters stands for.
std::optional<std::string> literal_of(std::string_view pattern) {
  std::string path;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    char c = pattern[i];
    if (c == '\\') {
      if (++i == pattern.size() || kSpecials.find(pattern[i]) == std::string_view::npos) {
        return std::nullopt;
      }
      c = pattern[i];
    } else if (c != '/' && c != '-' && kSpecials.find(c) != std::string_view::npos) {
      return std::nullopt;
    }
    path.push_back(c);
  }
  return path;
}

// A fixed path is the same with a trailing slash.
std::string_view without_slash(std::string_view path) {
  if (path.size() > 2 && path.ends_with('/')) path.remove_suffix(1);
  return path;
}

bool serves(const std::string& route_method, std::string_view method) {
  return route_method == method || (route_method == "GET" && method == "HEAD");
}

}  // namespace

// Literal paths are found in a table before cpp-httplib routes; patterns are cpp-httplib's.
struct Router::Impl final : HttplibServer {
  struct LiteralRoute {
    std::string method;
    http::Handler handler;
  };
  struct PatternRoute {
    std::string method;
    std::regex pattern;  // only to tell 405 from 404
  };
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };

  std::unordered_map<std::string, std::vector<LiteralRoute>, Hash, std::equal_to<>> literals;
  std::vector<PatternRoute> patterns;
  std::function<std::optional<Response>(const Request&)> guard;
  std::function<Response(int, const Request&)> on_error = [](int status, const Request&) {
    return plain_error(status);
  };

  Impl();
  void add_pattern(const std::string& method, const std::string& pattern, http::Handler handler);
  HandlerResponse before_routing(httplib::Response& response, Call& call) const;
  void answer(httplib::Response& response, Call& call, const http::Handler& handler) const;
  void answer_unrouted(httplib::Response& response, Call& call) const;
  [[nodiscard]] std::vector<std::string> methods_of(std::string_view path) const;
  [[nodiscard]] bool lacks_method(const Call& call) const;
  Rendered run(Call& call);
};

Router::Impl::Impl() {
  set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
    return before_routing(response, call_of(request));
  });
  set_exception_handler(
      [](const httplib::Request& request, httplib::Response& response, const std::exception_ptr&) {
        auto& call = call_of(request);
        call.answered = true;
        call.work = nullptr;
        response.headers.clear();
        auto failure = internal_error();
        fill(response, failure, std::move(failure.body));
      });
  set_error_handler(
      HandlerWithResponse([this](const httplib::Request& request, httplib::Response& response) {
        auto& call = call_of(request);
        if (call.answered) return HandlerResponse::Unhandled;
        answer_unrouted(response, call);
        return HandlerResponse::Handled;
      }));
  // cpp-httplib was told to close, which spares us its slow Keep-Alive header; say what is true.
  set_post_routing_handler([](const httplib::Request& request, httplib::Response& response) {
    response.headers.erase("Accept-Ranges");
    if (response.status == 204 || response.status == 304) response.headers.erase("Content-Length");
    if (!call_of(request).keep_alive) return;
    const auto connection = response.headers.find("Connection");
    if (connection != response.headers.end()) connection->second = "keep-alive";
  });
}

void Router::Impl::add_pattern(const std::string& method, const std::string& pattern,
                               http::Handler handler) {
  patterns.push_back({method, std::regex(pattern)});
  auto plain = [this, handler = std::move(handler)](const httplib::Request& request,
                                                    httplib::Response& response) {
    auto& call = call_of(request);
    for (std::size_t i = 1; i < request.matches.size(); ++i) {
      call.request->captures.push_back(request.matches[i].str());
    }
    answer(response, call, handler);
  };
  // With a content reader, cpp-httplib leaves the body alone.
  const auto with_body = [plain](const httplib::Request& request, httplib::Response& response,
                                 const httplib::ContentReader&) { plain(request, response); };
  if (method == "GET") {
    Get(pattern, plain);
  } else if (method == "OPTIONS") {
    Options(pattern, plain);
  } else if (method == "POST") {
    Post(pattern, HandlerWithContentReader(with_body));
  } else if (method == "PUT") {
    Put(pattern, HandlerWithContentReader(with_body));
  } else if (method == "PATCH") {
    Patch(pattern, HandlerWithContentReader(with_body));
  } else if (method == "DELETE") {
    Delete(pattern, HandlerWithContentReader(with_body));
  } else {
    throw std::invalid_argument("no route can serve the method " + method);
  }
}

httplib::Server::HandlerResponse Router::Impl::before_routing(httplib::Response& response,
                                                              Call& call) const {
  if (call.ready != nullptr) {
    call.answered = true;
    fill(response, *call.ready, std::string(call.ready->body));
    return HandlerResponse::Handled;
  }
  if (guard) {
    if (auto refusal = guard(*call.request)) {
      // What is wrong with the body of a request does not matter where its method is.
      if (refusal->status == 415 && lacks_method(call)) {
        answer_unrouted(response, call);
        return HandlerResponse::Handled;
      }
      call.answered = true;
      fill(response, *refusal, std::move(refusal->body));
      return HandlerResponse::Handled;
    }
  }
  if (const auto found = literals.find(call.request->path()); found != literals.end()) {
    for (const auto& route : found->second) {
      if (!serves(route.method, call.method)) continue;
      answer(response, call, route.handler);
      return HandlerResponse::Handled;
    }
  }
  if (call.request->path().size() > kMaxPatternPathBytes) {
    answer_unrouted(response, call);
    return HandlerResponse::Handled;
  }
  return HandlerResponse::Unhandled;
}

void Router::Impl::answer(httplib::Response& response, Call& call,
                          const http::Handler& handler) const {
  Answer given = handler(*call.request);
  call.answered = true;
  call.work = std::move(given.work);
  fill(response, given.prepared, std::move(given.prepared.body));
}

void Router::Impl::answer_unrouted(httplib::Response& response, Call& call) const {
  call.answered = true;
  const auto methods = methods_of(call.request->path());
  Response error;
  try {
    error = on_error(methods.empty() ? 404 : 405, *call.request);
  } catch (const std::exception&) {
    error = internal_error();
  }
  if (!methods.empty()) {
    std::string allow;
    for (const auto& method : methods) allow += (allow.empty() ? "" : ", ") + method;
    error.headers.emplace_back("Allow", std::move(allow));
  }
  fill(response, error, std::move(error.body));
}

std::vector<std::string> Router::Impl::methods_of(std::string_view path) const {
  std::vector<std::string> methods;
  const auto note = [&](const std::string& method) {
    if (std::find(methods.begin(), methods.end(), method) != methods.end()) return;
    methods.push_back(method);
    if (method == "GET") methods.emplace_back("HEAD");
  };
  if (const auto found = literals.find(path); found != literals.end()) {
    for (const auto& route : found->second) note(route.method);
  }
  if (path.size() > kMaxPatternPathBytes) return methods;
  for (const auto& route : patterns) {
    if (std::regex_match(path.begin(), path.end(), route.pattern)) note(route.method);
  }
  return methods;
}

bool Router::Impl::lacks_method(const Call& call) const {
  const auto methods = methods_of(call.request->path());
  return !methods.empty() &&
         std::find(methods.begin(), methods.end(), call.method) == methods.end();
}

Router::Rendered Router::Impl::run(Call& call) {
  MemoryStream stream;
  stream.written.reserve(512);
  bool closed = false;
  serve(stream, true, closed, [&call](httplib::Request& request) {
    request.progress = CallRef{&call};
    request.method = call.method;
    if (call.request != nullptr) request.path = call.request->path();
  });
  return {std::move(stream.written), call.keep_alive};
}

Router::Router() : impl_(std::make_unique<Impl>()) {}
Router::~Router() = default;

void Router::on(std::string_view method, const std::string& pattern, Handler handler) {
  routes_.emplace_back(method, pattern);
  if (auto path = literal_of(pattern)) {
    impl_->literals[std::string(without_slash(*path))].push_back(
        {std::string(method), std::move(handler)});
  } else {
    impl_->add_pattern(std::string(method), pattern, std::move(handler));
  }
}

void Router::guard(std::function<std::optional<Response>(const Request&)> check) {
  impl_->guard = std::move(check);
}

void Router::on_error(std::function<Response(int status, const Request&)> make) {
  impl_->on_error = std::move(make);
}

std::string Router::literal(std::string_view path) {
  std::string pattern;
  for (const char c : path) {
    if (c != '/' && c != '-' && kSpecials.find(c) != std::string_view::npos) pattern += '\\';
    pattern += c;
  }
  return pattern;
}

Router::Dispatched Router::dispatch(Request& request, bool keep_alive) const {
  const auto path = request.path();
  if (const auto plain = without_slash(path); plain.size() < path.size()) {
    if (impl_->literals.find(plain) != impl_->literals.end()) request.target.erase(plain.size(), 1);
  }
  Call call{&request, request.method, nullptr, keep_alive, false, nullptr};
  auto rendered = impl_->run(call);
  return {std::move(rendered), std::move(call.work)};
}

Router::Rendered Router::render(const Request& request, const Response& response,
                                bool keep_alive) const {
  Call call{nullptr, request.method, &response, keep_alive, false, nullptr};
  return impl_->run(call);
}

}  // namespace reconciled::http
