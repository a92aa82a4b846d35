#include "tests/e2e/hostile_client.h"

#include <sys/resource.h>

#include <charconv>
#include <cstdio>
#include <sstream>

#include "tests/e2e/child_process.h"

namespace reconciled::e2e {
namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

constexpr int kTickMs = 100;
constexpr int kTicksBetweenLooks = 10;

void no_longer_than(Clock::time_point began) {
  if (Clock::now() - began > kPatience) throw std::runtime_error("the server does not close");
}

short poll_for(const test::RawSocket& socket, int events) {
  pollfd wait{socket.fd(), static_cast<short>(events), 0};
  return poll(&wait, 1, kTickMs) > 0 ? wait.revents : short{0};
}

// False: the server has closed, in order or not.
bool hear(const test::RawSocket& socket, std::string& text) {
  char part[16384];
  const auto got = recv(socket.fd(), part, sizeof part, 0);
  if (got > 0) text.append(part, static_cast<std::size_t>(got));
  return got > 0;
}

std::uint16_t port_of(const test::RawSocket& socket) {
  sockaddr_in own{};
  socklen_t size = sizeof own;
  getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&own), &size);
  return ntohs(own.sin_port);
}

// A port as /proc/net/tcp ends an address with it.
std::string port_word(unsigned long port) {
  char word[8];
  std::snprintf(word, sizeof word, ":%04X", static_cast<unsigned>(port & 0xffff));
  return word;
}

// How much was taken; nothing more will be once the server has closed.
std::size_t offer(const test::RawSocket& socket, std::string_view bytes, bool& closed) {
  const auto sent = ::send(socket.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0) closed = errno != EAGAIN && errno != EINTR;
  return sent > 0 ? static_cast<std::size_t>(sent) : 0;
}

}  // namespace

test::RawSocket connect_from(const std::string& ip, const Endpoint& endpoint) {
  const auto colon = endpoint.address.rfind(':');
  sockaddr_in from{};
  from.sin_family = AF_INET;
  inet_pton(AF_INET, ip.c_str(), &from.sin_addr);
  sockaddr_in to = from;
  inet_pton(AF_INET, endpoint.address.substr(0, colon).c_str(), &to.sin_addr);
  to.sin_port = htons(static_cast<std::uint16_t>(std::stoul(endpoint.address.substr(colon + 1))));
  test::RawSocket made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int on = 1;
  // Ports are chosen at connect: the same one may serve several destinations.
  setsockopt(made.fd(), IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind(made.fd(), reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0 ||
      connect(made.fd(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
  }
  setsockopt(made.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return made;
}

std::string talk(const Endpoint& endpoint, std::string_view bytes, bool finishes) {
  auto socket = connect_from(kStranger, endpoint);
  const auto began = Clock::now();
  std::string text;
  bool deaf = false;  // the server takes no more
  for (;;) {
    no_longer_than(began);
    if (deaf) bytes = {};
    if (bytes.empty() && std::exchange(finishes, false)) socket.finish_sending();
    const short ready = poll_for(socket, POLLIN | (bytes.empty() ? 0 : POLLOUT));
    if ((ready & (POLLIN | POLLHUP | POLLERR)) != 0) {
      if (!hear(socket, text)) return text;
    } else if ((ready & POLLOUT) != 0) {
      bytes.remove_prefix(offer(socket, bytes, deaf));
    }
  }
}

std::string drip(const Endpoint& endpoint, const std::string& first, const std::string& drops) {
  auto socket = connect_from(kStranger, endpoint);
  const auto began = Clock::now();
  socket.send_if_open(first);
  std::string text;
  for (std::size_t tick = 0;; ++tick) {
    no_longer_than(began);
    if (poll_for(socket, POLLIN) != 0) {
      if (!hear(socket, text)) return text;
    } else if (!drops.empty()) {
      socket.send_if_open(std::string_view(drops).substr(tick % drops.size(), 1));
    }
  }
}

void send_unread(const Endpoint& endpoint, const std::string& request) {
  auto socket = connect_from(kStranger, endpoint);
  const std::uint16_t port = port_of(socket);
  const auto began = Clock::now();
  std::string_view rest;
  int idle_ticks = 0;
  for (bool closed = false; !closed;) {
    no_longer_than(began);
    const short ready = poll_for(socket, POLLOUT);
    if ((ready & (POLLHUP | POLLERR)) != 0) return;
    if ((ready & POLLOUT) == 0) {
      const bool looks = ++idle_ticks % kTicksBetweenLooks == 0;
      if (looks && connections_at(endpoint, port) == 0) return;
      continue;
    }
    if (rest.empty()) rest = request;
    rest.remove_prefix(offer(socket, rest, closed));
  }
}

std::size_t connections_at(const Endpoint& server, std::uint16_t peer) {
  const auto colon = server.address.rfind(':');
  const std::string to = port_word(std::stoul(server.address.substr(colon + 1)));
  const std::string from = peer == 0 ? "" : port_word(peer);
  std::istringstream table(read_file("/proc/net/tcp"));
  std::size_t count = 0;
  for (std::string line; std::getline(table, line);) {
    std::istringstream words(line);
    std::string number, local, remote, state;
    words >> number >> local >> remote >> state;
    const bool open = state == "01" || state == "08";  // established; closed by the peer alone
    if (open && local.ends_with(to) && remote.ends_with(from)) ++count;
  }
  return count;
}

std::vector<int> statuses_of(std::string_view text) {
  constexpr std::string_view kVersion = "HTTP/1.1 ";
  constexpr std::string_view kLength = "\r\nContent-Length: ";
  std::vector<int> statuses;
  const auto number_at = [&](std::size_t at) {
    std::size_t number = 0;
    std::from_chars(text.data() + at, text.data() + text.size(), number);
    return number;
  };
  while (!text.empty()) {
    const auto end = text.find("\r\n\r\n");
    if (!text.starts_with(kVersion) || end == std::string_view::npos) {
      statuses.push_back(0);
      break;
    }
    statuses.push_back(static_cast<int>(number_at(kVersion.size())));
    const auto length = text.find(kLength);
    const std::size_t body = length < end ? number_at(length + kLength.size()) : 0;
    text.remove_prefix(std::min(text.size(), end + 4 + body));
  }
  return statuses;
}

std::size_t raise_descriptor_limit() {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  getrlimit(RLIMIT_NOFILE, &files);
  return files.rlim_cur;
}

}  // namespace reconciled::e2e
