#include "daemon/http/edge.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>
#include <cerrno>
#include <csignal>
#include <cstring>

#include "daemon/core/words/address.h"
#include "daemon/http/connection.h"
#include "daemon/http/loop.h"

namespace reconciled::http {
namespace {

constexpr int kAcceptsAtOnce = 64;
constexpr std::chrono::milliseconds kAcceptPause{100};
// Beyond max_connections so many are told 503; more are closed without a word.
constexpr std::size_t kToldFull = 256;

std::string ip_of(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof text);
  } else if (address.ss_family == AF_INET6) {
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text,
              sizeof text);
  }
  const auto ip = core::IpAddress::parse(text);
  return ip ? ip->to_text() : std::string{};
}

bool out_of_descriptors(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

// Accepts for one listener on the first loop and deals the sockets out to all.
class Acceptor {
 public:
  Acceptor(Listener& listener, std::vector<std::unique_ptr<Loop>>& loops)
      : listener_(listener),
        loops_(loops),
        descriptor_(loops.front()->io(), listener.socket.descriptor.release()),
        pause_(loops.front()->io()) {}

  void start() {
    descriptor_.async_wait(asio::posix::descriptor_base::wait_read,
                           [this](const std::error_code& error) {
                             if (!error) accept_some();
                           });
  }

  void stop() {
    std::error_code ignored;
    descriptor_.close(ignored);
    pause_.cancel();
  }

 private:
  void accept_some() {
    for (int i = 0; i < kAcceptsAtOnce; ++i) {
      sockaddr_storage address{};
      socklen_t size = sizeof address;
      const int fd = accept4(descriptor_.native_handle(), reinterpret_cast<sockaddr*>(&address),
                             &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd >= 0) {
        deal(Descriptor(fd), address);
      } else if (out_of_descriptors(errno)) {
        pause();  // the connection stays in the backlog; asking again at once would spin
        return;
      } else if (errno == EAGAIN) {
        break;
      }  // else that one connection went away
    }
    start();
  }

  void deal(Descriptor socket, const sockaddr_storage& address) {
    auto& counters = loops_.front()->counters;
    counters.accepted.fetch_add(1, std::memory_order_relaxed);
    // Counted here and not when the loop takes over, or a burst would pass the limit.
    const auto open = listener_.connections.fetch_add(1, std::memory_order_relaxed);
    const auto most = listener_.options.limits.max_connections;
    if (open >= most + kToldFull) {
      listener_.connections.fetch_sub(1, std::memory_order_relaxed);
      counters.refused.fetch_add(1, std::memory_order_relaxed);
      return;
    }
    if (address.ss_family != AF_UNIX) {
      const int on = 1;
      setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    auto& loop = *loops_[next_++ % loops_.size()];
    loop.adopt(socket.release(), listener_, ip_of(address), open >= most);
  }

  void pause() {
    pause_.expires_after(kAcceptPause);
    pause_.async_wait([this](const std::error_code& error) {
      if (!error) start();
    });
  }

  Listener& listener_;
  std::vector<std::unique_ptr<Loop>>& loops_;
  asio::posix::stream_descriptor descriptor_;
  asio::steady_timer pause_;
  std::size_t next_ = 0;
};

}  // namespace

struct Edge::Impl {
  int loop_count;
  std::function<void(int)> tick;
  std::vector<std::unique_ptr<Listener>> listeners;
  std::vector<std::unique_ptr<Loop>> loops;
  std::vector<std::unique_ptr<Acceptor>> acceptors;
  bool stopped = false;
};

Edge::Edge(int loops) : impl_(std::make_unique<Impl>()) {
  impl_->loop_count = loops < 1 ? 1 : loops;
  // OpenSSL writes without MSG_NOSIGNAL.
  std::signal(SIGPIPE, SIG_IGN);
}

Edge::~Edge() { stop(std::chrono::milliseconds(0)); }

std::size_t Edge::listen(const ListenerOptions& options, const Router& router) {
  auto listener = std::make_unique<Listener>(options, router);
  listener->set_proxies(std::make_shared<TrustedProxies>(options.trusted_proxies));
  if (!options.tls_cert.empty()) {
    listener->tls = make_server_context(options.tls_cert, options.tls_key);
  }
  if (options.inherited_fd >= 0) {
    listener->socket = adopt_listening(options.inherited_fd);
  } else if (!options.unix_path.empty()) {
    listener->socket = listen_unix(options.unix_path);
  } else {
    listener->socket = listen_tcp(options.host, options.port);
  }
  listener->address = address_of(listener->socket);
  impl_->listeners.push_back(std::move(listener));
  return impl_->listeners.size() - 1;
}

std::uint16_t Edge::port(std::size_t listener) const {
  return impl_->listeners.at(listener)->socket.port;
}

const std::string& Edge::address(std::size_t listener) const {
  return impl_->listeners.at(listener)->address;
}

void Edge::start() {
  for (int i = 0; i < impl_->loop_count; ++i) {
    impl_->loops.push_back(std::make_unique<Loop>(i, impl_->tick));
  }
  for (auto& listener : impl_->listeners) {
    impl_->acceptors.push_back(std::make_unique<Acceptor>(*listener, impl_->loops));
    impl_->acceptors.back()->start();
  }
  for (auto& loop : impl_->loops) loop->start();
}

void Edge::stop(std::chrono::milliseconds grace) {
  if (std::exchange(impl_->stopped, true)) return;
  for (auto& listener : impl_->listeners) remove_socket_file(listener->socket);
  if (impl_->loops.empty()) return;
  // The first loop accepts: it stops that before any loop ends its connections.
  const auto deadline = Clock::now() + grace;
  asio::post(impl_->loops.front()->io(), [this, deadline] {
    for (auto& acceptor : impl_->acceptors) acceptor->stop();
    for (auto& loop : impl_->loops) loop->begin_stop(deadline);
  });
  for (auto& loop : impl_->loops) loop->join();
  impl_->acceptors.clear();
}

void Edge::set_trusted_proxies(const std::vector<std::string>& entries) {
  const auto proxies = std::make_shared<const TrustedProxies>(entries);
  for (auto& listener : impl_->listeners) listener->set_proxies(proxies);
}

Edge::Counts Edge::counts() const {
  Counts sum;
  for (const auto& loop : impl_->loops) {
    const auto& counters = loop->counters;
    sum.connections += counters.connections.load(std::memory_order_relaxed);
    sum.accepted += counters.accepted.load(std::memory_order_relaxed);
    sum.requests += counters.requests.load(std::memory_order_relaxed);
    sum.refused += counters.refused.load(std::memory_order_relaxed);
  }
  return sum;
}

void Edge::on_tick(std::function<void(int loop)> tick) { impl_->tick = std::move(tick); }

}  // namespace reconciled::http
