// One accepted connection: reads a request, has it answered, writes the answer, and again.
//
// Made by its loop and used on that loop's thread only. It reads nothing while a request is being
// answered, so a client that sends faster than we answer is held back by TCP. Every state has an
// absolute deadline, which the loop's sweep checks.
#pragma once

#include <asio/posix/stream_descriptor.hpp>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "daemon/http/chunked_body.h"
#include "daemon/http/client_address.h"
#include "daemon/http/edge.h"
#include "daemon/http/listener.h"
#include "daemon/http/loop.h"
#include "daemon/http/request_head.h"
#include "daemon/http/transport.h"

namespace reconciled::http {

class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(Loop& loop, Listener& listener, int fd, std::string peer_ip);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();
  void refuse_as_full();
  // The held exchange of that number ends; does nothing if it has ended already.
  void end_exchange(std::uint64_t exchange, std::optional<Response> instead);
  void check_deadline(Clock::time_point now);
  void begin_stop();  // closes if idle, else after the answer
  void close();

  std::size_t slot = 0;  // the loop's

 private:
  enum class State { kHandshake, kHead, kBody, kHeld, kWriting, kLingering, kClosed };
  enum class Step { kAgain, kWait };

  void wait(Transport::Outcome what);
  void on_ready();
  void shake_hands();
  void read_more();
  void advance();
  [[nodiscard]] Step take_head();
  [[nodiscard]] Step begin_body();
  [[nodiscard]] Step take_body();
  [[nodiscard]] bool send_continue();
  void hand_over();
  void hold(const std::function<void(Completion)>& work);
  void answer(Router::Rendered rendered);
  [[nodiscard]] Step flush();
  [[nodiscard]] Step after_answer();
  void refuse(int status, std::string_view reason);
  void linger();
  void discard();
  void enter(State state, std::chrono::milliseconds limit);

  Loop& loop_;
  Listener& listener_;
  asio::posix::stream_descriptor descriptor_;
  Transport transport_;
  const std::string peer_ip_;
  State state_ = State::kHead;
  Clock::time_point deadline_{};
  std::uint32_t wait_number_ = 0;  // a wait with an older number was given up
  bool idle_ = false;              // in kHead: no byte of a request yet, and not the first
  bool has_answered_ = false;
  bool refused_ = false;
  bool close_after_answer_ = false;
  std::uint64_t exchange_ = 0;
  std::string in_;   // received, not yet taken
  std::string out_;  // prepared or being written
  std::size_t written_ = 0;
  std::size_t discarded_ = 0;
  UnfinishedBytes unfinished_;
  RequestHead head_;
  std::optional<ChunkedBody> chunks_;
};

}  // namespace reconciled::http
