#include "daemon/runtime/sd_notify.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <system_error>

namespace reconciled {
namespace {

constexpr int kFirstInheritedFd = 3;
constexpr std::int64_t kMaxInheritedFds = 64;

std::string_view environment(const char* name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing here changes the environment.
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

std::optional<std::int64_t> positive_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value <= 0) return std::nullopt;
  return value;
}

// A line break would begin another assignment.
std::string one_line(std::string_view text) {
  std::string line(text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

ServiceManager::ServiceManager() : socket_path_(environment("NOTIFY_SOCKET")) {
  const std::string_view pid = environment("WATCHDOG_PID");
  const auto timeout = positive_number(environment("WATCHDOG_USEC"));
  // Without a pid the timeout is meant for whoever reads it (sd_watchdog_enabled(3)).
  if (timeout && (pid.empty() || positive_number(pid) == ::getpid())) {
    watchdog_timeout_ = std::chrono::microseconds{*timeout};
  }
}

bool ServiceManager::send(std::string_view message) const {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const bool addressed = !socket_path_.empty() && socket_path_.size() < sizeof(address.sun_path) &&
                         (socket_path_.front() == '/' || socket_path_.front() == '@');
  if (!addressed) return false;
  std::memcpy(address.sun_path, socket_path_.data(), socket_path_.size());
  if (address.sun_path[0] == '@') address.sun_path[0] = '\0';
  const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  // An abstract name ends where the length says: no byte behind it may count.
  const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_path_.size());
  const ssize_t sent = ::sendto(fd, message.data(), message.size(), MSG_NOSIGNAL,
                                reinterpret_cast<const sockaddr*>(&address), length);
  ::close(fd);
  return sent == static_cast<ssize_t>(message.size());
}

bool ServiceManager::ready(std::string_view status) {
  return send("READY=1\nSTATUS=" + one_line(status));
}

bool ServiceManager::reloading() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  const std::int64_t now_us = std::int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1000;
  return send("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(now_us));
}

bool ServiceManager::stopping() { return send("STOPPING=1"); }

bool ServiceManager::status(std::string_view text) { return send("STATUS=" + one_line(text)); }

bool ServiceManager::watchdog() { return send("WATCHDOG=1"); }

std::optional<std::chrono::microseconds> ServiceManager::watchdog_timeout() const {
  return watchdog_timeout_;
}

std::vector<InheritedSocket> inherited_sockets() {
  std::vector<InheritedSocket> sockets;
  const auto count = positive_number(environment("LISTEN_FDS"));
  if (positive_number(environment("LISTEN_PID")) != ::getpid() || !count) return sockets;
  if (*count > kMaxInheritedFds)
    throw std::system_error(EMFILE, std::generic_category(), "LISTEN_FDS");
  std::string_view names = environment("LISTEN_FDNAMES");
  for (int fd = kFirstInheritedFd; fd < kFirstInheritedFd + static_cast<int>(*count); ++fd) {
    if (::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
      throw std::system_error(errno, std::generic_category(),
                              "socket " + std::to_string(fd) + " of LISTEN_FDS");
    }
    const std::string_view name = names.substr(0, names.find(':'));
    names.remove_prefix(std::min(name.size() + 1, names.size()));
    sockets.push_back({fd, name.empty() ? "unknown" : std::string(name)});
  }
  return sockets;
}

}  // namespace reconciled
