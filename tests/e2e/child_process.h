// A program that a test starts: its pid, its output in files, its end.
//
// Used from one thread, but `pid` and `signal`. Every wait polls and has a deadline; a deadline
// that passes throws, which fails the test. The destructor kills what still runs, by its pid.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace reconciled::e2e {

// Long enough for a slow machine with sanitizers; nothing waits this long in the good case.
inline constexpr std::chrono::seconds kPatience{90};

// Polls until `done`; throws std::runtime_error naming `what` when `patience` is over.
void wait_until(const std::string& what, const std::function<bool()>& done,
                std::chrono::milliseconds patience = kPatience);

struct Command {
  std::vector<std::string> arguments;                // the program first
  std::map<std::string, std::string> environment{};  // on top of the test's own
  // An open descriptor that becomes the child's number 3, with systemd's $LISTEN_* for it.
  std::optional<int> passed_socket{};
  std::string passed_name{};  // $LISTEN_FDNAMES
};

class ChildProcess {
 public:
  // Starts the program; standard output and error go to `output_prefix`.out and .err, appended.
  ChildProcess(const Command& command, std::string output_prefix);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void signal(int number) const;
  // The exit status, or 128 + the signal that ended it.
  int wait(std::chrono::milliseconds patience = kPatience);
  [[nodiscard]] bool is_running();
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;

 private:
  std::string prefix_;
  pid_t pid_ = -1;
  std::optional<int> status_;
};

struct Finished {
  int status = 0;
  std::string out;
  std::string err;
};
// Runs a program to its end.
[[nodiscard]] Finished run(const Command& command);

[[nodiscard]] std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text);

// Whether an assertion of the running test case has failed yet, or an exception is on its way.
[[nodiscard]] bool test_is_failing();

}  // namespace reconciled::e2e
