#include "tests/sandbox/server.h"

#include <arpa/inet.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "daemon/http/httplib_server.h"
#include "tests/sandbox/connection.h"

namespace reconciled::sandbox {
namespace {

constexpr std::size_t kThreads = 512;  // one a connection, kept alive ones included
constexpr std::size_t kMaxBody = 4 * 1024 * 1024;

// What the handler wants done with the connection that this thread serves; its body is empty.
thread_local Reply wanted;

// A request as its head tells it; nothing where the head is none.
std::optional<Call> read_head(const std::string& head) {
  std::istringstream lines(head);
  Call call;
  if (!(lines >> call.method >> call.target)) return std::nullopt;
  std::string line;
  const std::string name = "authorization: ";
  while (std::getline(lines, line)) {
    if (line.size() <= name.size() || ::strncasecmp(line.c_str(), name.c_str(), name.size()) != 0) {
      continue;
    }
    call.authorization = line.substr(name.size(), line.find('\r') - name.size());
  }
  return call;
}

bool is_loopback(const std::string& host) {
  in_addr address{};
  if (::inet_pton(AF_INET, host.c_str(), &address) == 1) {
    return (ntohl(address.s_addr) >> 24U) == 127U;
  }
  return host == "::1";
}

}  // namespace

struct Server::Impl : public http::HttplibServer {
  Impl(sandbox::Server::Handler given_handler, sandbox::Server::Gate given_gate)
      : handler(std::move(given_handler)), gate(std::move(given_gate)) {
    new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
    set_payload_max_length(kMaxBody);
    set_tcp_nodelay(true);
    set_socket_options([](socket_t socket) {
      const int on = 1;  // not SO_REUSEPORT: a second sandbox on one port must fail
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    });
    const auto handle = [this](const httplib::Request& request, httplib::Response& response) {
      answer(request, response);
    };
    const char* const everything = R"([\s\S]*)";
    Get(everything, handle);
    Post(everything, handle);
    Put(everything, handle);
    Delete(everything, handle);
  }

  void answer(const httplib::Request& request, httplib::Response& response) const {
    Call call;
    call.method = request.method;
    call.target = request.target;
    call.body = request.body;
    call.content_type = request.get_header_value("Content-Type");
    call.authorization = request.get_header_value("Authorization");
    call.tier = request.get_header_value("Tier");
    Reply reply = handler(call);
    response.status = reply.status;
    for (const auto& [name, value] : reply.headers) response.set_header(name, value);
    response.set_content(reply.body, reply.content_type);
    reply.body.clear();
    wanted = std::move(reply);
  }

  // Whether the next request is one that nobody is to read; returns when its client has left.
  bool left_unread(const Connection& connection) const {
    if (!gate.holds_any()) return false;
    const std::optional<Call> call = read_head(connection.peek_head());
    if (!call) return false;
    const std::shared_ptr<void> under_way = gate.hold(*call);
    if (!under_way) return false;
    connection.wait_for_hangup();
    return true;
  }

  bool process_and_close_socket(socket_t socket) override {
    Connection connection(socket, stopping);
    bool open = true;
    while (open && connection.wait_readable()) {
      if (left_unread(connection)) break;
      bool closed = false;
      wanted = Reply{};
      open = serve(connection, false, closed, [&](httplib::Request& request) {
        read_get_body(request, connection);
      });
      open = finish(connection) && open && !closed;
      wanted = Reply{};  // the call is over
    }
    ::shutdown(socket, SHUT_RDWR);
    ::close(socket);
    return true;
  }

  // PortOne takes JSON bodies on GET. cpp-httplib 0.11 would leave them in the connection, and 0.18
  // would wait for one that is read already: it is not told that there was any.
  static void read_get_body(httplib::Request& request, Connection& connection) {
    if (request.method != "GET" || !request.has_header("Content-Length")) return;
    const auto length = to_integer(request.get_header_value("Content-Length"));
    if (!length || *length < 0 || static_cast<std::size_t>(*length) > kMaxBody) return;
    request.body.resize(static_cast<std::size_t>(*length));
    std::size_t got = 0;
    while (got < request.body.size()) {
      const ssize_t count = connection.read(request.body.data() + got, request.body.size() - got);
      if (count <= 0) return;
      got += static_cast<std::size_t>(count);
    }
    request.headers.erase("Content-Length");
  }

  // Sends the answer, or breaks the connection as the handler asked; whether it stays open.
  static bool finish(Connection& connection) {
    switch (wanted.wire) {
      case Wire::kSend:
        return connection.send_all();
      case Wire::kTruncate:
        connection.send_half();
        return false;
      case Wire::kStall:
        if (connection.send_half()) connection.wait_for_hangup();
        return false;
      case Wire::kTrickle:
        return connection.trickle(wanted.interval);
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
  const sandbox::Server::Gate gate;
  std::atomic<bool> stopping{false};
  std::atomic<bool> ended{false};
  std::thread thread;
};

Server::Server(Handler handler, Gate gate)
    : impl_(std::make_unique<Impl>(std::move(handler), std::move(gate))) {}
Server::~Server() { stop(); }

std::uint16_t Server::start(const std::string& host, std::uint16_t port) {
  if (!is_loopback(host)) {
    throw std::invalid_argument(host + " is not a loopback address");
  }
  const int bound =
      port == 0 ? impl_->bind_to_any_port(host) : (impl_->bind_to_port(host, port) ? port : -1);
  if (bound <= 0 || !impl_->widen_backlog()) {
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
