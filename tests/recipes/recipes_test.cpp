// The recipes of one language beside the real daemon, PortOne's part played by the sandbox: goods
// go out once for what was paid, never for what a browser claims, and refunds are noticed.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>

#include "tests/recipes/shop.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

constexpr int kNotRun = 77;  // what ctest takes for skipped

// Two that are paid, one of them with its webhook lost, and one that only a browser claims to be.
struct Orders {
  std::string announced;
  std::string unannounced;
  std::string claimed;
};

Orders buy(Rig& rig, Shop& shop) {
  const Json shirt = shop.checkout("blue-shirt");
  const Json hat = shop.checkout("red-hat");
  const Json claimed = shop.checkout("red-hat");
  const Orders orders{shirt.at("paymentId"), hat.at("paymentId"), claimed.at("paymentId")};
  CHECK(shirt.at("returnUrl") == "http://" + rig.daemon.redirect().address + "/payments/complete");
  // Registered before the page is there to open a window.
  CHECK(rig.daemon.get("/orders/" + orders.announced).json().at("amount") == 64'900);
  CHECK(rig.daemon.get("/orders/" + orders.unannounced).json().at("amount") == 12'000);

  CHECK(
      rig.come_back("transactionType=PAYMENT&txId=tx-forged&paymentId=" + orders.claimed).status ==
      200);
  CHECK(
      rig.come_back("imp_success=true&imp_uid=imp_forged&merchant_uid=" + orders.claimed).status ==
      200);
  rig.portone.make({{"payment_id", orders.announced},
                    {"version", "v2"},
                    {"amount", 64'900},
                    {"status", "paid"}});
  rig.portone.make({{"payment_id", orders.unannounced},
                    {"version", "v1"},
                    {"amount", 12'000},
                    {"status", "paid"},
                    {"webhook", false}});
  return orders;
}

// PortOne gives 10,000 of the announced order back.
void refund(Rig& rig, const Orders& orders) {
  const Json attempts = rig.daemon.payment(orders.announced).at("attempts");
  rig.portone.move(attempts.at(0), {{"status", "cancelled"}, {"cancel_amount", 10'000}});
  rig.daemon.wait_for_result(orders.announced, "partially_cancelled");
}

void check_end(const Rig& rig, const Shop& shop, const Orders& orders) {
  CHECK(shop.shipments(orders.announced) == 1);
  CHECK(shop.shipments(orders.unannounced) == 1);
  CHECK(shop.refunded(orders.announced) == 10'000);
  CHECK(shop.refunded(orders.unannounced) == 0);
  CHECK(shop.shipments(orders.claimed) == 0);
  const Json claimed = rig.daemon.payment(orders.claimed);
  CHECK(claimed.at("ui_state") == "returned_success");
  CHECK(claimed.at("deliverable") == false);
}

Json message_about(const Rig& rig, const std::string& type, const std::string& payment_id) {
  const Json payment = rig.daemon.get("/payments/" + payment_id + "?timeline=0").json();
  return {{"type", type}, {"timestamp", payment.at("updated_at")}, {"data", payment}};
}

// A recipe that needs what is not there is not run.
void expect_library() {
  const std::string lacks = Shop::push_lacks();
  if (lacks.empty()) return;
  std::cout << "not run here: " << lacks << std::endl;
  std::exit(kNotRun);
}

}  // namespace

TEST_CASE("recipes: results are pushed, as the daemon does it") {
  expect_library();
  const std::string port = free_port();
  Settings settings;
  settings.notify_lines = "url = \"http://127.0.0.1:" + port + "/notifications\"\nsecret = \"" +
                          Shop::kNotifySecret + "\"";
  Rig rig(settings);
  Shop shop(rig);
  const Orders orders = buy(rig, shop);
  // The shop's backend comes up later than the first message.
  rig.daemon.wait_for_result(orders.announced, "paid");
  shop.start_notifications(port);
  for (const std::string& id : {orders.announced, orders.unannounced}) {
    wait_until("goods go out", [&] { return shop.shipments(id) > 0; });
  }
  refund(rig, orders);
  wait_until("the refund is noticed", [&] { return shop.refunded(orders.announced) > 0; });
  // All is told once more.
  CHECK(rig.daemon.command({"resend", "--since", "2020-01-01"}).status == 0);
  wait_until("all was told", [&] {
    return rig.daemon.sqlite("SELECT count(*) FROM notification WHERE state = 'waiting'") == "0\n";
  });
  check_end(rig, shop, orders);
}

TEST_CASE("recipes: results are pushed, whatever else is sent") {
  expect_library();
  Rig rig;
  Shop shop(rig);
  shop.start_notifications();
  const Orders orders = buy(rig, shop);
  const auto paid = [&](const std::string& id) {
    rig.daemon.wait_for(id, [](const Json& p) { return p.at("deliverable") == true; });
    return message_about(rig, "payment.paid", id);
  };
  const Json announced = paid(orders.announced);
  CHECK(shop.notify(announced, "msg_1", "whsec_YW5vdGhlcg==") == 401);
  CHECK(ask(shop.notifications(), {"POST", "/notifications", announced.dump()}).status == 401);
  CHECK(shop.shipments(orders.announced) == 0);
  // A finding of the same version comes first: goods go out on payment.paid all the same.
  Json finding = announced;
  finding["type"] = "payment.finding";
  finding["data"]["findings"] = {{{"kind", "late_approval"}, {"open", true}}};
  CHECK(shop.notify(finding, "msg_2") == 204);
  CHECK(shop.shipments(orders.announced) == 0);
  CHECK(shop.notify(announced, "msg_3") == 204);
  CHECK(shop.shipments(orders.announced) == 1);
  CHECK(shop.notify(announced, "msg_3") == 204);
  CHECK(shop.notify(paid(orders.unannounced), "msg_4") == 204);
  refund(rig, orders);
  CHECK(shop.notify(message_about(rig, "payment.partially_cancelled", orders.announced), "msg_5") ==
        204);
  CHECK(shop.refunded(orders.announced) == 10'000);
  // Older than what was accepted.
  CHECK(shop.notify(announced, "msg_6") == 204);
  CHECK(shop.notify(message_about(rig, "payment.held", orders.claimed), "msg_7") == 204);
  check_end(rig, shop, orders);
}

TEST_CASE("recipes: results are pulled") {
  Rig rig;
  Shop shop(rig);
  shop.start_changes();
  const Orders orders = buy(rig, shop);
  for (const std::string& id : {orders.announced, orders.unannounced}) {
    wait_until("goods go out", [&] { return shop.shipments(id) > 0; });
  }
  // Killed, and a place that the daemon does not have: it refuses, and all is told once more.
  shop.kill_changes();
  shop.sql("UPDATE feed SET cursor = '1000000'");
  shop.start_changes();
  wait_until("all was read again",
             [&] { return shop.sql("SELECT cursor IN ('0', '1000000') FROM feed") == "0"; });
  refund(rig, orders);
  wait_until("the refund is noticed", [&] { return shop.refunded(orders.announced) > 0; });
  check_end(rig, shop, orders);
  // Where an order cannot be registered, there is no page that could open a window.
  rig.daemon.stop();
  const Answer page = shop.ask_checkout("blue-shirt");
  CHECK(page.status == 500);
  CHECK(page.body.find("requestPayment") == std::string::npos);
}
