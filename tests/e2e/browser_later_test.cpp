// A page that waits in vain, with a clock that runs ahead: minutes later than the buyer came back.
#include <doctest/doctest.h>

#include "tests/e2e/buyer.h"
#include "tests/e2e/own_clock.h"

using namespace reconciled::e2e;

TEST_CASE("browser: nothing known for two minutes is a delay, for ten it is the end") {
  const OwnClock clock(-11 * 60);
  Buyer buyer(shop_settings(), clock.below());
  buyer.rig.portone.rest_fault({{"mode", "status"}, {"status", 503}});
  buyer.rig.daemon.register_order("vain", kPrice);
  buyer.browser.open(buyer.address("merchant_uid=vain&imp_uid=imp_1&imp_success=true"));
  buyer.wait_for_state("confirming");
  const std::string target = buyer.browser.run("return document.body.dataset.status");
  const auto later = [&](int seconds, const std::string& language) {
    CHECK(buyer.rig.daemon.stop() == 0);
    clock.step_to(seconds);
    buyer.rig.restart();
    buyer.browser.speak(language);
    buyer.browser.open(buyer.address_of(target));
  };
  for (const char* language : {"ko-KR,ko", "en-US,en"}) {
    const bool korean = std::string(language).starts_with("ko");
    later(-11 * 60 + 150, language);
    CHECK(buyer.state() == "review");
    CHECK(buyer.browser.text("h1") ==
          (korean ? "결제 확인이 늦어지고 있습니다" : "Your payment is taking longer"));
    CHECK(buyer.browser.shows("#live"));
    const std::string folder = std::string(SCREENSHOTS_FOLDER) + "/phone/";
    const std::string end = korean ? "-ko-light.png" : "-en-light.png";
    buyer.browser.picture(folder + "delayed" + end);
    CHECK(buyer.browser.accessibility_faults().empty());
    buyer.browser.darken(true);
    CHECK(buyer.browser.accessibility_faults().empty());

    later(0, language);
    CHECK(buyer.state() == "review");
    CHECK(buyer.browser.text("h1") ==
          (korean ? "결제를 확인하지 못했습니다" : "We could not confirm your payment"));
    CHECK(buyer.browser.shows("#over"));
    CHECK_FALSE(buyer.browser.shows("#live"));
    CHECK(buyer.browser.run("return document.body.dataset.status") == "");
    CHECK(buyer.browser.run("return document.querySelector('a.ask').href") == "tel:15881234");
    CHECK(buyer.browser.accessibility_faults().empty());
    buyer.browser.darken(false);
    buyer.browser.picture(folder + "unknown" + end);
    CHECK(buyer.browser.accessibility_faults().empty());
  }
}
