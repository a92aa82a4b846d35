// The edge: accepts connections, reads complete requests under hard limits and absolute
// deadlines, and sends answers back; the only part that touches a public socket.
//
// An event loop (Asio) per thread; a slow or idle client holds a file descriptor, never a thread.
// Made and stopped by `app`. It knows nothing of payments. Refusals that it makes itself (400,
// 408, 411, 413, 414, 415, 417, 431, 501, 503, 505) are one line of text and close the connection.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/http/router.h"

namespace reconciled::http {

struct Limits {
  std::size_t max_request_line_bytes = 8192;
  std::size_t max_head_bytes = 16384;
  std::size_t max_headers = 100;
  std::size_t max_body_bytes = 65536;
  std::chrono::milliseconds head_deadline{10'000};  // from the first byte (accept, for the first)
  std::chrono::milliseconds body_deadline{20'000};  // from the end of the head
  std::chrono::milliseconds idle_deadline{60'000};  // between requests
  std::chrono::milliseconds hold_deadline{10'000};  // handed over to answered; else 503
  std::chrono::milliseconds write_deadline{20'000};
  // Of all requests of this listener that are not complete: beyond it 503 for those over 8 KiB.
  std::size_t max_unfinished_bytes = 32 * 1024 * 1024;
  std::size_t max_connections = 20'000;  // of this listener; above it, 503 and closed
};

// A request that the edge refused by itself; `request` is what was read of it, if anything.
struct EdgeRefusal {
  int status;
  std::string_view reason;
  const Request& request;
};

struct ListenerOptions {
  std::string name;  // "webhook": for logs and the loops' names
  // One of: an address, a Unix socket's path, or a listening descriptor handed over by systemd.
  std::string host;
  std::uint16_t port = 0;  // 0 takes a free one, see Edge::port
  std::string unix_path;   // replaces a stale socket; a living one is refused
  int inherited_fd = -1;
  std::string tls_cert;  // PEM; with tls_key, TLS 1.2 or newer
  std::string tls_key;
  // Addresses and ranges whose X-Forwarded-For and -Proto count.
  std::vector<std::string> trusted_proxies;
  Limits limits;
  // Told of each refusal, on a loop's thread; must not wait. May be empty.
  std::function<void(const EdgeRefusal&)> on_refused;
};

class Edge {
 public:
  explicit Edge(int loops);  // threads; 2 is plenty
  ~Edge();                   // stops
  Edge(const Edge&) = delete;
  Edge& operator=(const Edge&) = delete;

  // Binds and listens at once, without SO_REUSEPORT; throws std::system_error naming the address.
  // `router` must outlive the edge. Returns the listener's index. Before `start`.
  std::size_t listen(const ListenerOptions& options, const Router& router);
  [[nodiscard]] std::uint16_t port(std::size_t listener) const;
  // As a configuration would say it, with the port that was taken.
  [[nodiscard]] const std::string& address(std::size_t listener) const;

  void start();
  // Stops accepting, lets requests in flight finish (at most `grace`), then closes and joins.
  void stop(std::chrono::milliseconds grace);

  // Replaces the trusted proxies of all listeners; any thread.
  void set_trusted_proxies(const std::vector<std::string>& entries);

  struct Counts {
    std::uint64_t connections = 0;  // open now
    std::uint64_t accepted = 0;
    std::uint64_t requests = 0;
    std::uint64_t refused = 0;  // answered by the edge itself, timed out, or over a limit
  };
  [[nodiscard]] Counts counts() const;

  // Called on a loop's thread about once a second by each loop: the watchdog's sign of life.
  // Before `start`.
  void on_tick(std::function<void(int loop)> tick);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reconciled::http
