#include "daemon/http/listening_socket.h"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

namespace reconciled::http {
namespace {

[[noreturn]] void fail(const std::string& what, int error = errno) {
  throw std::system_error(error, std::generic_category(), what);
}

sockaddr* generic(auto& address) { return reinterpret_cast<sockaddr*>(&address); }

std::uint16_t bound_port(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(fd, generic(address), &size) != 0) return 0;
  if (address.ss_family == AF_INET) {
    return ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  }
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6*>(&address)->sin6_port);
  }
  return 0;
}

void set_flag(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value);
}

// Refuses a path whose socket answers, clears one whose owner is gone.
void clear_stale(const std::string& path, const sockaddr_un& address) {
  struct stat file {};
  if (lstat(path.c_str(), &file) != 0) {
    if (errno == ENOENT) return;
    fail(path);
  }
  if (!S_ISSOCK(file.st_mode)) fail(path, EEXIST);
  const Descriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (probe.get() < 0) fail(path);
  auto target = address;
  if (connect(probe.get(), generic(target), sizeof target) == 0 || errno == EAGAIN) {
    fail(path, EADDRINUSE);
  }
  if (errno != ECONNREFUSED) fail(path);
  if (unlink(path.c_str()) != 0) fail(path);
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  if (this != &other) {
    if (fd_ >= 0) close(fd_);
    fd_ = other.release();
  }
  return *this;
}

int Descriptor::release() { return std::exchange(fd_, -1); }

ListeningSocket listen_tcp(const std::string& host, std::uint16_t port) {
  const auto name = host + " port " + std::to_string(port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) fail(name + ": " + gai_strerror(error), EADDRNOTAVAIL);
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> guard(found, freeaddrinfo);

  ListeningSocket made;
  made.descriptor =
      Descriptor(socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int fd = made.descriptor.get();
  if (fd < 0) fail(name);
  set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (found->ai_family == AF_INET6) set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY, host == "::" ? 0 : 1);
  if (bind(fd, found->ai_addr, found->ai_addrlen) != 0) fail(name);
  if (listen(fd, SOMAXCONN) != 0) fail(name);
  made.port = bound_port(fd);
  return made;
}

ListeningSocket listen_unix(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) fail(path, ENAMETOOLONG);
  std::memcpy(address.sun_path, path.data(), path.size());
  clear_stale(path, address);

  ListeningSocket made;
  made.is_unix = true;
  made.descriptor = Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int fd = made.descriptor.get();
  if (fd < 0 || bind(fd, generic(address), sizeof address) != 0) fail(path);
  // Before listen, so that nobody connects under the umask's mode.
  if (chmod(path.c_str(), 0660) != 0 || listen(fd, SOMAXCONN) != 0) fail(path);
  struct stat file {};
  if (lstat(path.c_str(), &file) != 0) fail(path);
  made.path = path;
  made.device = file.st_dev;
  made.inode = file.st_ino;
  return made;
}

ListeningSocket adopt_listening(int fd) {
  const auto name = "inherited descriptor " + std::to_string(fd);
  int listening = 0;
  socklen_t size = sizeof listening;
  if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0) fail(name);
  if (listening == 0) fail(name, EINVAL);
  sockaddr_storage address{};
  size = sizeof address;
  if (getsockname(fd, generic(address), &size) != 0) fail(name);
  if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) != 0 ||
      fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
    fail(name);
  }
  ListeningSocket made;
  made.descriptor = Descriptor(fd);
  made.is_unix = address.ss_family == AF_UNIX;
  made.port = bound_port(fd);
  return made;
}

std::string address_of(const ListeningSocket& socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  if (getsockname(socket.descriptor.get(), generic(address), &size) != 0) return "unknown";
  if (address.ss_family == AF_UNIX) {
    const auto& local = reinterpret_cast<const sockaddr_un&>(address);
    return "unix:" + std::string(local.sun_path);
  }
  char host[NI_MAXHOST] = "";
  char port[NI_MAXSERV] = "";
  if (getnameinfo(generic(address), size, host, sizeof host, port, sizeof port,
                  NI_NUMERICHOST | NI_NUMERICSERV) != 0) {
    return "unknown";
  }
  const bool is_v6 = address.ss_family == AF_INET6;
  return (is_v6 ? "[" + std::string(host) + "]" : std::string(host)) + ":" + port;
}

void remove_socket_file(const ListeningSocket& socket) {
  struct stat file {};
  if (socket.path.empty() || lstat(socket.path.c_str(), &file) != 0) return;
  if (file.st_dev == socket.device && file.st_ino == socket.inode) unlink(socket.path.c_str());
}

}  // namespace reconciled::http
