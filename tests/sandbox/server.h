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
  explicit Server(Handler handler);
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
