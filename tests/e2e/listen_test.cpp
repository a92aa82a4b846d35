// `reconciled listen` as a developer runs it: the real program against the sandbox, and a backend
// that takes webhooks, or does not.
#include <doctest/doctest.h>
#include <signal.h>

#include <atomic>
#include <thread>

#include "daemon/core/messages/signature.h"
#include "tests/e2e/backend.h"
#include "tests/e2e/rig.h"

using namespace reconciled;
using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

using Steady = std::chrono::steady_clock;

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("not in: " << text);
  return found;
}

// A sandbox with a test channel, and `listen` beside it.
struct Bench {
  explicit Bench(std::vector<std::string> options = {"--channel", "test"})
      : portone(folder.text(), options) {
    settings.sandbox_url = portone.base_url();
    settings.portone_lines = "channel = \"test\"";
  }
  // Only what `listen` needs: no addresses, no database, no webhook secrets.
  [[nodiscard]] std::string config() const {
    std::string toml = "[portone]\n" + settings.portone_lines + "\n";
    if (settings.v1) {
      toml += "[portone.v1]\nbase_url = \"" + settings.sandbox_url +
              "\"\nimp_key = \"sandbox_key\"\nimp_secret = \"sandbox_secret\"\n";
    }
    if (settings.v2) {
      toml += "[portone.v2]\nbase_url = \"" + settings.sandbox_url + "\"\napi_secret = \"" +
              api_secret + "\"\nstore_id = \"" + SandboxProcess::kStoreId + "\"\n";
    }
    return toml;
  }
  [[nodiscard]] Command command(const std::string& to, const std::string& since = "2h") const {
    const std::string path = folder / "listen.toml";
    write_file(path, config());
    return {{RECONCILED_BINARY, "--config", path, "listen", "--to", to, "--since", since}};
  }
  Json pay(const std::string& id, const std::string& version = "v2", const Json& more = {}) {
    Json members{{"payment_id", id}, {"version", version}, {"status", "paid"}, {"channel", "test"}};
    if (more.is_object()) members.update(more);
    return portone.make(members);
  }

  test::TemporaryFolder folder;
  SandboxProcess portone;
  Settings settings;
  std::string api_secret = "sandbox_api_secret";
};

class Listen {
 public:
  Listen(const Bench& bench, const std::string& to, const std::string& since = "2h")
      : process_(bench.command(to, since), bench.folder / ("listen" + std::to_string(++runs))) {}
  ~Listen() {
    if (test_is_failing()) MESSAGE(process_.out() << process_.err());
  }
  void wait_for(const std::string& text) {
    wait_until(
        text, [&] { return process_.out().find(text) != std::string::npos; }, 40s);
  }
  [[nodiscard]] std::string secret() {
    wait_for("whsec_");
    const std::string out = process_.out();
    const auto at = out.find("whsec_");
    return out.substr(at, out.find('\n', at) - at);
  }
  [[nodiscard]] ChildProcess& process() { return process_; }
  // Ctrl-C; how long it took.
  Steady::duration interrupt() {
    const auto begun = Steady::now();
    process_.signal(SIGINT);
    CHECK(process_.wait() == 0);
    return Steady::now() - begun;
  }

 private:
  inline static int runs = 0;
  ChildProcess process_;
};

core::SignatureVerdict verify(const Backend::Got& got, const std::string& secret) {
  const core::SignatureVerifier verifier({secret});
  const std::string id = got.request.header("webhook-id");
  const std::string timestamp = got.request.header("webhook-timestamp");
  const std::string signature = got.request.header("webhook-signature");
  return verifier.verify(
      {id, timestamp, signature}, got.request.body,
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
}

}  // namespace

TEST_CASE(
    "listen: delivers what PortOne recorded, once, in order, signed with the secret it prints") {
  Bench bench;
  Backend public_url;
  bench.portone.send_webhooks_to({public_url.url()});
  const Json attempt = bench.pay("p/1 주문");
  bench.portone.move(attempt, {{"status", "cancelled"}, {"cancel_amount", 100}});
  bench.portone.settle();
  const auto before = public_url.got();
  REQUIRE(before.size() == 2);

  Backend backend;
  Listen listen(bench, backend.url());
  const std::string secret = listen.secret();
  backend.wait_for(2);
  bench.pay("p2");
  const auto got = backend.wait_for(3);
  for (std::size_t i = 0; i < 2; ++i) {
    CAPTURE(i);
    CHECK(got[i].request.body == before[i].request.body);
    CHECK(got[i].request.header("webhook-id") == before[i].request.header("webhook-id"));
  }
  for (const Backend::Got& one : got) {
    CHECK(has(one.request.head, "POST /webhooks/portone?shop=1 HTTP/1.1"));
    CHECK(one.request.header("content-type") == "application/json");
    CHECK(verify(one, secret) == core::SignatureVerdict::kValid);
    CHECK(verify(one, SandboxProcess::kSecret) == core::SignatureVerdict::kNoMatch);
  }
  CHECK(got[2].payment() == "p2");
  listen.wait_for("Transaction.Paid  p2");
  // More looks bring nothing more.
  bench.portone.forget_requests();
  wait_until("two more looks", [&] { return bench.portone.count_calls("v2 GET /payments") >= 2; });
  CHECK(backend.got().size() == 3);
  CHECK(listen.interrupt() < 1s);
  CHECK(has(listen.process().out(), "answered 200"));
  CHECK(has(listen.process().out(), "3 delivered"));
  // Another run has another secret, and the webhooks their ids.
  Listen again(bench, backend.url());
  CHECK(again.secret() != secret);
  CHECK(backend.wait_for(6)[3].request.header("webhook-id") == got[0].request.header("webhook-id"));
}

TEST_CASE(
    "listen: without a URL at PortOne webhooks are made of the payments; V1's always, unsigned") {
  Bench bench;
  bench.pay("v2-order");
  const Json account =
      bench.pay("v1-order", "v1", {{"status", "virtual_account_issued"}, {"method", "vbank"}});
  bench.pay("declined", "v1", {{"status", "failed"}});
  bench.pay("live", "v1", {{"channel", "live"}});
  bench.pay("live-2", "v2", {{"channel", "live"}});
  Backend backend;
  Listen listen(bench, backend.url());
  const std::string secret = listen.secret();
  backend.wait_for(2);
  bench.portone.move(account, {{"status", "paid"}});
  const auto got = backend.wait_for(3);
  std::vector<std::string> v1;
  for (const Backend::Got& one : got) {
    const Json body = one.json();
    if (body.contains("imp_uid")) {
      v1.push_back(body.at("status"));
      CHECK(one.payment() == "v1-order");
      CHECK(body.at("imp_uid") == id_of(account));
      CHECK(one.request.header("webhook-signature").empty());
    } else {
      CHECK(one.payment() == "v2-order");
      CHECK(body.at("type") == "Transaction.Paid");
      CHECK(body.at("data").at("storeId") == SandboxProcess::kStoreId);
      CHECK(verify(one, secret) == core::SignatureVerdict::kValid);
    }
  }
  CHECK(v1 == std::vector<std::string>{"ready", "paid"});
  listen.wait_for("(made: PortOne recorded none)");
  CHECK(listen.interrupt() < 1s);
}

TEST_CASE("listen: --since leaves out what is older") {
  Bench bench;
  bench.pay("old", "v1", {{"at", "2026-01-02T03:04:05Z"}});
  bench.pay("old-2", "v2", {{"at", "2026-01-02T03:04:05Z"}});
  Backend backend;
  Listen listen(bench, backend.url(), "0");
  static_cast<void>(listen.secret());
  wait_until("a look", [&] { return bench.portone.count_calls("v1 GET /payments/status") >= 1; });
  bench.pay("new", "v1");
  CHECK(backend.wait_for(1)[0].payment() == "new");
}

TEST_CASE("listen: a target that is away gets everything, in order, when it is back") {
  Bench bench;
  std::uint16_t port = 0;
  {
    const test::ListeningSocket free_port;
    port = free_port.port();
  }
  for (const char* id : {"o1", "o2", "o3"}) bench.pay(id, "v1");
  Listen listen(bench, "http://127.0.0.1:" + std::to_string(port) + "/webhooks/portone");
  listen.wait_for("is not reached");
  std::this_thread::sleep_for(1s);
  Backend backend({}, port);
  const auto got = backend.wait_for(3);
  for (std::size_t i = 0; i < 3; ++i) CHECK(got[i].payment() == "o" + std::to_string(i + 1));
  listen.wait_for("is reached again");
  // One line says that it was away, however often it was tried.
  const std::string out = listen.process().out();
  CHECK(out.find("is not reached") == out.rfind("is not reached"));
}

TEST_CASE("listen: a 500 is tried again and holds back its own payment alone") {
  Bench bench;
  const Json first = bench.pay("o1", "v1");
  bench.portone.move(first, {{"status", "cancelled"}});
  bench.pay("o2", "v1");
  std::atomic<int> refused{0};
  Backend backend([&refused](std::size_t, const Backend::Got& got) {
    const bool refuse = got.payment() == "o1" && refused < 2;
    refused += refuse ? 1 : 0;
    return status_line(refuse ? 500 : 204);
  });
  Listen listen(bench, backend.url());
  const auto got = backend.wait_for(5);
  std::vector<std::string> seen;
  for (const auto& one : got) {
    seen.push_back(one.payment() + " " + one.json().at("status").get<std::string>());
  }
  CHECK(seen ==
        std::vector<std::string>{"o1 paid", "o2 paid", "o1 paid", "o1 paid", "o1 cancelled"});
  listen.wait_for("o1            answered 500, again in 1 s (try 1 of 6)");
  listen.wait_for("try 3");
}

TEST_CASE("listen: a target that hangs or trickles holds the others back for its deadline alone") {
  Bench bench;
  for (const char* id : {"hangs", "trickles", "o3"}) bench.pay(id, "v1");
  Backend backend([](std::size_t number, const Backend::Got&) {
    return number == 0 ? std::string() : number == 1 ? Backend::kTrickle : status_line(200);
  });
  const auto begun = Steady::now();
  Listen listen(bench, backend.url());
  const auto got = backend.wait_for(5);
  CHECK(Steady::now() - begun >= 19s);
  CHECK(Steady::now() - begun < 30s);
  listen.wait_for("hangs         no answer within 10 s, again in 1 s");
  listen.wait_for("trickles      no answer within 10 s, again in 1 s");
  std::vector<std::string> payments;
  for (const auto& one : got) payments.push_back(one.payment());
  // What may go again goes first: it is the older.
  CHECK(payments == std::vector<std::string>{"hangs", "trickles", "hangs", "o3", "trickles"});
}

TEST_CASE("listen: Ctrl-C ends within a second, whoever hangs") {
  Bench bench;
  bench.pay("hangs", "v1");
  Backend backend([](std::size_t, const Backend::Got&) { return std::string(); });
  SUBCASE("the target") {
    Listen listen(bench, backend.url());
    backend.wait_for(1);
    CHECK(listen.interrupt() < 1s);
    CHECK(has(listen.process().out(), "0 delivered, 1 not yet"));
  }
  SUBCASE("PortOne") {
    bench.portone.rest_fault({{"mode", "timeout"}});
    Listen listen(bench, backend.url());
    wait_until("PortOne is asked", [&] { return bench.portone.count_calls("") >= 1; });
    CHECK(listen.interrupt() < 1s);
  }
}

TEST_CASE("listen: PortOne that fails for a while is asked again") {
  Bench bench;
  bench.settings.v1 = false;
  bench.pay("p1");
  bench.portone.rest_fault({{"mode", "status"}, {"status", 503}, {"count", 2}});
  Backend backend;
  Listen listen(bench, backend.url());
  listen.wait_for("PortOne V2 gives no answer");
  CHECK(backend.wait_for(1)[0].payment() == "p1");
  listen.wait_for("PortOne V2 answers again");
}

TEST_CASE("listen: an answer without end is no answer") {
  Bench bench;
  bench.pay("o1", "v1");
  Backend backend([](std::size_t number, const Backend::Got&) {
    return number > 0
               ? status_line(200)
               : "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n" + std::string(3'000'000, 'x');
  });
  Listen listen(bench, backend.url());
  backend.wait_for(2);
  listen.wait_for("no usable answer");
}

TEST_CASE("listen: refuses the live channel, wrong keys and a URL that is none, in words") {
  Bench bench;
  const auto said = [&bench](int status, const std::string& to, const std::string& since = "2h") {
    const Finished done = run(bench.command(to, since));
    CHECK(done.status == status);
    return done.err;
  };
  const std::string good = "http://127.0.0.1:9/hook";
  CHECK(has(said(2, "localhost:3000/hook"), "--to wants http(s)://host[:port]/path"));
  CHECK(has(said(2, good, "yesterday"), "--since wants a duration as 30m or 2h"));
  CHECK(run({{RECONCILED_BINARY, "listen"}}).status == 2);
  bench.settings.v1 = false;
  bench.api_secret = "wrong";
  CHECK(has(said(1, good), "PortOne V2 refuses what the configuration says"));
  bench.settings.portone_lines = "";
  CHECK(has(said(1, good), "portone.channel is \"live\""));
  bench.settings.v2 = false;
  CHECK(has(said(78, good), "needs [portone.v1], [portone.v2] or both"));
}
