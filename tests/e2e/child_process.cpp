#include "tests/e2e/child_process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "tests/support/temporary_folder.h"

namespace reconciled::e2e {
namespace {

using namespace std::chrono_literals;

std::atomic<bool> assertion_failed{false};

// Remembers failures, so that fixtures show the logs of a failed test and no others.
struct FailureListener : doctest::IReporter {
  explicit FailureListener(const doctest::ContextOptions&) {}
  void report_query(const doctest::QueryData&) override {}
  void test_run_start() override {}
  void test_run_end(const doctest::TestRunStats&) override {}
  void test_case_start(const doctest::TestCaseData&) override { assertion_failed = false; }
  void test_case_reenter(const doctest::TestCaseData&) override {}
  void test_case_end(const doctest::CurrentTestCaseStats&) override {}
  void test_case_exception(const doctest::TestCaseException&) override {}
  void subcase_start(const doctest::SubcaseSignature&) override {}
  void subcase_end() override {}
  void log_assert(const doctest::AssertData& data) override {
    if (data.m_failed) assertion_failed = true;
  }
  void log_message(const doctest::MessageData&) override {}
  void test_case_skipped(const doctest::TestCaseData&) override {}
};
DOCTEST_REGISTER_LISTENER("failures", 1, FailureListener);

std::vector<std::string> environment_of(const Command& command) {
  std::map<std::string, std::string> all;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text = *entry;
    const auto equals = text.find('=');
    all[text.substr(0, equals)] = text.substr(equals + 1);
  }
  for (const auto& [name, value] : command.environment) all[name] = value;
  if (command.passed_socket) {
    all["LISTEN_FDS"] = "1";
    all["LISTEN_FDNAMES"] = command.passed_name;
  }
  std::vector<std::string> lines;
  for (const auto& [name, value] : all) lines.push_back(name + "=" + value);
  return lines;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (std::string& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

// Writes the decimal `number` behind the `=` of `line`. Between fork and exec nothing may allocate.
void put_number(char* line, long number) {
  char digits[24];
  int count = 0;
  do {
    digits[count++] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number > 0);
  char* at = std::strchr(line, '=') + 1;
  while (count > 0) *at++ = digits[--count];
  *at = '\0';
}

}  // namespace

void wait_until(const std::string& what, const std::function<bool()>& done,
                std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  auto pause = 2ms;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) {
      throw std::runtime_error("waited in vain until " + what);
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, 50ms);
  }
}

ChildProcess::ChildProcess(const Command& command, std::string output_prefix)
    : prefix_(std::move(output_prefix)) {
  auto arguments = command.arguments;
  auto environment = environment_of(command);
  // $LISTEN_PID is known in the child alone: room for it, filled in there.
  if (command.passed_socket) environment.push_back("LISTEN_PID=" + std::string(24, '0'));
  auto argv = pointers(arguments);
  auto envp = pointers(environment);
  const int out = open((prefix_ + ".out").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const int err = open((prefix_ + ".err").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (out < 0 || err < 0) throw std::runtime_error("cannot write to " + prefix_);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("fork");
  if (pid_ == 0) {
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    if (command.passed_socket) {
      if (*command.passed_socket == 3) {
        fcntl(3, F_SETFD, 0);
      } else {
        dup2(*command.passed_socket, 3);
      }
      put_number(environment.back().data(), getpid());
    }
    execvpe(argv[0], argv.data(), envp.data());
    _exit(127);
  }
  close(out);
  close(err);
}

ChildProcess::~ChildProcess() {
  if (!is_running()) return;
  ::kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
}

void ChildProcess::signal(int number) const {
  if (!status_) ::kill(pid_, number);
}

bool ChildProcess::is_running() {
  if (status_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

int ChildProcess::wait(std::chrono::milliseconds patience) {
  wait_until(
      "process " + std::to_string(pid_) + " ends", [this] { return !is_running(); }, patience);
  return *status_;
}

std::string ChildProcess::out() const { return read_file(prefix_ + ".out"); }
std::string ChildProcess::err() const { return read_file(prefix_ + ".err"); }

Finished run(const Command& command) {
  const test::TemporaryFolder folder;
  ChildProcess process(command, folder / "run");
  const int status = process.wait();
  return {status, process.out(), process.err()};
}

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write_file(const std::string& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

bool test_is_failing() { return assertion_failed || std::uncaught_exceptions() > 0; }

}  // namespace reconciled::e2e
