#include "daemon/runtime/log_queue.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

#include "tests/support/temporary_folder.h"

using namespace reconciled;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

class Pipe {
 public:
  Pipe() { REQUIRE(::pipe2(ends_.data(), O_CLOEXEC) == 0); }
  // The thread of a queue that nobody reads is left to itself, and may be writing still.
  ~Pipe() { close_reader(); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  [[nodiscard]] int writer() const { return ends_[1]; }
  void close_reader() {
    if (ends_[0] >= 0) ::close(ends_[0]);
    ends_[0] = -1;
  }
  // At least `bytes` of what was written.
  std::string read(std::size_t bytes) {
    std::string text;
    while (text.size() < bytes) {
      char part[65536];
      const ssize_t count = ::read(ends_[0], part, sizeof part);
      REQUIRE(count > 0);
      text.append(part, static_cast<std::size_t>(count));
    }
    return text;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

std::string line(int number) { return "line " + std::to_string(number) + "\n"; }

}  // namespace

TEST_CASE("log queue: lines leave in their order") {
  Pipe pipe;
  std::string expected;
  {
    LogQueue queue(pipe.writer());
    for (int i = 0; i < 1'000; ++i) {
      queue.put(line(i));
      expected += line(i);
    }
    CHECK(queue.flush(10s));
  }
  CHECK(pipe.read(expected.size()) == expected);
}

TEST_CASE("log queue: nobody waits for a pipe that nobody reads, and what is lost is counted") {
  Pipe pipe;
  const auto began = Clock::now();
  {
    LogQueue queue(pipe.writer());
    for (int i = 0; i < 100'000; ++i) queue.put(line(i));
    CHECK_FALSE(queue.flush(1ms));
    CHECK(queue.dropped() >= 100'000 - LogQueue::kMaxLines - 65536 / 7);
  }
  // The end did not wait either.
  CHECK(Clock::now() - began < 10s);
  CHECK(pipe.read(7).starts_with(line(0)));
}

TEST_CASE("log queue: a reader that comes back gets the next lines") {
  Pipe pipe;
  LogQueue queue(pipe.writer());
  for (int i = 0; i < 100'000; ++i) queue.put(line(i));
  std::thread reader([&] {
    std::string text;
    while (text.find("back\n") == std::string::npos) text += pipe.read(1);
  });
  while (!queue.flush(1s)) {
  }
  queue.put("back\n");
  reader.join();
}

TEST_CASE("log queue: what is queued is bounded in bytes, too") {
  Pipe pipe;
  LogQueue queue(pipe.writer());
  const std::string large(64 * 1024, 'a');
  for (int i = 0; i < 100; ++i) queue.put(large);
  CHECK(queue.dropped() >= 100 - LogQueue::kMaxBytes / large.size() - 2);
}

TEST_CASE("log queue: a reader that has gone, a full disk and a closed descriptor are survived") {
  Pipe pipe;
  pipe.close_reader();
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  for (const int fd : {pipe.writer(), full, 1'000'000}) {
    LogQueue queue(fd);
    queue.put("one\n");
    CHECK(queue.flush(10s));
    queue.put("two\n");
    CHECK(queue.flush(10s));
    CHECK(queue.dropped() == 2);
  }
  ::close(full);
}

TEST_CASE("log queue: a descriptor that another process made non-blocking loses nothing") {
  Pipe pipe;
  REQUIRE(::fcntl(pipe.writer(), F_SETFL, O_NONBLOCK) == 0);
  std::string expected;
  {
    LogQueue queue(pipe.writer());
    for (int i = 0; i < 8'000; ++i) {
      expected += line(i) + std::string(20, '.') + "\n";
      queue.put(line(i) + std::string(20, '.') + "\n");
    }
    CHECK(pipe.read(expected.size()) == expected);
    CHECK(queue.dropped() == 0);
  }
}
