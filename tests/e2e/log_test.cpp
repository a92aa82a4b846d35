// Whoever reads the log stops reading: nobody who is answered waits for it.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

using Clock = std::chrono::steady_clock;

// A daemon whose standard error goes to `redirection` of a shell; its listeners are Unix sockets,
// since nobody can read their ports.
class MuteDaemon {
 public:
  explicit MuteDaemon(const std::string& redirection)
      : portone(folder.text()), process_(make(redirection)) {
    wait_until("the daemon is ready", [&] {
      if (!process_->is_running()) throw std::runtime_error("the daemon ended");
      try {
        return ask(admin, {"GET", "/readyz"}).status == 200;
      } catch (const std::exception&) {
        return false;  // it does not listen yet
      }
    });
  }

  reconciled::test::TemporaryFolder folder;
  SandboxProcess portone;
  const Endpoint webhook{"unix:" + (folder / "webhook.sock")};
  const Endpoint admin{"unix:" + (folder / "admin.sock")};

  [[nodiscard]] ChildProcess& process() { return *process_; }
  [[nodiscard]] double metric(const std::string& name) const {
    const std::string text = ask(admin, {"GET", "/metrics"}).body;
    const auto at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }
  // Each is refused, which at this level is a line of the log, and each is answered.
  void log_much(int lines) const {
    const Call wrong = v2_webhook("Transaction.Paid", "o", "t", {.secret = "whsec_AAAA"});
    for (int i = 0; i < lines; ++i) REQUIRE(ask(webhook, wrong).status == 401);
  }

 private:
  std::unique_ptr<ChildProcess> make(const std::string& redirection) {
    Settings settings;
    settings.sandbox_url = portone.base_url();
    settings.webhook_listen = webhook.address;
    settings.redirect_listen = "unix:" + (folder / "redirect.sock");
    settings.admin_listen = admin.address;
    write_file(folder / "c.toml", toml_of(settings, folder / "r.db"));
    return std::make_unique<ChildProcess>(
        Command{{"sh", "-c", "exec \"$0\" --config \"$1\" serve 2" + redirection, RECONCILED_BINARY,
                 folder / "c.toml", folder.text()}},
        folder / "daemon");
  }

  std::unique_ptr<ChildProcess> process_;
};

}  // namespace

TEST_CASE(
    "log: a pipe that nobody reads makes nobody wait, is told, and is no reason not to stop") {
  const reconciled::test::TemporaryFolder pipes;
  const std::string path = pipes / "log";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const int reader = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  REQUIRE(fcntl(reader, F_SETPIPE_SZ, 4096) > 0);
  MuteDaemon daemon(">" + path);
  CHECK(daemon.metric("reconciled_log_dropped_total") == 0);

  daemon.log_much(9'000);  // more than the queue holds
  CHECK(ask(daemon.webhook, v2_webhook("Transaction.Paid", "o", "t", {.id = "good"})).status ==
        200);
  CHECK(daemon.metric("reconciled_log_dropped_total") > 0);
  wait_until("the warning stands",
             [&] { return daemon.metric("reconciled_warning{kind=\"log\"}") == 1; });

  SUBCASE("it stops while the pipe is stuck") {
    const auto began = Clock::now();
    daemon.process().signal(SIGTERM);
    CHECK(daemon.process().wait() == 0);
    CHECK(Clock::now() - began < std::chrono::seconds(2));  // half of it, on an idle machine
  }
  SUBCASE("somebody reads again, and the warning goes") {
    std::string text;
    wait_until("the warning goes", [&] {
      char part[65536];
      for (ssize_t count = 0; (count = read(reader, part, sizeof part)) > 0;) {
        text.append(part, static_cast<std::size_t>(count));
      }
      return text.find("warning ends kind=log") != std::string::npos;
    });
    CHECK(text.find("info ready\n") != std::string::npos);
    CHECK(text.find("log lines were dropped lines=") != std::string::npos);
    CHECK(daemon.metric("reconciled_warning{kind=\"log\"}") == 0);
    daemon.process().signal(SIGTERM);
    CHECK(daemon.process().wait() == 0);
    char part[65536];
    const ssize_t last = read(reader, part, sizeof part);
    CHECK(std::string(part, last < 0 ? 0 : static_cast<std::size_t>(last))
              .ends_with("info stopped\n"));
  }
  close(reader);
}

TEST_CASE("log: a full disk and a closed standard error are survived and told") {
  for (const char* redirection : {">/dev/full", ">&-"}) {
    CAPTURE(redirection);
    MuteDaemon daemon(redirection);
    daemon.log_much(1);
    CHECK(ask(daemon.webhook, v2_webhook("Transaction.Paid", "o", "t")).status == 200);
    wait_until("the warning stands",
               [&] { return daemon.metric("reconciled_warning{kind=\"log\"}") == 1; });
    CHECK(daemon.metric("reconciled_log_dropped_total") > 0);
    // What would have gone to the log stands in no other file.
    CHECK(read_file(daemon.folder / "r.db").find("info ready") == std::string::npos);
    daemon.process().signal(SIGTERM);
    CHECK(daemon.process().wait() == 0);
  }
}

TEST_CASE("log: a faulty file is told to a stuck log without standing still") {
  const reconciled::test::TemporaryFolder pipes;
  const std::string path = pipes / "log";
  REQUIRE(mkfifo(path.c_str(), 0600) == 0);
  const int reader = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  REQUIRE(reader >= 0);
  REQUIRE(fcntl(reader, F_SETPIPE_SZ, 4096) > 0);
  MuteDaemon daemon(">" + path);
  daemon.log_much(100);
  std::string faulty;
  for (int i = 0; i < 1'000; ++i) faulty += "key_" + std::to_string(i) + " = 1\n";
  write_file(daemon.folder / "c.toml", faulty);
  daemon.process().signal(SIGHUP);
  const auto began = Clock::now();
  daemon.process().signal(SIGTERM);
  CHECK(daemon.process().wait() == 0);
  CHECK(Clock::now() - began < std::chrono::seconds(5));
  close(reader);
}
