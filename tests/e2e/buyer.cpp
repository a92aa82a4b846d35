#include "tests/e2e/buyer.h"

#include <doctest/doctest.h>

namespace reconciled::e2e {

Settings shop_settings() {
  Settings settings;
  settings.redirect_lines =
      "success_url = \"/thanks?id={payment_id}\"\nretry_url = \"/cart?id={payment_id}\"\n"
      "shop_name = \"달빛 서점\"\nshop_contact = \"1588-1234\"";
  return settings;
}

Buyer::Buyer(const Settings& settings, const Command& program) : rig(settings, {}, program) {}

Json Buyer::order(const std::string& payment_id, const Json& members) {
  rig.daemon.register_order(payment_id, kPrice);
  Json made{{"payment_id", payment_id}, {"amount", kPrice}};
  made.update(members);
  return rig.portone.make(made);
}

std::string Buyer::address(const std::string& query) const {
  return address_of("/payments/complete?" + query);
}

std::string Buyer::address_of(const std::string& target) const {
  return "http://" + rig.daemon.redirect().address + target;
}

void Buyer::come_back(const Json& attempt, const std::string& state) {
  browser.open(address(attempt.at("redirect_query")));
  wait_for_state(state);
}

void Buyer::open_window(const std::string& payment_id, const std::string& version, int delay_ms) {
  rig.daemon.register_order(payment_id, kPrice);
  browser.open(rig.portone.base_url() + "/checkout?version=" + version + "&payment_id=" +
               payment_id + "&amount=" + std::to_string(kPrice) + "&webhook_delay_ms=" +
               std::to_string(delay_ms) + "&return_url=" + encode(address_of("/payments/complete")));
}

std::string Buyer::state() {
  return browser.run("return document.body?document.body.dataset.state||'':''");
}

void Buyer::wait_for_state(const std::string& state_name) {
  wait_until("the page is " + state_name, [&] { return state() == state_name; });
}

}  // namespace reconciled::e2e
