// Listening sockets: TCP, Unix, or one handed over by systemd.
//
// Made by the edge before it starts. Throws std::system_error naming the address.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>

namespace reconciled::http {

// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] int release();

 private:
  int fd_;
};

struct ListeningSocket {
  Descriptor descriptor;
  bool is_unix = false;
  std::uint16_t port = 0;  // TCP
  std::string path;        // Unix, if bound by us: unlinked by remove_socket_file
  dev_t device = 0;        // of the file at `path`
  ino_t inode = 0;
};

// `host` is an IP address ("::" takes IPv4 as well) or a name; port 0 takes a free one.
[[nodiscard]] ListeningSocket listen_tcp(const std::string& host, std::uint16_t port);
// Replaces the file of a dead socket; one that still answers, or a file that is no socket, is
// refused. Mode 0660.
[[nodiscard]] ListeningSocket listen_unix(const std::string& path);
[[nodiscard]] ListeningSocket adopt_listening(int fd);

// Where it listens, as a configuration would say it: `127.0.0.1:80`, `[::1]:80`, `unix:/path`.
[[nodiscard]] std::string address_of(const ListeningSocket& socket);

// Removes the Unix socket's file unless someone else's stands there by now.
void remove_socket_file(const ListeningSocket& socket);

}  // namespace reconciled::http
