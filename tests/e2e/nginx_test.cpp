// Behind a real nginx with TLS, as the README recommends it: nothing is changed on the way.
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/e2e/rig.h"
#include "tests/http/test_certificate.h"

using namespace reconciled::e2e;

namespace {

int free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  close(fd);
  return ntohs(address.sin_port);
}

// nginx in the foreground with TLS before webhook and redirect listener.
class Nginx {
 public:
  // `upstream_lines` go beside each proxy_pass.
  Nginx(const DaemonProcess& daemon, const std::string& upstream_lines) {
    reconciled::test::make_certificate(folder_ / "cert", folder_ / "key", "localhost",
                                       "DNS:localhost,IP:127.0.0.1");
    endpoint_ = {"127.0.0.1:" + std::to_string(free_port()), folder_ / "cert"};
    write_file(folder_ / "nginx.conf", configuration(daemon, upstream_lines));
    process_ = std::make_unique<ChildProcess>(
        Command{{NGINX_BINARY, "-p", folder_.text(), "-c", "nginx.conf", "-e", folder_ / "err.log",
                 "-g", "daemon off;"}},
        folder_ / "nginx");
    wait_until("nginx serves", [this] {
      REQUIRE_MESSAGE(process_->is_running(), read_file(folder_ / "err.log"));
      try {
        return ask(endpoint_, {"GET", "/ping"}).status == 204;
      } catch (const std::exception&) {
        return false;
      }
    });
  }
  ~Nginx() {
    // An orderly end takes its worker along.
    process_->signal(SIGTERM);
    try {
      process_->wait();
    } catch (const std::exception& error) {
      MESSAGE(error.what());
    }
    if (test_is_failing()) MESSAGE(read_file(folder_ / "err.log"));
  }
  [[nodiscard]] const Endpoint& endpoint() const { return endpoint_; }

 private:
  std::string configuration(const DaemonProcess& daemon, const std::string& lines) const {
    std::string temporary;
    for (const char* kind : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
      temporary += std::string(kind) + "_temp_path " + (folder_ / kind) + ";\n";
    }
    const std::string forwarded =
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"
        "proxy_set_header X-Forwarded-Proto https;\n" +
        lines;
    return (geteuid() == 0 ? "user root;\n" : "") + std::string("worker_processes 1;\npid ") +
           (folder_ / "pid") + ";\nevents { worker_connections 64; }\nhttp {\naccess_log off;\n" +
           temporary + "upstream webhook { server " + daemon.webhook().address +
           "; keepalive 4; }\nupstream redirect { server " + daemon.redirect().address +
           "; keepalive 4; }\nserver {\nlisten " + endpoint_.address + " ssl;\nssl_certificate " +
           (folder_ / "cert") + ";\nssl_certificate_key " + (folder_ / "key") +
           ";\nlocation = /ping { return 204; }\n" +
           "location /webhooks/ { proxy_pass http://webhook;\n" + forwarded + "}\n" +
           "location /confirm/ { proxy_pass http://webhook;\n" + forwarded + "}\n" +
           "location /payments/ { proxy_pass http://redirect;\n" + forwarded + "}\n}\n}\n";
  }

  reconciled::test::TemporaryFolder folder_;
  Endpoint endpoint_;
  std::unique_ptr<ChildProcess> process_;
};

constexpr const char* kPortOneIp = "52.78.5.241";

// V1 as a form, V2 signed, a confirm call, a redirect with an odd id: all arrive unharmed.
void pay_through(Rig& rig, const Endpoint& proxy) {
  const std::string id = "주문/1?a=b#50%&c d";
  rig.daemon.register_order(id);
  const Json v2 = rig.portone.make(
      {{"payment_id", id}, {"version", "v2"}, {"status", "paid"}, {"webhook", false}});
  Call webhook = paid_webhook(v2);
  webhook.headers.emplace_back("X-Forwarded-For", kPortOneIp);
  CHECK(ask(proxy, webhook).status == 200);
  CHECK(ask(proxy, {"GET", "/payments/complete?" + v2.at("redirect_query").get<std::string>()})
            .status == 200);
  CHECK(rig.daemon
            .wait_for(id,
                      [](const Json& p) {
                        return p.at("deliverable") == true && p.at("authority") == "webhook" &&
                               p.at("ui_state") == "returned_success";
                      })
            .at("total_amount") == 10'000);
  const Json events =
      rig.daemon.get("/events?source=webhook&payment_id=" + encode(id)).json().at("events");
  REQUIRE(events.size() == 1);
  CHECK(events[0].at("remote_ip") == kPortOneIp);
  CHECK(events[0].at("known_source") == true);

  rig.daemon.register_order("form");
  const Json v1 =
      rig.portone.make({{"payment_id", "form"}, {"status", "paid"}, {"webhook", false}});
  Call form{"POST",
            "/webhooks/portone",
            "imp_uid=" + id_of(v1) + "&merchant_uid=form&status=paid",
            {{"Content-Type", "application/x-www-form-urlencoded"}}};
  CHECK(ask(proxy, form).status == 200);
  CHECK(rig.daemon.wait_for_result("form", "paid").at("deliverable") == true);

  const Call confirm{"POST",
                     "/confirm/portone",
                     R"({"imp_uid":"imp_5","merchant_uid":"unknown","amount":1})",
                     {{"Content-Type", "application/json"}}};
  const Answer refused = ask(proxy, confirm);
  CHECK(refused.status == 409);
  CHECK(refused.json().contains("reason"));
  Call tampered = paid_webhook(v2);
  tampered.body += " ";
  CHECK(ask(proxy, tampered).status == 401);
}

}  // namespace

TEST_CASE("nginx: as it comes, with HTTP/1.0 to the daemon") {
  Rig rig;
  const Nginx nginx(rig.daemon, "proxy_http_version 1.0;\n");
  pay_through(rig, nginx.endpoint());
}

TEST_CASE("nginx: with connections to the daemon that are kept alive") {
  Rig rig;
  const Nginx nginx(rig.daemon,
                    "proxy_http_version 1.1;\nproxy_set_header Connection \"\";\n"
                    "proxy_set_header Host $host;\n");
  pay_through(rig, nginx.endpoint());
  for (int i = 0; i < 50; ++i) {
    const std::string id = "kept-" + std::to_string(i);
    CHECK(ask(nginx.endpoint(), v2_webhook("Transaction.Paid", id, "tx", {"msg_" + id})).status ==
          200);
  }
  // The daemon goes and comes back on the same port: nginx finds it again.
  Settings settings = rig.daemon.settings();
  settings.webhook_listen = rig.daemon.webhook().address;
  rig.daemon.configure(settings);
  CHECK(rig.daemon.stop() == 0);
  CHECK(ask(nginx.endpoint(), v1_webhook("imp_1", "down", "paid")).status == 502);
  rig.restart();
  wait_until("nginx has found the daemon again", [&] {
    return ask(nginx.endpoint(), v1_webhook("imp_1", "down", "paid")).status == 200;
  });
}
