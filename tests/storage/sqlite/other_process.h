// A second process that does as it is told, letter by letter; made before the test opens anything,
// as SQLite does not let connections cross a fork.
#pragma once

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <functional>

namespace reconciled::test {

class OtherProcess {
 public:
  // `obey` runs in the other process for each letter; what it returns is the answer.
  explicit OtherProcess(const std::function<char(char)>& obey) {
    int to[2];
    int from[2];
    REQUIRE(::pipe(to) == 0);
    REQUIRE(::pipe(from) == 0);
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) {
      ::close(to[1]);
      ::close(from[0]);
      char letter = 0;
      while (::read(to[0], &letter, 1) == 1) {
        const char answer = obey(letter);
        if (::write(from[1], &answer, 1) != 1) break;
      }
      ::_exit(0);
    }
    ::close(to[0]);
    ::close(from[1]);
    in_ = from[0];
    out_ = to[1];
  }
  ~OtherProcess() { end(); }
  OtherProcess(const OtherProcess&) = delete;
  OtherProcess& operator=(const OtherProcess&) = delete;

  char tell(char letter) {
    char answer = 0;
    REQUIRE(::write(out_, &letter, 1) == 1);
    REQUIRE(::read(in_, &answer, 1) == 1);
    return answer;
  }
  void end() {
    if (pid_ <= 0) return;
    ::close(out_);
    ::close(in_);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  // What it does with the letter ends it.
  void tell_its_last(char letter) {
    char answer = 0;
    REQUIRE(::write(out_, &letter, 1) == 1);
    CHECK(::read(in_, &answer, 1) == 0);
    end();
  }
  // Ends it without a chance to tidy up.
  void die() {
    ::kill(pid_, SIGKILL);
    end();
  }

 private:
  pid_t pid_ = 0;
  int in_ = -1;
  int out_ = -1;
};

}  // namespace reconciled::test
