// Behind a real nginx with TLS, as the README recommends it: nothing is changed on the way.
#include <doctest/doctest.h>

#include "tests/e2e/nginx.h"
#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

// Before webhook and redirect listener; `upstream_lines` go beside each proxy_pass.
NginxSite before(const DaemonProcess& daemon, const std::string& upstream_lines) {
  const std::string forwarded =
      "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n"
      "proxy_set_header X-Forwarded-Proto https;\n" +
      upstream_lines;
  NginxSite site;
  site.http_lines = "upstream webhook { server " + daemon.webhook().address +
                    "; keepalive 4; }\nupstream redirect { server " + daemon.redirect().address +
                    "; keepalive 4; }\n";
  site.server_lines = "location /webhooks/ { proxy_pass http://webhook;\n" + forwarded + "}\n" +
                      "location /confirm/ { proxy_pass http://webhook;\n" + forwarded + "}\n" +
                      "location /payments/ { proxy_pass http://redirect;\n" + forwarded + "}\n";
  return site;
}

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
  const Nginx nginx(before(rig.daemon, "proxy_http_version 1.0;\n"));
  pay_through(rig, nginx.endpoint());
}

TEST_CASE("nginx: with connections to the daemon that are kept alive") {
  Rig rig;
  const Nginx nginx(before(rig.daemon,
                           "proxy_http_version 1.1;\nproxy_set_header Connection \"\";\n"
                           "proxy_set_header Host $host;\n"));
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
