// Talking to systemd: readiness, watchdog and inherited sockets (sd_notify(3), sd_listen_fds(3)).
//
// Used by `main` alone, on its thread. Without systemd ($NOTIFY_SOCKET is not set) every message
// is a no-op.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reconciled {

class ServiceManager {
 public:
  // Reads the environment of the process.
  ServiceManager();

  // Each is false if nobody listens or the message could not be sent; the service runs on anyway.
  // `status` is one line for `systemctl status`.
  bool ready(std::string_view status);
  // With the time of CLOCK_MONOTONIC, as Type=notify-reload wants it; `ready` ends it.
  bool reloading();
  bool stopping();
  bool status(std::string_view text);
  bool watchdog();

  // How long systemd waits for a `watchdog` message, if it waits for one of this process; send
  // twice as often.
  [[nodiscard]] std::optional<std::chrono::microseconds> watchdog_timeout() const;

 private:
  bool send(std::string_view message) const;

  std::string socket_path_;  // `@name` is an abstract address
  std::optional<std::chrono::microseconds> watchdog_timeout_;
};

// A listening socket that systemd opened for this process. The caller owns it.
struct InheritedSocket {
  int fd;
  std::string name;  // FileDescriptorName= of the socket unit; "unknown" where none came
};
// In systemd's order, closed on exec; none when the environment names another process. Throws
// std::system_error when a promised descriptor is not open.
[[nodiscard]] std::vector<InheritedSocket> inherited_sockets();

}  // namespace reconciled
