#include "tests/sandbox/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <thread>

namespace reconciled::sandbox {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kIdle{5'000};
constexpr std::chrono::milliseconds kPollSlice{50};  // how soon a stop is noticed
constexpr std::chrono::milliseconds kHeadTime{1'000};

}  // namespace

ssize_t Connection::read(char* target, size_t size) {
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

ssize_t Connection::write(const char* data, size_t size) {
  out_.append(data, size);
  return static_cast<ssize_t>(size);
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip = "127.0.0.1";
  port = 0;
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  get_remote_ip_and_port(ip, port);
}

bool Connection::wait_readable() const {
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

std::string Connection::peek_head() const {
  if (next_ != end_) return "";
  std::string head(sizeof buffer_, '\0');
  const auto deadline = Clock::now() + kHeadTime;
  while (!stopping_ && Clock::now() < deadline) {
    const ssize_t got = ::recv(socket_, head.data(), head.size(), MSG_PEEK | MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) return "";
    if (got > 0) {
      const std::size_t end = head.substr(0, static_cast<std::size_t>(got)).find("\r\n\r\n");
      if (end != std::string::npos) return head.substr(0, end + 2);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return "";
}

bool Connection::hung_up_within(std::chrono::milliseconds time) const {
  const auto deadline = Clock::now() + time;
  while (!stopping_) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting{socket_, POLLRDHUP, 0};
    if (::poll(&waiting, 1, static_cast<int>(std::min(left, kPollSlice).count())) != 0) return true;
  }
  return true;
}

void Connection::wait_for_hangup() const {
  while (!hung_up_within(kPollSlice)) {
  }
}

bool Connection::send_bytes(std::size_t from, std::size_t until) const {
  while (from < until) {
    const ssize_t count = ::send(socket_, out_.data() + from, until - from, MSG_NOSIGNAL);
    if (count <= 0) return false;
    from += static_cast<std::size_t>(count);
  }
  return true;
}

bool Connection::send_all() {
  const bool sent = send_bytes(0, out_.size());
  out_.clear();
  return sent;
}

bool Connection::send_half() {
  const std::size_t body = out_.find("\r\n\r\n") + 4;
  const bool sent = send_bytes(0, body + (out_.size() - body) / 2);
  out_.clear();
  return sent;
}

bool Connection::trickle(std::chrono::milliseconds interval) {
  for (std::size_t i = 0; i < out_.size(); ++i) {
    if (i > 0 && hung_up_within(interval)) return false;
    if (!send_bytes(i, i + 1)) return false;
  }
  out_.clear();
  return true;
}

void Connection::reset_on_close() const {
  const linger hard{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

}  // namespace reconciled::sandbox
