#include "tests/bench/load.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <optional>
#include <system_error>

namespace reconciled::bench {
namespace {

using Clock = std::chrono::steady_clock;

// How long answers that are under way at the end are waited for.
constexpr std::chrono::seconds kPatience{30};

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

sockaddr_in parse(const std::string& address) {
  const auto colon = address.rfind(':');
  sockaddr_in parsed{};
  parsed.sin_family = AF_INET;
  parsed.sin_port = htons(static_cast<std::uint16_t>(std::stoul(address.substr(colon + 1))));
  if (inet_pton(AF_INET, address.substr(0, colon).c_str(), &parsed.sin_addr) != 1) {
    fail("address");
  }
  return parsed;
}

// What is known of an answer that is arriving.
struct Arriving {
  std::string bytes;

  // The status, once the whole answer is here.
  [[nodiscard]] std::optional<int> status() const {
    const auto head = bytes.find("\r\n\r\n");
    if (head == std::string::npos) return std::nullopt;
    std::size_t length = 0;
    constexpr std::string_view kLength = "Content-Length: ";
    if (const auto at = bytes.find(kLength); at < head) {
      std::from_chars(bytes.data() + at + kLength.size(), bytes.data() + head, length);
    }
    if (bytes.size() < head + 4 + length) return std::nullopt;
    int code = 0;
    std::from_chars(bytes.data() + 9, bytes.data() + 12, code);
    return code;
  }
};

struct Connection {
  int fd = -1;
  std::string out;
  std::size_t written = 0;
  Arriving in;
  Clock::time_point sent{};
  std::uint64_t number = 0;
  bool busy = false;
};

class Load {
 public:
  explicit Load(const LoadPlan& plan)
      : plan_(plan), peer_(parse(plan.address)), epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    if (epoll_ < 0) fail("epoll_create1");
    connections_.resize(static_cast<std::size_t>(plan.connections));
  }
  ~Load() {
    for (const Connection& connection : connections_) {
      if (connection.fd >= 0) close(connection.fd);
    }
    close(epoll_);
  }
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;

  LoadResult run() {
    // One after the other, so that no server's backlog overflows.
    if (plan_.keep_alive) {
      for (Connection& connection : connections_) connect_anew(connection);
    }
    begin_ = Clock::now();
    end_ = begin_ + plan_.duration;
    for (std::size_t i = 0; i < connections_.size(); ++i) begin(i);
    std::array<epoll_event, 512> events{};
    while (Clock::now() < end_ + kPatience && (busy_ > 0 || !is_over())) {
      const int ready = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()),
                                   plan_.per_second > 0 ? 1 : 100);
      for (int i = 0; i < ready; ++i) handle(events[static_cast<std::size_t>(i)]);
      if (plan_.per_second > 0) {
        for (std::size_t i = 0; i < connections_.size(); ++i) {
          if (!connections_[i].busy) begin(i);
        }
      }
    }
    result_.seconds = std::chrono::duration<double>(last_ - begin_).count();
    result_.broken += busy_;
    std::sort(result_.latencies_us.begin(), result_.latencies_us.end());
    return std::move(result_);
  }

 private:
  [[nodiscard]] bool is_over() const { return exhausted_ || Clock::now() >= end_; }

  [[nodiscard]] bool is_due() const {
    if (plan_.per_second <= 0) return true;
    const double elapsed = std::chrono::duration<double>(Clock::now() - begin_).count();
    return static_cast<double>(begun_) < elapsed * plan_.per_second;
  }

  void connect_anew(Connection& connection) {
    connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection.fd < 0) fail("socket");
    const int on = 1;
    setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(connection.fd, reinterpret_cast<const sockaddr*>(&peer_), sizeof peer_) != 0) {
      fail("connect");
    }
    fcntl(connection.fd, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLET;
    event.data.u64 = static_cast<std::uint64_t>(&connection - connections_.data());
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event) != 0) fail("epoll_ctl");
  }

  void begin(std::size_t index) {
    Connection& connection = connections_[index];
    if (is_over() || !is_due()) return;
    const std::string_view bytes = plan_.next();
    if (bytes.empty()) {
      exhausted_ = true;
      return;
    }
    connection.out = bytes;
    connection.written = 0;
    connection.in.bytes.clear();
    connection.busy = true;
    connection.sent = Clock::now();
    connection.number = begun_;
    ++busy_;
    ++begun_;
    if (connection.fd < 0) connect_anew(connection);
    write(connection);
  }

  void write(Connection& connection) {
    while (connection.written < connection.out.size()) {
      const auto sent = send(connection.fd, connection.out.data() + connection.written,
                             connection.out.size() - connection.written, MSG_NOSIGNAL);
      if (sent < 0) return;  // full or broken: epoll will tell
      connection.written += static_cast<std::size_t>(sent);
    }
  }

  void handle(const epoll_event& event) {
    const auto index = static_cast<std::size_t>(event.data.u64);
    Connection& connection = connections_[index];
    if (connection.busy) write(connection);
    std::array<char, 16'384> buffer{};
    for (;;) {
      const auto got = recv(connection.fd, buffer.data(), buffer.size(), 0);
      if (got > 0) {
        connection.in.bytes.append(buffer.data(), static_cast<std::size_t>(got));
        continue;
      }
      const bool is_open = got < 0 && errno == EAGAIN;
      const std::optional<int> status = connection.busy ? connection.in.status() : std::nullopt;
      if (status) finish(connection, *status);
      if (!is_open || (status && !plan_.keep_alive)) drop(connection);
      if (!connection.busy) begin(index);
      return;
    }
  }

  void finish(Connection& connection, int status) {
    last_ = Clock::now();
    connection.busy = false;
    --busy_;
    if (plan_.answered) plan_.answered(connection.number, status);
    if (status >= 200 && status < 400) {
      ++result_.accepted;
      const auto spent =
          std::chrono::duration_cast<std::chrono::microseconds>(last_ - connection.sent);
      result_.latencies_us.push_back(static_cast<std::uint32_t>(spent.count()));
    } else if (status == 503) {
      ++result_.refused;
    } else {
      ++result_.other;
    }
  }

  void drop(Connection& connection) {
    close(connection.fd);
    connection.fd = -1;
    if (!connection.busy) return;
    connection.busy = false;
    --busy_;
    ++result_.broken;
  }

  const LoadPlan& plan_;
  sockaddr_in peer_;
  int epoll_;
  std::vector<Connection> connections_;
  Clock::time_point begin_{};
  Clock::time_point end_{};
  Clock::time_point last_{};
  std::uint64_t busy_ = 0;
  std::uint64_t begun_ = 0;
  bool exhausted_ = false;
  LoadResult result_;
};

}  // namespace

double LoadResult::percentile_ms(double percent) const {
  if (latencies_us.empty()) return 0;
  const double rank = std::ceil(percent / 100.0 * static_cast<double>(latencies_us.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return static_cast<double>(latencies_us[std::min(index, latencies_us.size() - 1)]) / 1000.0;
}

LoadResult run_load(const LoadPlan& plan) { return Load(plan).run(); }

}  // namespace reconciled::bench
