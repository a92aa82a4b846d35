// Under a service manager: readiness, watchdog, reload, and sockets that it opened.
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/e2e/rig.h"
#include "tests/support/raw_socket.h"

using namespace reconciled::e2e;
using reconciled::test::RawSocket;

namespace {

// Where the daemon's sd_notify messages arrive.
class NotifySocket {
 public:
  explicit NotifySocket(std::string path)
      : path_(std::move(path)), fd_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  ~NotifySocket() { close(fd_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  // The next message that has `line`; those before it are passed over.
  std::string wait_for(const std::string& line) {
    std::string message;
    wait_until("the daemon notifies " + line, [&] {
      pollfd ready{fd_, POLLIN, 0};
      if (poll(&ready, 1, 0) != 1) return false;
      char text[4096];
      const auto size = recv(fd_, text, sizeof text, 0);
      message.assign(text, size < 0 ? 0 : static_cast<std::size_t>(size));
      return ("\n" + message + "\n").find("\n" + line) != std::string::npos;
    });
    return message;
  }

 private:
  std::string path_;
  int fd_;
};

class ListeningSocket {
 public:
  ListeningSocket() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(listen(fd_, 64) == 0);
    REQUIRE(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
  }
  ~ListeningSocket() { close(fd_); }
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

Settings with(const SandboxProcess& portone) {
  Settings settings;
  settings.sandbox_url = portone.base_url();
  return settings;
}

}  // namespace

TEST_CASE("systemd: ready after listening, alive while it works, and stopping when told") {
  const reconciled::test::TemporaryFolder folder;
  SandboxProcess portone(folder.text());
  NotifySocket notify(folder / "notify");
  Command extra;
  extra.environment = {{"NOTIFY_SOCKET", notify.path()}, {"WATCHDOG_USEC", "300000"}};
  DaemonProcess daemon(folder.text(), with(portone), extra);
  notify.wait_for("READY=1");
  CHECK(daemon.get("/readyz").status == 200);
  for (int beat = 0; beat < 3; ++beat) notify.wait_for("WATCHDOG=1");
  daemon.process().signal(SIGHUP);
  CHECK(notify.wait_for("RELOADING=1").find("MONOTONIC_USEC=") != std::string::npos);
  notify.wait_for("READY=1");
  notify.wait_for("WATCHDOG=1");
  CHECK(daemon.stop() == 0);
  notify.wait_for("STOPPING=1");
}

TEST_CASE("systemd: a socket that it opened refuses nobody, not even while we are away") {
  const reconciled::test::TemporaryFolder folder;
  SandboxProcess portone(folder.text());
  const ListeningSocket socket;
  const Endpoint passed{socket.address()};
  const auto send = [&](const std::string& id) {
    RawSocket client = RawSocket::tcp(socket.port());
    client.send(
        bytes_of(passed, v2_webhook("Transaction.Paid", id, "tx-" + id, {.id = "msg_" + id})));
    return client;
  };
  RawSocket early = send("early");
  Command extra;
  extra.passed_socket = socket.fd();
  extra.passed_name = "webhook";
  DaemonProcess daemon(folder.text(), with(portone), extra);
  CHECK(daemon.webhook().address == socket.address());
  CHECK(parse_answer(early.read_to_end(kPatience)).status == 200);
  CHECK(daemon.stop() == 0);
  RawSocket between = send("between");
  daemon.start();
  CHECK(parse_answer(between.read_to_end(kPatience)).status == 200);
  CHECK(daemon.sqlite("SELECT payment_id FROM event ORDER BY event_id") == "early\nbetween\n");
  CHECK(daemon.get("/healthz").status == 200);  // the other listeners opened their own
}

TEST_CASE("systemd: log lines carry priorities for the journal") {
  const reconciled::test::TemporaryFolder folder;
  SandboxProcess portone(folder.text());
  Settings settings = with(portone);
  const std::string config = folder / "c.toml";
  write_file(config, toml_of(settings, folder / "r.db"));
  // $JOURNAL_STREAM names the device and inode of standard error.
  const std::string script = "exec 2> " + (folder / "journal") +
                             "; export JOURNAL_STREAM=$(stat -Lc %d:%i /proc/self/fd/2);"
                             " exec " RECONCILED_BINARY " --config " +
                             config + " serve";
  ChildProcess daemon({{"sh", "-c", script}}, folder / "daemon");
  wait_until("the daemon is ready",
             [&] { return read_file(folder / "journal").find("ready\n") != std::string::npos; });
  daemon.signal(SIGTERM);
  CHECK(daemon.wait() == 0);
  const std::string journal = read_file(folder / "journal");
  CHECK(journal.starts_with("<6>"));
  CHECK(journal.find("\n<6>info ready\n") != std::string::npos);
}
