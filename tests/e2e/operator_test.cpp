// The command line for who is woken at night: mistakes are named, states are words.
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <sstream>
#include <thread>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("not in: " << text);
  return found;
}

// No line wider than a terminal; what is no ASCII may be as wide as it is long.
void check_width(const std::string& text) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::size_t characters = 0;
    for (const char c : line) characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
    CAPTURE(line);
    CHECK(characters <= 120);
  }
}

// The configuration of the daemon with its true addresses and `replacements`.
std::string changed_config(Rig& rig,
                           const std::vector<std::pair<std::string, std::string>>& replacements) {
  Settings settings = rig.daemon.settings();
  settings.admin_listen = rig.daemon.admin().address;
  std::string text = toml_of(settings, rig.daemon.database_path());
  for (const auto& [from, to] : replacements) {
    const auto at = text.find(from);
    REQUIRE(at != std::string::npos);
    text.replace(at, from.size(), to);
  }
  const std::string path = rig.folder / "changed.toml";
  write_file(path, text);
  return path;
}

// Answers 200 with the same JSON to whatever it is asked.
class FixedAnswer {
 public:
  explicit FixedAnswer(const std::string& body)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    REQUIRE(bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    REQUIRE(listen(fd_, 8) == 0);
    REQUIRE(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([fd = fd_, body] {
      for (int peer = 0; (peer = accept(fd, nullptr, nullptr)) >= 0;) {
        char request[4096];
        const std::string answer =
            "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
            "\r\nConnection: close\r\n\r\n" + body;
        if (read(peer, request, sizeof request) > 0) {
          CHECK(write(peer, answer.data(), answer.size()) > 0);
        }
        close(peer);
      }
    });
  }
  ~FixedAnswer() {
    shutdown(fd_, SHUT_RDWR);
    thread_.join();
    close(fd_);
  }
  FixedAnswer(const FixedAnswer&) = delete;
  FixedAnswer& operator=(const FixedAnswer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

Finished with_config(const std::string& path, std::vector<std::string> arguments) {
  Command command{{RECONCILED_BINARY, "--config", path}};
  command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
  return run(command);
}

}  // namespace

TEST_CASE("commands: a mistyped word is named together with what was meant") {
  const auto said = [](const std::vector<std::string>& arguments) {
    Command command{{RECONCILED_BINARY}};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    const Finished done = run(command);
    CHECK(done.status == 2);
    CHECK(done.out.empty());
    check_width(done.err);
    return done.err;
  };
  CHECK(has(said({"foo"}), "unknown command 'foo'\n"));
  CHECK(has(said({"--config", "x", "statsu"}), "unknown command 'statsu', did you mean 'status'?"));
  CHECK(has(said({"a\x1b[31m"}), "unknown command 'a [31m'"));
  CHECK(has(said({}), "name a command: init, serve, check"));
  CHECK(has(said({"list", "--reslt", "paid"}), "no option --reslt, did you mean --result?"));
  CHECK(has(said({"check", "--offline"}),
            "It knows: --config, --help, --online, --quiet, --reload."));
  CHECK(has(said({"replay", "x"}), "x is no whole number"));
  CHECK(has(said({"show"}), "PAYMENT_ID is required"));
  CHECK(has(said({"notify"}), "notify is followed by one of: pause, resume"));
  CHECK(has(said({"notify", "halt"}), "notify is followed by one of: pause, resume"));
}

TEST_CASE("commands: a mistyped result or finding names the ones that there are") {
  Rig rig;
  const Finished result = rig.daemon.command({"list", "--result", "payed"});
  CHECK(result.status == 2);
  CHECK(has(result.err, "--result knows no payed, did you mean paid?"));
  CHECK(has(result.err, "awaiting_deposit"));
  const Finished finding = rig.daemon.command({"list", "--finding", "amont_mismatch"});
  CHECK(finding.status == 2);
  CHECK(has(finding.err, "did you mean amount_mismatch?"));
  CHECK(has(finding.err, "late_approval"));
  check_width(finding.err);
  CHECK(has(rig.daemon.command({"list", "--since", "yesterday"}).err, "2026-11-22"));
}

TEST_CASE("commands: reading needs no secret, and no table that does not concern it") {
  Rig rig;
  rig.daemon.register_order("o");
  const std::string path = changed_config(rig, {{"\"sandbox_key\"", "\"credential:absent\""},
                                                {"\"sandbox_api_secret\"", "\"env:NOT_SET\""},
                                                {"level = \"debug\"", "level = \"loud\""}});
  CHECK(with_config(path, {"check"}).status == 78);
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"list"},
                                             {"show", "o"},
                                             {"findings"},
                                             {"rebuild", "--check"},
                                             {"status"},
                                             {"order", "p", "--amount", "1", "--currency", "KRW"},
                                             {"lookup", "o"}}) {
    CAPTURE(arguments[0]);
    const Finished done = with_config(path, arguments);
    CHECK(done.status == 0);
    CHECK(done.err.empty());
  }
  CHECK(rig.daemon.stop() == 0);
  CHECK(with_config(path, {"migrate"}).status == 0);
  CHECK(with_config(path, {"list"}).status == 0);
}

TEST_CASE("commands: what stands in the way of reading is told with the file") {
  Rig rig;
  Settings settings = rig.daemon.settings();
  write_file(rig.folder / "c.toml", toml_of(settings, rig.folder / "absent.db"));
  const Finished absent = with_config(rig.folder / "c.toml", {"list"});
  CHECK(absent.status == 1);
  CHECK(has(absent.err, "absent.db: No such file or directory"));
  const Finished unknown = rig.daemon.command({"show", "nope"});
  CHECK(unknown.status == 1);
  CHECK(has(unknown.err, "nothing is known of a payment or an attempt nope"));
  CHECK(rig.daemon.command({"findings"}).out == "no open findings\n");
  CHECK(rig.daemon.command({"list", "--result", "failed"}).out == "no payments\n");
}

TEST_CASE("commands: a refusal of the daemon is words, and so is its silence") {
  Rig rig;
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"replay", "99"},
           {"order", "o", "--amount", "1", "--currency", "XYZW"}}) {
    const Finished done = rig.daemon.command(arguments);
    CHECK(done.status == 1);
    CHECK(done.out.empty());
    CHECK(done.err.starts_with("reconciled: "));
    CHECK(done.err.find_first_of("{}\"") == std::string::npos);
  }
  CHECK(has(rig.daemon.command({"replay", "99"}).err, "no such event (404 not_found)"));
  CHECK(rig.daemon.stop() == 0);
  for (const char* command : {"status", "tail"}) {
    const Finished done = rig.daemon.command({command});
    CHECK(done.status == 1);
    CHECK(has(done.err, "is it running?"));
  }
}

TEST_CASE("commands: times are of the configured zone for people, and UTC in JSON") {
  Rig rig;
  rig.daemon.register_order("o");
  const std::string created = rig.daemon.payment("o").at("created_at");
  const std::string path =
      changed_config(rig, {{"[storage]", "timezone = \"Asia/Seoul\"\n[storage]"}});
  const std::string utc = changed_config(rig, {{"[storage]", "timezone = \"UTC\"\n[storage]"}});
  const std::string day_and_minute = created.substr(0, 10) + " " + created.substr(11, 5);
  const Finished list = with_config(utc, {"list"});
  CHECK(has(list.out, day_and_minute));
  CHECK(has(list.out, "times of UTC"));
  CHECK(has(with_config(utc, {"show", "o"}).out, day_and_minute));
  changed_config(rig, {{"[storage]", "timezone = \"Asia/Seoul\"\n[storage]"}});
  CHECK(with_config(path, {"list"}).out.find(day_and_minute) == std::string::npos);
  CHECK(has(with_config(path, {"show", "o"}).out, "Asia/Seoul"));
  CHECK(has(with_config(path, {"list", "--json"}).out, created));
}

TEST_CASE("commands: tables fit a terminal, whatever the ids are") {
  Rig rig;
  const std::string id = "0b6c6a1e-5f7e-4e0a-9b0a-9f1f5d0c1a2b\u202e-주문-" + std::string(60, 'x');
  rig.portone.make({{"payment_id", id}, {"version", "v2"}, {"amount", 500}, {"status", "paid"}});
  rig.daemon.wait_for_result(id, "paid");
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"list"}, {"show", id}, {"findings", "--all"}}) {
    const Finished done = rig.daemon.command(arguments);
    CHECK(done.status == 0);
    check_width(done.out);
    CHECK(done.out.find("\u202e") == std::string::npos);
  }
  CHECK(has(rig.daemon.command({"list"}).out, "0b6c6a1e"));
}

TEST_CASE("commands: status says what stands now, and fails where something is wrong") {
  Rig rig;
  rig.portone.make({{"payment_id", "o"}, {"version", "v2"}, {"status", "paid"}});
  rig.daemon.wait_for_result("o", "paid");
  const Finished well = rig.daemon.command({"status"});
  CHECK(well.status == 0);
  CHECK(has(well.out, "1 finding is open: `reconciled findings`"));
  CHECK(has(well.out, "0 stored and not yet decided"));
  CHECK(has(well.out, "paid 1"));
  CHECK(has(well.out, "unregistered_order 1"));
  check_width(well.out);
  const Finished json = rig.daemon.command({"status", "--json"});
  CHECK(json.status == 0);
  CHECK(Json::parse(json.out).at("payments").at("paid") == 1);
}

TEST_CASE("commands: status shows warnings first and what it knows of each API") {
  const reconciled::test::TemporaryFolder folder;
  const FixedAnswer daemon(
      R"({"warnings":[{"kind":"webhook_signature","since":"2026-11-25T00:00:00.000Z",)"
      R"("detail":"the last 12 webhooks were refused: compare webhook_secrets"}],)"
      R"("apis":{"v1":{"last_webhook_at":null,"last_sweep_at":"2026-11-25T00:00:00.000Z"}},)"
      R"("payments":{"paid":3}})");
  Settings settings;
  settings.sandbox_url = "http://127.0.0.1:9";
  settings.admin_listen = "127.0.0.1:" + std::to_string(daemon.port());
  write_file(folder / "c.toml", toml_of(settings, folder / "r.db"));
  const Finished done = with_config(folder / "c.toml", {"status"});
  CHECK(done.status == 1);
  CHECK(done.out.starts_with(
      "WARNING          webhook_signature, since 2026-11-25 09:00:00: the last 12 webhooks"));
  CHECK(has(done.out, "PortOne v1       last webhook none yet, last sweep 2026-11-25 09:00:00 ("));
  CHECK(with_config(folder / "c.toml", {"status", "--json"}).status == 1);
}

TEST_CASE("commands: tail follows what arrives, a line each, over a restart, until Ctrl-C") {
  Settings settings;
  settings.admin_listen = "";  // below
  const reconciled::test::TemporaryFolder sockets;
  settings.admin_listen = "unix:" + (sockets / "admin.sock");
  Rig rig(settings);
  rig.acknowledged(v2_webhook("Transaction.Paid", "before", "tx-0", {"m0"}));
  ChildProcess tail({{RECONCILED_BINARY, "--config", rig.daemon.config_path(), "tail"}},
                    rig.folder / "tail");
  ChildProcess json({{RECONCILED_BINARY, "--config", rig.daemon.config_path(), "tail", "--json"}},
                    rig.folder / "json");
  wait_until("it follows", [&] { return tail.err().find("Ctrl-C") != std::string::npos; });
  // The one that speaks JSON does not say when it does.
  int sent = 0;
  wait_until("the other follows, too", [&] {
    const std::string id = "w" + std::to_string(++sent);
    rig.acknowledged(v2_webhook("Transaction.Paid", "warm-up", "tx-w", {id}));
    return json.out().find("warm-up") != std::string::npos;
  });
  rig.acknowledged(v2_webhook("Transaction.Paid", "o-1", "tx-1", {"m1"}));
  rig.come_back("paymentId=o-2&code=FAILURE");
  wait_until("both are there", [&] {
    return tail.out().find("o-1") != std::string::npos &&
           tail.out().find("o-2") != std::string::npos;
  });
  CHECK(has(tail.out(), "webhook  v2  o-1  Transaction.Paid, paid, signed, from 127.0.0.1, tx-1"));
  CHECK(has(tail.out(), "redirect"));
  CHECK(tail.out().find("before") == std::string::npos);
  CHECK(rig.daemon.stop() == 0);
  rig.restart();
  rig.acknowledged(v2_webhook("Transaction.Paid", "o-3", "tx-3", {"m3"}));
  wait_until("it goes on", [&] {
    return tail.out().find("o-3") != std::string::npos &&
           json.out().find("o-3") != std::string::npos;
  });
  check_width(tail.out());
  std::istringstream lines(json.out());
  int events = 0;
  for (std::string line; std::getline(lines, line);) {
    const Json one = Json::parse(line);
    const bool counts = line.find("warm-up") == std::string::npos;
    events += one.at("kind") == "event" && counts ? 1 : 0;
  }
  CHECK(events == 3);
  for (ChildProcess* each : {&tail, &json}) {
    each->signal(SIGINT);
    CHECK(each->wait() == 0);
  }
}

TEST_CASE("commands: check --online says whether PortOne takes keys, store and channel") {
  Rig rig;
  rig.portone.make(
      {{"payment_id", "a"}, {"version", "v1"}, {"status", "paid"}, {"webhook", false}});
  rig.portone.make(
      {{"payment_id", "b"}, {"version", "v2"}, {"status", "paid"}, {"webhook", false}});
  const Finished good = rig.daemon.command({"check", "--online"});
  CHECK(good.status == 0);
  CHECK(good.err.empty());
  CHECK(has(good.out, "portone.v1: PortOne takes imp_key and imp_secret\n"));
  CHECK(has(good.out, "portone.v1: our clock and PortOne's agree\n"));
  CHECK(has(good.out, "portone.v2: PortOne takes api_secret and answers for store_id\n"));
  CHECK(has(good.out, "went through the live channel"));
  const auto said = [&](const std::string& from, const std::string& to) {
    const Finished done = with_config(changed_config(rig, {{from, to}}), {"check", "--online"});
    CHECK(done.status == 1);
    CHECK(done.err.find("sandbox_") == std::string::npos);
    return done.err;
  };
  CHECK(has(said("\"sandbox_secret\"", "\"wrong\""), "portone.v1.imp_key: PortOne refuses"));
  CHECK(has(said("\"sandbox_api_secret\"", "\"wrong\""), "portone.v2.api_secret: PortOne refuses"));
  CHECK(has(said("store-0000", "store-1111"), "portone.v2.store_id: PortOne does not answer"));
  CHECK(has(said("[portone]", "[portone]\nchannel = \"test\""), "portone.channel: is test, but"));
  CHECK(has(said(rig.portone.base_url(), "http://127.0.0.1:9"),
            "portone.v1.base_url: PortOne is not reached"));
}

TEST_CASE("commands: check --online takes ten seconds at most where PortOne says nothing") {
  Rig rig;
  rig.portone.rest_fault({{"mode", "timeout"}});
  const auto began = std::chrono::steady_clock::now();
  const Finished done = rig.daemon.command({"check", "--online"});
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(11));
  CHECK(done.status == 1);
  CHECK(has(done.err, "portone.v1.base_url: PortOne is not reached"));
  CHECK(has(done.err, "portone.v2.base_url: PortOne is not reached"));
}

TEST_CASE("commands: check is quiet where it is told to be, and needs no lock") {
  Rig rig;
  const Finished good = rig.daemon.command({"check", "--quiet"});
  CHECK(good.status == 0);
  CHECK(good.out.empty());
  CHECK(good.err.empty());
  const std::string absent = changed_config(rig, {{"\"sandbox_key\"", "\"credential:absent\""}});
  CHECK(has(with_config(absent, {"check", "--quiet"}).err,
            "portone.v1.imp_key: there is no credential absent in /etc/reconciled/credentials"));
  CHECK(with_config(absent, {"check", "--reload"}).status == 0);
  const std::string path = changed_config(rig, {{"level = \"debug\"", "level = \"loud\""}});
  CHECK(with_config(path, {"check", "--reload"}).status == 78);
  const Finished bad = with_config(path, {"check", "--quiet"});
  CHECK(bad.status == 78);
  CHECK(has(bad.err, "log.level: must be one of"));
}
