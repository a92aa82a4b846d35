#include "tests/sandbox/server.h"

#include <arpa/inet.h>
#include <httplib.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace reconciled::sandbox {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kThreads = 128;
constexpr std::chrono::milliseconds kIdle{5'000};
constexpr std::chrono::milliseconds kPollSlice{50};  // how soon a stop is noticed
constexpr std::size_t kMaxBody = 4 * 1024 * 1024;

// A connection as cpp-httplib reads and writes it; what is written is kept until `flush`.
class Connection : public httplib::Stream {
 public:
  Connection(socket_t socket, const std::atomic<bool>& stopping)
      : socket_(socket), stopping_(stopping) {}

  bool is_readable() const override { return true; }
  bool is_writable() const override { return true; }
  ssize_t read(char* target, size_t size) override {
    if (next_ == end_) {
      if (!wait_readable()) return -1;
      const ssize_t got = ::recv(socket_, buffer_, sizeof buffer_, 0);
      if (got <= 0) return got;
      next_ = 0;
      end_ = static_cast<std::size_t>(got);
    }
    const std::size_t count = std::min(size, end_ - next_);
    std::copy_n(buffer_ + next_, count, target);
    next_ += count;
    return static_cast<ssize_t>(count);
  }
  ssize_t write(const char* data, size_t size) override {
    out_.append(data, size);
    return static_cast<ssize_t>(size);
  }
  void get_remote_ip_and_port(std::string& ip, int& port) const override {
    ip = "127.0.0.1";
    port = 0;
  }
  void get_local_ip_and_port(std::string& ip, int& port) const override {
    get_remote_ip_and_port(ip, port);
  }
  socket_t socket() const override { return socket_; }

  // True once there is something to read; false after kIdle, at a stop, or when the client left.
  bool wait_readable() const {
    if (next_ != end_) return true;
    const auto deadline = Clock::now() + kIdle;
    while (!stopping_ && Clock::now() < deadline) {
      pollfd waiting{socket_, POLLIN, 0};
      const int ready = ::poll(&waiting, 1, static_cast<int>(kPollSlice.count()));
      if (ready > 0) return (waiting.revents & POLLIN) != 0;
      if (ready < 0 && errno != EINTR) return false;
    }
    return false;
  }
  // Returns when the client has closed its side or at a stop.
  void wait_for_hangup() const {
    while (!stopping_) {
      pollfd waiting{socket_, POLLRDHUP, 0};
      if (::poll(&waiting, 1, static_cast<int>(kPollSlice.count())) != 0) return;
    }
  }
  // Sends what was written; only the head and half of the body where `truncated`.
  bool flush(bool truncated) {
    std::size_t size = out_.size();
    if (truncated) {
      const std::size_t body = out_.find("\r\n\r\n") + 4;
      size = body + (size - body) / 2;
    }
    std::size_t sent = 0;
    while (sent < size) {
      const ssize_t count = ::send(socket_, out_.data() + sent, size - sent, MSG_NOSIGNAL);
      if (count <= 0) return false;
      sent += static_cast<std::size_t>(count);
    }
    out_.clear();
    return true;
  }
  void reset_on_close() const {
    const linger hard{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  }

 private:
  const socket_t socket_;
  const std::atomic<bool>& stopping_;
  char buffer_[16384];
  std::size_t next_ = 0;
  std::size_t end_ = 0;
  std::string out_;
};

// What the handler wants done with the connection that this thread serves.
thread_local Wire wanted_wire = Wire::kSend;

bool is_loopback(const std::string& host) {
  in_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) == 1) {
    return (ntohl(address.s_addr) >> 24U) == 127U;
  }
  return host == "::1";
}

}  // namespace

struct Server::Impl : public httplib::Server {
  explicit Impl(sandbox::Server::Handler given) : handler(std::move(given)) {
    new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    set_payload_max_length(kMaxBody);
    set_tcp_nodelay(true);
    set_socket_options([](socket_t socket) {
      const int on = 1;  // not SO_REUSEPORT: a second sandbox on one port must fail
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    const auto serve = [this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
    };
    const char* const everything = R"([\s\S]*)";
    Get(everything, serve);
    Post(everything, serve);
    Put(everything, serve);
    Delete(everything, serve);
  }

  void answer(const httplib::Request& request, httplib::Response& response) const {
    Call call;
    call.method = request.method;
    call.target = request.target;
    call.body = request.body;
    call.content_type = request.get_header_value("Content-Type");
    call.authorization = request.get_header_value("Authorization");
    call.tier = request.get_header_value("Tier");
    const Reply reply = handler(call);
    response.status = reply.status;
    for (const auto& [name, value] : reply.headers) response.set_header(name, value);
    response.set_content(reply.body, reply.content_type);
    wanted_wire = reply.wire;
  }

  bool process_and_close_socket(socket_t socket) override {
    Connection connection(socket, stopping);
    bool open = true;
    while (open && connection.wait_readable()) {
      bool closed = false;
      wanted_wire = Wire::kSend;
      open = process_request(connection, false, closed, [&](httplib::Request& request) {
        read_get_body(request, connection);
      });
      open = finish(connection) && open && !closed;
    }
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return true;
  }

  // PortOne takes JSON bodies on GET, which cpp-httplib would leave in the connection.
  static void read_get_body(httplib::Request& request, Connection& connection) {
    if (request.method != "GET" || !request.has_header("Content-Length")) return;
    const auto length = request.get_header_value<std::uint64_t>("Content-Length");
    if (length > kMaxBody) return;
    request.body.resize(static_cast<std::size_t>(length));
    std::size_t got = 0;
    while (got < request.body.size()) {
      const ssize_t count = connection.read(request.body.data() + got, request.body.size() - got);
      if (count <= 0) return;
      got += static_cast<std::size_t>(count);
    }
  }

  // Sends the answer, or breaks the connection as the handler asked; whether it stays open.
  static bool finish(Connection& connection) {
    switch (wanted_wire) {
      case Wire::kSend:
        return connection.flush(false);
      case Wire::kTruncate:
        connection.flush(true);
        return false;
      case Wire::kReset:
        connection.reset_on_close();
        return false;
      case Wire::kHang:
        connection.wait_for_hangup();
        return false;
      case Wire::kClose:
        return false;
    }
    return false;
  }

  const sandbox::Server::Handler handler;
  std::atomic<bool> stopping{false};
  std::atomic<bool> ended{false};
  std::thread thread;
};

Server::Server(Handler handler) : impl_(std::make_unique<Impl>(std::move(handler))) {}
Server::~Server() { stop(); }

std::uint16_t Server::start(const std::string& host, std::uint16_t port) {
  if (!is_loopback(host)) {
    throw std::invalid_argument(host + " is not a loopback address");
  }
  const int bound =
      port == 0 ? impl_->bind_to_any_port(host) : (impl_->bind_to_port(host, port) ? port : -1);
  if (bound <= 0) {
    throw std::runtime_error("cannot listen on " + host + ":" + std::to_string(port));
  }
  impl_->thread = std::thread([this] {
    impl_->listen_after_bind();
    impl_->ended = true;
  });
  // A stop before the loop runs would be lost.
  while (!impl_->is_running() && !impl_->ended) std::this_thread::yield();
  return static_cast<std::uint16_t>(bound);
}

void Server::stop() {
  impl_->stopping = true;
  if (!impl_->thread.joinable()) return;
  impl_->httplib::Server::stop();
  impl_->thread.join();
}

bool Server::stopping() const { return impl_->stopping; }

}  // namespace reconciled::sandbox
