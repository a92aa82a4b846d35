// An edge on a free loopback port with a few routes, for the tests of this folder.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "daemon/http/edge.h"
#include "tests/support/raw_socket.h"

namespace reconciled::test {

using namespace std::chrono_literals;

// Completions that a test ends when it wants to, from its own thread.
class HeldAnswers {
 public:
  void put(http::Completion done) {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(std::move(done));
    arrived_.notify_all();
  }
  // The next one; waits until it is there.
  http::Completion take() {
    std::unique_lock lock(mutex_);
    if (!arrived_.wait_for(lock, 5s, [this] { return !waiting_.empty(); })) {
      throw std::runtime_error("no request was held");
    }
    auto first = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    return first;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<http::Completion> waiting_;
};

struct Served {
  Served() {
    router.on("GET", "/hello", [](const http::Request&) {
      return http::Response{200, "text/plain", "hello\n", {}};
    });
    router.on("POST", "/echo", [](const http::Request& request) {
      return http::Response{200, "text/plain", request.body, {}};
    });
    router.on("GET", "/who", [](const http::Request& request) {
      return http::Response{
          200,
          "text/plain",
          request.peer_ip + '|' + request.client_ip + '|' + (request.secure ? "secure" : "plain"),
          {}};
    });
    router.on("POST", "/held", [this](const http::Request& request) {
      return http::Answer({202, "text/plain", "kept " + request.body + '\n', {}},
                          [this](http::Completion done) { held.put(std::move(done)); });
    });
    router.on("GET", "/large", [](const http::Request&) {
      return http::Response{200, "text/plain", std::string(8'000'000, 'x'), {}};
    });
    options.name = "test";
    options.host = "127.0.0.1";
  }
  ~Served() { edge.stop(0ms); }

  void start() {
    listener = edge.listen(options, router);
    edge.start();
  }
  [[nodiscard]] RawSocket connect() const { return RawSocket::tcp(edge.port(listener)); }
  // One request on a connection of its own; all that comes back.
  [[nodiscard]] std::string ask(const std::string& bytes) const {
    auto socket = connect();
    socket.send(bytes);
    return socket.read_to_end();
  }
  // Waits until the counters say so.
  template <class Condition>
  [[nodiscard]] bool eventually(Condition condition) const {
    const auto until = std::chrono::steady_clock::now() + 5s;
    while (!condition(edge.counts())) {
      if (std::chrono::steady_clock::now() > until) return false;
      poll(nullptr, 0, 5);
    }
    return true;
  }

  http::Router router;
  HeldAnswers held;
  http::ListenerOptions options;
  http::Edge edge{2};
  std::size_t listener = 0;
};

inline std::string get(const std::string& target, const std::string& headers = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: test\r\n" + headers + "\r\n";
}
inline std::string post(const std::string& target, const std::string& body,
                        const std::string& headers = {}) {
  return "POST " + target + " HTTP/1.1\r\nHost: test\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
inline const std::string kClose = "Connection: close\r\n";

inline int status_of(const std::string& response) {
  return response.size() < 12 ? 0 : std::atoi(response.substr(9, 3).c_str());
}
inline std::string body_of(const std::string& response) {
  const auto head = response.find("\r\n\r\n");
  return head == std::string::npos ? "" : response.substr(head + 4);
}
inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace reconciled::test
