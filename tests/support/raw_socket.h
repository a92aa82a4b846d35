// A client's bare socket for tests of servers: sends exactly these bytes, reads until it has what
// it wants. Every wait has a deadline; a failure throws, which fails the test.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace reconciled::test {

class RawSocket {
 public:
  static constexpr std::chrono::milliseconds kPatience{5'000};

  [[nodiscard]] static RawSocket tcp(std::uint16_t port, const std::string& ip = "127.0.0.1") {
    if (ip.find(':') != std::string::npos) {
      sockaddr_in6 address{};
      address.sin6_family = AF_INET6;
      address.sin6_port = htons(port);
      inet_pton(AF_INET6, ip.c_str(), &address.sin6_addr);
      return connected(AF_INET6, address);
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, ip.c_str(), &address.sin_addr);
    return connected(AF_INET, address);
  }

  [[nodiscard]] static RawSocket local(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    return connected(AF_UNIX, address);
  }

  explicit RawSocket(int fd) : fd_(fd) {}
  RawSocket(RawSocket&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), received_(std::move(other.received_)) {}
  RawSocket& operator=(RawSocket&& other) noexcept {
    std::swap(fd_, other.fd_);
    std::swap(received_, other.received_);
    return *this;
  }
  ~RawSocket() { close(); }

  [[nodiscard]] int fd() const { return fd_; }

  void send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("send failed");
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  // Sends without minding that the server may have had enough.
  void send_if_open(std::string_view bytes) {
    try {
      send(bytes);
    } catch (const std::runtime_error&) {
      static_cast<void>(bytes);
    }
  }

  // All that comes until the server closes.
  [[nodiscard]] std::string read_to_end(std::chrono::milliseconds patience = kPatience) {
    const auto until = Clock::now() + patience;
    while (receive(until)) {
    }
    return std::exchange(received_, {});
  }

  // One response: head and as much body as its Content-Length says. What follows stays.
  [[nodiscard]] std::string read_response(bool bodiless = false,
                                          std::chrono::milliseconds patience = kPatience) {
    const auto until = Clock::now() + patience;
    std::size_t head = 0;
    while ((head = received_.find("\r\n\r\n")) == std::string::npos) more(until);
    head += 4;
    const auto length_at = received_.substr(0, head).find("Content-Length: ");
    const std::size_t body = length_at == std::string::npos || bodiless
                                 ? 0
                                 : std::strtoul(received_.c_str() + length_at + 16, nullptr, 10);
    while (received_.size() < head + body) more(until);
    auto response = received_.substr(0, head + body);
    received_.erase(0, head + body);
    return response;
  }

  // Whether the server closes (true) within the patience, whatever it sends before.
  [[nodiscard]] bool sees_end(std::chrono::milliseconds patience = kPatience) {
    try {
      static_cast<void>(read_to_end(patience));
      return true;
    } catch (const std::runtime_error&) {
      return false;
    }
  }

  void finish_sending() { shutdown(fd_, SHUT_WR); }

  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  // Closes so that the peer gets a reset instead of an end.
  void reset() {
    const linger hard{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    close();
  }

 private:
  using Clock = std::chrono::steady_clock;

  template <class Address>
  static RawSocket connected(int family, const Address& address) {
    RawSocket made(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (connect(made.fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
    }
    const int on = 1;
    if (family != AF_UNIX) setsockopt(made.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return made;
  }

  void more(Clock::time_point until) {
    if (!receive(until)) throw std::runtime_error("closed after: " + received_);
  }

  bool receive(Clock::time_point until) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
    pollfd wait{fd_, POLLIN, 0};
    if (left <= 0 || poll(&wait, 1, static_cast<int>(left)) == 0) {
      throw std::runtime_error("nothing came after: " + received_);
    }
    char part[16384];
    const auto got = recv(fd_, part, sizeof part, 0);
    if (got <= 0) return false;
    received_.append(part, static_cast<std::size_t>(got));
    return true;
  }

  int fd_;
  std::string received_;
};

}  // namespace reconciled::test
