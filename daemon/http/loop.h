// One event loop of the edge: a thread, its connections, and the answers that others complete.
//
// Everything but `adopt`, `begin_stop`, the mailbox and the counters belongs to the loop's own
// thread. Deadlines are found by one sweep over all connections every kSweep: at this resolution
// it costs less than a timer per request.
#pragma once

#include <array>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/http/exchange.h"

namespace reconciled::http {

class Connection;
struct Listener;
using Clock = std::chrono::steady_clock;

// The end of a held exchange, on its way to the loop that holds it.
struct Ending {
  std::weak_ptr<Connection> connection;
  std::uint64_t exchange = 0;       // ignored if the connection is at another one by now
  std::optional<Response> instead;  // nothing: the prepared answer
};

// Where other threads put endings; outlives the loop for those who still hold a completion. A
// group commit fills it with one wake-up of the loop.
class Mailbox {
 public:
  explicit Mailbox(asio::io_context& io) : io_(&io) {}
  void put(Ending ending);
  void close();  // later endings are thrown away

 private:
  void deliver();

  std::mutex mutex_;
  asio::io_context* io_;
  std::vector<Ending> endings_;
  std::vector<Ending> delivering_;  // the loop's thread only
};

class Loop {
 public:
  static constexpr std::chrono::milliseconds kSweep{100};

  Loop(int index, std::function<void(int)> tick);
  ~Loop();

  void start();
  // Asks the loop to end its connections by `deadline` and then itself; then join.
  void begin_stop(Clock::time_point deadline);
  void join();

  // Takes over the socket, from any thread. `full`: only to be told so.
  void adopt(int fd, Listener& listener, std::string peer_ip, bool full);

  [[nodiscard]] asio::io_context& io() { return io_; }
  [[nodiscard]] const std::shared_ptr<Mailbox>& mailbox() const { return mailbox_; }
  [[nodiscard]] bool stopping() const { return stopping_; }
  [[nodiscard]] std::array<char, 32768>& scratch() { return scratch_; }
  void forget(Connection& connection);

  struct Counters {
    std::atomic<std::uint64_t> connections{0};
    std::atomic<std::uint64_t> accepted{0};
    std::atomic<std::uint64_t> requests{0};
    std::atomic<std::uint64_t> refused{0};
  };
  Counters counters;

 private:
  void run();
  void arm_sweep();
  void sweep();
  void end_if_empty();

  int index_;
  std::function<void(int)> tick_;
  asio::io_context io_;
  asio::executor_work_guard<asio::io_context::executor_type> work_;
  asio::steady_timer sweep_timer_;
  std::shared_ptr<Mailbox> mailbox_;
  std::vector<std::shared_ptr<Connection>> connections_;
  std::array<char, 32768> scratch_;
  Clock::time_point next_tick_{};
  bool stopping_ = false;
  Clock::time_point stop_deadline_{};
  std::thread thread_;
};

}  // namespace reconciled::http
