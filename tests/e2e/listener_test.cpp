// Other ways in than plain TCP over IPv4: IPv6, Unix sockets, TLS of our own.
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "tests/e2e/rig.h"
#include "tests/http/test_certificate.h"

using namespace reconciled::e2e;

namespace {

bool has_ipv6() {
  const int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool bound =
      fd >= 0 && bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (fd >= 0) close(fd);
  return bound;
}

// One payment of each version through all three listeners and the command line. PortOne itself
// sends nothing: it speaks plain HTTP over TCP only.
void pay_through(Rig& rig) {
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "net-" + version;
    REQUIRE(rig.daemon.command({"order", id, "--amount", "10000", "--currency", "KRW"}).status ==
            0);
    const Json attempt = rig.portone.make(
        {{"payment_id", id}, {"version", version}, {"status", "paid"}, {"webhook", false}});
    CHECK(rig.come_back(attempt.at("redirect_query")).status == 200);
    rig.acknowledged(paid_webhook(attempt));
    const Json p = rig.daemon.wait_for(id, [](const Json& shown) {
      return shown.at("deliverable") == true && shown.at("authority") == "webhook";
    });
    CHECK(p.at("ui_state") == "returned_success");
    CHECK(rig.daemon.command({"lookup", id}).status == 0);
  }
}

}  // namespace

TEST_CASE("listeners: over IPv6") {
  if (!has_ipv6()) {
    MESSAGE("no IPv6 on this machine");
    return;
  }
  Settings settings;
  settings.webhook_listen = settings.redirect_listen = settings.admin_listen = "[::1]:0";
  Rig rig(settings);
  CHECK(rig.daemon.webhook().address.starts_with("[::1]:"));
  pay_through(rig);
  CHECK(rig.daemon.get("/events").json().at("events")[0].at("remote_ip") == "::1");
}

TEST_CASE("listeners: Unix sockets, also for the command line, and after a kill") {
  const reconciled::test::TemporaryFolder sockets;
  Settings settings;
  settings.webhook_listen = "unix:" + (sockets / "webhook.sock");
  settings.redirect_listen = "unix:" + (sockets / "redirect.sock");
  settings.admin_listen = "unix:" + (sockets / "admin.sock");
  Rig rig(settings);
  pay_through(rig);
  // The proxy at the other end is trusted, since loopback is.
  Call call = v1_webhook("imp_1", "proxied", "paid");
  call.headers.emplace_back("X-Forwarded-For", "52.78.5.241");
  rig.acknowledged(call);
  CHECK(rig.daemon.get("/events?payment_id=proxied").json().at("events")[0].at("remote_ip") ==
        "52.78.5.241");
  namespace fs = std::filesystem;
  const fs::perms others = fs::status(sockets / "admin.sock").permissions() & fs::perms::others_all;
  CHECK(others == fs::perms::none);
  CHECK(rig.daemon.kill() == 128 + SIGKILL);
  rig.restart();
  CHECK(rig.daemon.get("/payments/net-v1").status == 200);
  CHECK(rig.daemon.stop() == 0);
  CHECK(!fs::exists(sockets / "webhook.sock"));
}

TEST_CASE("listeners: TLS of our own") {
  const reconciled::test::TemporaryFolder keys;
  reconciled::test::make_certificate(keys / "cert", keys / "key", "localhost",
                                     "DNS:localhost,IP:127.0.0.1");
  Settings settings;
  const std::string lines =
      "tls_cert = \"" + (keys / "cert") + "\"\ntls_key = \"" + (keys / "key") + "\"";
  settings.webhook_lines = settings.redirect_lines = settings.admin_lines = lines;
  Rig rig(settings);
  CHECK(rig.daemon.log().find("tls=true") != std::string::npos);
  const Endpoint plain = rig.daemon.webhook();
  rig.daemon.trust(keys / "cert");
  pay_through(rig);
  CHECK(ask(plain, {"GET", "/webhooks/portone"}).status == 0);
  // Nobody is answered by a name that the certificate does not have.
  Endpoint foreign = rig.daemon.webhook();
  reconciled::test::make_certificate(keys / "other", keys / "otherkey", "localhost",
                                     "DNS:localhost,IP:127.0.0.1");
  foreign.ca_file = keys / "other";
  CHECK_THROWS((void)ask(foreign, {"GET", "/webhooks/portone"}));
}

TEST_CASE("listeners: a certificate that cannot be read is a fault of the configuration") {
  const reconciled::test::TemporaryFolder folder;
  Settings settings;
  settings.sandbox_url = "http://127.0.0.1:9";
  settings.webhook_lines = "tls_cert = \"/nonexistent/cert\"\ntls_key = \"/nonexistent/key\"";
  write_file(folder / "c.toml", toml_of(settings, folder / "r.db"));
  const Finished check = run({{RECONCILED_BINARY, "--config", folder / "c.toml", "check"}});
  CHECK(check.status == 78);
  CHECK(check.err.find("webhook.tls_cert") != std::string::npos);
  const Finished serve = run({{RECONCILED_BINARY, "--config", folder / "c.toml", "serve"}});
  CHECK(serve.status != 0);
  CHECK(serve.err.find("/nonexistent/") != std::string::npos);
}
