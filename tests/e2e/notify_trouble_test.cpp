// Messages to the shop's backend where it, the configuration or a clock is in trouble.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <thread>

#include "tests/e2e/rig.h"
#include "tests/e2e/shop_backend.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

using Types = std::vector<std::string>;

Settings telling(const ShopBackend& shop) {
  Settings settings;
  settings.notify_lines = shop.lines();
  return settings;
}

Json paid(const std::string& id) {
  return {{"version", "v2"}, {"payment_id", id}, {"status", "paid"}};
}

}  // namespace

TEST_CASE("notify: what was taken back while no backend was configured never leaves") {
  ShopBackend shop;
  Settings settings = telling(shop);
  Rig rig(settings);
  shop.die();
  std::map<std::string, Json> made;
  for (const char* id : {"cancelled", "disputed", "good"}) {
    rig.daemon.register_order(id);
    made[id] = rig.portone.make(paid(id));
    rig.daemon.wait_for(id, [](const Json& p) { return p.at("deliverable") == true; });
  }
  const auto restart_with = [&](const std::string& lines) {
    rig.daemon.stop();
    rig.daemon.settings().notify_lines = lines;
    rig.daemon.configure(rig.daemon.settings());
    rig.daemon.start();
    rig.portone.send_webhooks_to({rig.daemon.webhook_url()});
  };
  restart_with("");
  rig.portone.move(made["cancelled"], {{"status", "cancelled"}});
  rig.portone.move(made["disputed"], {{"status", "disputed"}});
  for (const char* id : {"cancelled", "disputed"}) {
    rig.daemon.wait_for(id, [](const Json& p) { return p.at("deliverable") == false; });
  }
  // One that nobody was told of stays untold.
  rig.daemon.register_order("silent");
  rig.portone.make(paid("silent"));
  rig.daemon.wait_for("silent", [](const Json& p) { return p.at("deliverable") == true; });
  restart_with(shop.lines());
  shop.live();
  wait_until("what holds is told", [&] {
    return shop.types_taken("good") == Types{"payment.paid"} &&
           shop.types_taken("cancelled") == Types{"payment.cancelled"} &&
           shop.types_taken("disputed") == Types{"payment.held"};
  }, 20s);
  CHECK(shop.types_taken("silent").empty());
}

TEST_CASE("notify: however many messages hang, another payment's does not wait for them") {
  ShopBackend shop;
  shop.answer_with([](const Message& message) {
    if (message.payment_id().starts_with("hangs")) std::this_thread::sleep_for(16s);
    return 200;
  });
  Rig rig(telling(shop));
  const auto pay = [&](const std::string& id) {
    rig.daemon.register_order(id);
    rig.portone.make(paid(id));
  };
  for (int i = 0; i < 40; ++i) pay("hangs-" + std::to_string(i));
  std::this_thread::sleep_for(17s);  // the first of them have timed out
  for (int i = 0; i < 3; ++i) {
    const std::string id = "good-" + std::to_string(i);
    pay(id);
    wait_until(id + " is told", [&] { return !shop.types_taken(id).empty(); }, 30s);
  }
}

TEST_CASE("notify: a pause that the backend asked for ends where a person says so") {
  ShopBackend shop;
  shop.answer_with(503);
  shop.retry_after("600");
  Rig rig(telling(shop));
  rig.daemon.register_order("waits");
  rig.portone.make(paid("waits"));
  wait_until("it was refused", [&] { return !shop.messages().empty(); });
  shop.answer_with(200);
  wait_until("it is said", [&] {
    return rig.daemon.command({"status"}).out.find("asked for a pause of") != std::string::npos;
  }, 10s);
  CHECK(rig.daemon.command({"notify", "resume"}).status == 0);
  CHECK(rig.daemon.command({"resend", "--since", "2000-01-01", "--failed"}).status == 0);
  wait_until("it is told", [&] { return shop.types_taken("waits") == Types{"payment.paid"}; }, 10s);
}
