// A bare listening socket on loopback, at a port that was free or is named.
#pragma once

#include <stdexcept>

#include "tests/support/raw_socket.h"

namespace reconciled::test {

class ListeningSocket {
 public:
  explicit ListeningSocket(int backlog = 64, std::uint16_t port = 0)
      : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    const int on = 1;
    setsockopt(fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(fd(), generic, size) != 0 || listen(fd(), backlog) != 0 ||
        getsockname(fd(), generic, &size) != 0) {
      throw std::runtime_error("cannot listen");
    }
    port_ = ntohs(address.sin_port);
  }
  [[nodiscard]] int fd() const { return socket_.fd(); }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  // The next connection; without one (`fd` below 0) once somebody shut the socket down.
  [[nodiscard]] RawSocket accept_one() const {
    return RawSocket(accept4(fd(), nullptr, nullptr, SOCK_CLOEXEC));
  }

 private:
  RawSocket socket_;
  std::uint16_t port_ = 0;
};

}  // namespace reconciled::test
