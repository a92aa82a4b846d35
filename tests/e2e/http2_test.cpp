// Our client before a real server that offers HTTP/2.
#include <doctest/doctest.h>

#include <poll.h>

#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "daemon/http/client.h"
#include "tests/e2e/nginx.h"
#include "tests/support/listening_socket.h"

using namespace reconciled;
using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

// `/slow` takes 2 s for its body.
NginxSite site(const test::TemporaryFolder& folder) {
  write_file(folder / "slow", std::string(20'000, 'x'));
  NginxSite made;
  made.offers_http2 = true;
  made.server_lines = "location = /quick { return 200 quick; }\n"
                      "location = /slow { root " + folder.text() + "; limit_rate 10k; }\n";
  return made;
}

// Calls in flight at once, on one thread.
class Calls {
 public:
  explicit Calls(const Nginx& nginx) : Calls(nginx, nginx.endpoint().address, {}) {}
  // By another way, with other limits.
  Calls(const Nginx& nginx, const std::string& address, http::ClientOptions options) {
    options.base_url = "https://" + address;
    options.ca_file = nginx.endpoint().ca_file;
    upstream_ = std::make_shared<http::Upstream>(options);
  }

  void send(const std::string& target) {
    ++under_way_;
    loop_.send(upstream_, {"GET", target, {}, {}, {}}, [this](http::ClientResult result) {
      --under_way_;
      const bool is_answer = result.ok() && result.value().status == 200;
      is_answer ? ++answered_ : ++failed_;
      if (!result.ok()) faults_.insert(std::string(to_word(result.error().fault)));
    });
  }
  // Until so many are left.
  void run(int left = 0) {
    const auto end = Clock::now() + 20s;
    while (under_way_ > left && Clock::now() < end) loop_.run_once(20ms);
    REQUIRE(under_way_ <= left);
  }
  void abort() { loop_.abort(); }
  [[nodiscard]] int answered() const { return answered_; }
  [[nodiscard]] int failed() const { return failed_; }
  [[nodiscard]] const std::set<std::string>& faults() const { return faults_; }

 private:
  std::shared_ptr<const http::Upstream> upstream_;
  int under_way_ = 0;
  int answered_ = 0;
  int failed_ = 0;
  std::set<std::string> faults_;
  http::ClientLoop loop_;  // ends first
};

// Between us and the server. Of its connections the first one stops at `stop`: it takes what we
// send, and passes nothing on.
class Way {
 public:
  explicit Way(std::uint16_t server) : server_(server), thread_([this] { carry(); }) {}
  ~Way() {
    ending_ = true;
    thread_.join();
  }
  [[nodiscard]] std::string address() const {
    return "127.0.0.1:" + std::to_string(listening_.port());
  }
  void stop() { is_first_stopped_ = true; }

 private:
  struct Pair {
    test::RawSocket ours;
    test::RawSocket theirs;
  };

  void carry() {
    std::vector<Pair> pairs;
    while (!ending_) {
      std::vector<pollfd> ready{{listening_.fd(), POLLIN, 0}};
      for (const Pair& pair : pairs) {
        ready.push_back({pair.ours.fd(), POLLIN, 0});
        ready.push_back({pair.theirs.fd(), POLLIN, 0});
      }
      poll(ready.data(), ready.size(), 20);
      for (std::size_t i = 0; i < pairs.size(); ++i) {
        const bool goes_on = i > 0 || !is_first_stopped_;
        if (ready[1 + 2 * i].revents != 0) pass(pairs[i].ours, pairs[i].theirs, goes_on);
        if (ready[2 + 2 * i].revents != 0) pass(pairs[i].theirs, pairs[i].ours, goes_on);
      }
      if (ready[0].revents != 0) {
        pairs.push_back({listening_.accept_one(), test::RawSocket::tcp(server_)});
      }
    }
  }
  static void pass(const test::RawSocket& from, test::RawSocket& to, bool goes_on) {
    char bytes[16'384];
    const ssize_t size = recv(from.fd(), bytes, sizeof bytes, 0);
    if (size > 0 && goes_on) to.send({bytes, static_cast<std::size_t>(size)});
    if (size <= 0) shutdown(to.fd(), SHUT_RDWR);
  }

  const std::uint16_t server_;  // its port
  test::ListeningSocket listening_;
  std::atomic<bool> is_first_stopped_{false};
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

std::set<std::string> connections_of(const Nginx& nginx) {
  std::set<std::string> all;
  for (const Nginx::Served& one : nginx.served()) {
    CHECK(one.protocol == "HTTP/2.0");
    all.insert(one.connection);
  }
  return all;
}

}  // namespace

TEST_CASE("http2: 128 calls at once share connections, and a slow one holds up none") {
  const test::TemporaryFolder folder;
  const Nginx nginx(site(folder));
  Calls calls(nginx);
  const auto begun = Clock::now();
  calls.send("/slow");
  for (int i = 0; i < 128; ++i) calls.send("/quick");
  calls.run(1);
  CHECK(calls.answered() == 128);
  CHECK(Clock::now() - begun < 1s);
  for (int i = 0; i < 128; ++i) calls.send("/quick");
  calls.run();
  CHECK(calls.answered() == 257);
  // nginx carries 128 at once on each.
  CHECK(connections_of(nginx).size() <= 2);
}

TEST_CASE("http2: a server that closes after so many requests costs no call") {
  const test::TemporaryFolder folder;
  NginxSite closing = site(folder);
  closing.server_lines += "keepalive_requests 50;\n";
  const Nginx nginx(closing);
  Calls calls(nginx);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 64; ++i) calls.send("/quick");
    calls.run();
  }
  CHECK(calls.answered() == 640);
  CHECK(connections_of(nginx).size() >= 12);
}

TEST_CASE("http2: an abort, and a server that goes, end every call in flight") {
  const test::TemporaryFolder folder;
  Nginx nginx(site(folder));
  for (const bool is_server : {false, true}) {
    CAPTURE(is_server);
    Calls calls(nginx);
    calls.send("/quick");
    calls.run();
    for (int i = 0; i < 16; ++i) calls.send("/slow");
    calls.send("/quick");
    calls.run(16);
    const auto begun = Clock::now();
    is_server ? nginx.stop() : calls.abort();
    calls.run();
    CHECK(Clock::now() - begun < 1s);
    CHECK(calls.failed() == 16);
    CHECK(calls.faults() == std::set<std::string>{to_word(http::ClientFault::kBroken).data()});
  }
}

TEST_CASE("http2: a connection that hangs takes no later call along") {
  const test::TemporaryFolder folder;
  const Nginx nginx(site(folder));
  Way way(nginx.port());
  http::ClientOptions limits;
  limits.read_timeout = 500ms;
  Calls calls(nginx, way.address(), limits);
  calls.send("/quick");
  calls.run();
  way.stop();
  for (int i = 0; i < 4; ++i) calls.send("/quick");
  calls.run();
  CHECK(calls.failed() == 4);
  for (int i = 0; i < 20; ++i) {
    calls.send("/quick");
    calls.run();
  }
  CHECK(calls.failed() == 4);
  CHECK(calls.answered() == 21);
}
