// What all connections of a listener share. Outlives them.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string_view>

#include "daemon/http/client_address.h"
#include "daemon/http/edge.h"
#include "daemon/http/listening_socket.h"
#include "daemon/http/transport.h"

namespace reconciled::http {

struct Listener {
  Listener(ListenerOptions listener_options, const Router& listener_router)
      : options(std::move(listener_options)), router(&listener_router) {}

  ListenerOptions options;
  const Router* router;
  ListeningSocket socket;
  std::string address;  // where it listens
  SslContext tls;
  std::atomic<std::size_t> connections{0};  // counted up at accept, down by the connection's end
  std::atomic<std::size_t> unfinished_bytes{0};  // of requests that are not answered yet

  [[nodiscard]] std::shared_ptr<const TrustedProxies> proxies();
  void set_proxies(std::shared_ptr<const TrustedProxies> proxies);

  // Tells whoever wants to know. `request` is as far as it was read.
  void tell_refused(int status, std::string_view reason, Request& request,
                    const std::string& peer_ip);

 private:
  std::mutex mutex_;
  std::shared_ptr<const TrustedProxies> proxies_;
};

// One connection's part of its listener's unfinished bytes.
class UnfinishedBytes {
 public:
  explicit UnfinishedBytes(Listener& listener) : listener_(listener) {}
  ~UnfinishedBytes() { set(0); }
  UnfinishedBytes(const UnfinishedBytes&) = delete;
  UnfinishedBytes& operator=(const UnfinishedBytes&) = delete;

  void set(std::size_t bytes);
  // All together hold too much, and this one is not small: PortOne's and browsers' requests are.
  [[nodiscard]] bool is_too_much() const;

 private:
  Listener& listener_;
  std::size_t bytes_ = 0;
};

}  // namespace reconciled::http
