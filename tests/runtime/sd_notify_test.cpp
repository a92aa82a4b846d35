#include "daemon/runtime/sd_notify.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <functional>
#include <regex>
#include <system_error>

#include "tests/support/scoped_environment.h"
#include "tests/support/temporary_folder.h"

using namespace reconciled;
using reconciled::test::ScopedEnvironment;
using reconciled::test::TemporaryFolder;

namespace {

// systemd's end: a datagram socket at a path, or at an abstract address for `@name`.
class NotifySocket {
 public:
  explicit NotifySocket(const std::string& address) {
    fd_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    REQUIRE(address.size() < sizeof(name.sun_path));
    std::memcpy(name.sun_path, address.data(), address.size());
    if (name.sun_path[0] == '@') name.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
    REQUIRE(::bind(fd_, reinterpret_cast<const sockaddr*>(&name), length) == 0);
  }
  ~NotifySocket() { ::close(fd_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  // The next datagram; empty if none is there. On one machine a sent datagram is there at once.
  [[nodiscard]] std::string next() const {
    std::array<char, 4096> buffer{};
    const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), 0);
    return count < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(count));
  }

 private:
  int fd_ = -1;
};

// Runs `check` in a child, whose descriptors from 3 on may be rearranged; true if it gave true.
bool holds_in_child(const std::function<bool()>& check) {
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    bool good = false;
    try {
      good = check();
    } catch (...) {
    }
    ::_exit(good ? 0 : 1);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void set_environment(const char* name, const std::string& value) {
  ::setenv(name, value.c_str(), 1);
}

}  // namespace

TEST_CASE("sd_notify: each message reaches the socket as one datagram") {
  const TemporaryFolder folder;
  const NotifySocket socket(folder / "notify");
  const ScopedEnvironment variable("NOTIFY_SOCKET", folder / "notify");
  ServiceManager manager;
  CHECK(manager.ready("serving"));
  CHECK(socket.next() == "READY=1\nSTATUS=serving");
  CHECK(manager.stopping());
  CHECK(socket.next() == "STOPPING=1");
  CHECK(manager.watchdog());
  CHECK(socket.next() == "WATCHDOG=1");
  CHECK(manager.status("inbox\nREADY=1"));
  CHECK(socket.next() == "STATUS=inbox READY=1");
  CHECK(socket.next().empty());
}

TEST_CASE("sd_notify: reloading carries the monotonic time of now") {
  const TemporaryFolder folder;
  const NotifySocket socket(folder / "notify");
  const ScopedEnvironment variable("NOTIFY_SOCKET", folder / "notify");
  timespec before{};
  timespec after{};
  ::clock_gettime(CLOCK_MONOTONIC, &before);
  CHECK(ServiceManager().reloading());
  ::clock_gettime(CLOCK_MONOTONIC, &after);
  const std::string message = socket.next();
  std::smatch match;
  REQUIRE(std::regex_match(message, match, std::regex("RELOADING=1\nMONOTONIC_USEC=([0-9]+)")));
  const long long told_us = std::stoll(match[1].str());
  CHECK(told_us >= before.tv_sec * 1'000'000LL + before.tv_nsec / 1000);
  CHECK(told_us <= after.tv_sec * 1'000'000LL + after.tv_nsec / 1000);
}

TEST_CASE("sd_notify: an abstract address is reached by its exact name") {
  const std::string address = "@reconciled-test-" + std::to_string(::getpid());
  const NotifySocket socket(address);
  const ScopedEnvironment variable("NOTIFY_SOCKET", address);
  CHECK(ServiceManager().watchdog());
  CHECK(socket.next() == "WATCHDOG=1");
}

TEST_CASE("sd_notify: without systemd, or with nobody listening, messages are no-ops") {
  const TemporaryFolder folder;
  for (const std::optional<std::string>& address :
       {std::optional<std::string>(), std::optional<std::string>(""),
        std::optional<std::string>("relative"), std::optional<std::string>(folder / "absent"),
        std::optional<std::string>("/" + std::string(200, 'a'))}) {
    const ScopedEnvironment variable("NOTIFY_SOCKET", address);
    CHECK_FALSE(ServiceManager().ready("x"));
  }
}

TEST_CASE("watchdog: the timeout counts only when it is meant for this process") {
  const std::string own = std::to_string(::getpid());
  const auto timeout = [](std::optional<std::string> usec, std::optional<std::string> pid) {
    const ScopedEnvironment usec_variable("WATCHDOG_USEC", usec);
    const ScopedEnvironment pid_variable("WATCHDOG_PID", pid);
    return ServiceManager().watchdog_timeout();
  };
  CHECK(timeout("30000000", own) == std::chrono::seconds(30));
  CHECK(timeout("30000000", std::nullopt) == std::chrono::seconds(30));
  CHECK_FALSE(timeout("30000000", "1"));
  CHECK_FALSE(timeout("30000000", "x"));
  CHECK_FALSE(timeout(std::nullopt, own));
  CHECK_FALSE(timeout("0", own));
  CHECK_FALSE(timeout("-5", own));
  CHECK_FALSE(timeout("5s", own));
}

TEST_CASE("socket activation: descriptors come with their names and close on exec") {
  CHECK(holds_in_child([] {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    for (int target = 3; target < 6; ++target) {
      if (fd != target && ::dup2(fd, target) < 0) return false;
    }
    set_environment("LISTEN_PID", std::to_string(::getpid()));
    set_environment("LISTEN_FDS", "3");
    set_environment("LISTEN_FDNAMES", "webhook:redirect");
    const auto sockets = inherited_sockets();
    return sockets.size() == 3 && sockets[0].fd == 3 && sockets[0].name == "webhook" &&
           sockets[1].fd == 4 && sockets[1].name == "redirect" && sockets[2].fd == 5 &&
           sockets[2].name == "unknown" && (::fcntl(4, F_GETFD) & FD_CLOEXEC) != 0;
  }));
}

TEST_CASE("socket activation: another process's descriptors are left alone") {
  const ScopedEnvironment count("LISTEN_FDS", "1");
  const ScopedEnvironment names("LISTEN_FDNAMES", std::nullopt);
  for (const std::optional<std::string>& pid :
       {std::optional<std::string>(), std::optional<std::string>("1")}) {
    const ScopedEnvironment variable("LISTEN_PID", pid);
    CHECK(inherited_sockets().empty());
  }
}

TEST_CASE("socket activation: a promised descriptor that is not open is an error") {
  CHECK(holds_in_child([] {
    ::close(3);
    set_environment("LISTEN_PID", std::to_string(::getpid()));
    set_environment("LISTEN_FDS", "1");
    try {
      static_cast<void>(inherited_sockets());
    } catch (const std::system_error&) {
      return true;
    }
    return false;
  }));
}
