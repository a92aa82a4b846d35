#include "tests/bench/receiver.h"

#include <asio/awaitable.hpp>
#include <asio/buffer.hpp>
#include <asio/co_spawn.hpp>
#include <asio/detached.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/read_until.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/write.hpp>
#include <atomic>
#include <string_view>
#include <thread>

namespace reconciled::bench {
namespace {

using asio::ip::tcp;

constexpr std::string_view kTaken = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

// The daemon's own client writes this header so.
std::size_t body_size(std::string_view head) {
  constexpr std::string_view kName = "Content-Length: ";
  const auto at = head.find(kName);
  return at == std::string_view::npos ? 0 : std::stoul(std::string(head.substr(at + kName.size())));
}

}  // namespace

struct Receiver::Parts {
  explicit Parts(std::chrono::milliseconds delay_each) : delay(delay_each) {
    asio::co_spawn(io, accept_all(), asio::detached);
    thread = std::thread([this] { io.run(); });
  }

  asio::awaitable<void> accept_all() {
    for (;;) {
      asio::co_spawn(io, serve(co_await acceptor.async_accept(asio::use_awaitable)),
                     asio::detached);
    }
  }

  // Ends with the exception that ends the connection.
  asio::awaitable<void> serve(tcp::socket socket) {
    std::string bytes;
    asio::steady_timer timer(io);
    for (;;) {
      const std::size_t head = co_await asio::async_read_until(socket, asio::dynamic_buffer(bytes),
                                                               "\r\n\r\n", asio::use_awaitable);
      const std::size_t size = head + body_size(std::string_view(bytes).substr(0, head));
      if (bytes.size() < size) {
        co_await asio::async_read(socket, asio::dynamic_buffer(bytes),
                                  asio::transfer_exactly(size - bytes.size()),
                                  asio::use_awaitable);
      }
      bytes.erase(0, size);
      if (delay.count() > 0) {
        timer.expires_after(delay);
        co_await timer.async_wait(asio::use_awaitable);
      }
      co_await asio::async_write(socket, asio::buffer(kTaken), asio::use_awaitable);
      ++taken;
    }
  }

  const std::chrono::milliseconds delay;
  asio::io_context io{1};
  tcp::acceptor acceptor{io, tcp::endpoint(asio::ip::address_v4::loopback(), 0)};
  std::atomic<std::uint64_t> taken{0};
  std::thread thread;
};

Receiver::Receiver(std::chrono::milliseconds delay) : parts_(std::make_unique<Parts>(delay)) {}

Receiver::~Receiver() {
  parts_->io.stop();
  parts_->thread.join();
}

std::string Receiver::lines() const {
  return "url = \"http://127.0.0.1:" + std::to_string(parts_->acceptor.local_endpoint().port()) +
         "/messages\"\nsecret = \"whsec_c2VjcmV0LW9mLXRoZS1zaG9wcy1iYWNrZW5k\"\n";
}

std::uint64_t Receiver::taken() const { return parts_->taken; }

}  // namespace reconciled::bench
