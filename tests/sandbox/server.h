// The sandbox's HTTP server: cpp-httplib on a loopback address, with a connection loop of its own
// so that answers leave in one write and connections can be broken on purpose.
//
// `handler` is called on the server's threads, several at once. One thread per connection; idle
// connections are closed after a few seconds.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "tests/sandbox/call.h"

namespace reconciled::sandbox {

class Server {
 public:
  using Handler = std::function<Reply(const Call&)>;
  // Keeps requests from being read: whether any are at all, and whether this one is, of which only
  // the line and the credential are known. What `hold` gives is kept until the client has left;
  // nothing where the request is to be read.
  struct Gate {
    std::function<bool()> holds_any;
    std::function<std::shared_ptr<void>(const Call&)> hold;
  };
  Server(Handler handler, Gate gate);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds and serves; returns the port. Throws std::runtime_error naming the address where that
  // fails, std::invalid_argument for an address that is not loopback.
  std::uint16_t start(const std::string& host, std::uint16_t port);
  void stop();
  [[nodiscard]] bool stopping() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reconciled::sandbox
