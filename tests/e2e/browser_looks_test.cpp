// What every page looks like: for whoever cannot see it well, on a small screen, in the dark, and in
// pictures under build/screenshots for people to look at.
#include <doctest/doctest.h>

#include <chrono>

#include "daemon/core/words/time.h"
#include "tests/e2e/buyer.h"

using namespace reconciled::e2e;

namespace {

struct Size {
  const char* name;
  int width;
  int height;
};
constexpr Size kSizes[]{{"phone", 390, 844}, {"small", 320, 568}, {"wide", 1'280, 800}};

void check_fits(Browser& browser) {
  CHECK(browser.run("return document.documentElement.scrollWidth<=innerWidth") == true);
  // Nothing stands out of the card, and no word of a button is cut.
  CHECK(browser.run("return [...document.querySelectorAll('main *')].every(e=>"
                    "e.getBoundingClientRect().right<=innerWidth+.5&&e.scrollWidth<=e.clientWidth+1"
                    "||e.closest('svg')||getComputedStyle(e).display==='inline')") == true);
}

// As the page stands; the browser has it open.
void look_at(Buyer& buyer, const std::string& name) {
  CAPTURE(name);
  Browser& browser = buyer.browser;
  for (const bool dark : {false, true}) {
    browser.darken(dark);
    for (const Size& size : kSizes) {
      CAPTURE(std::string(size.name));
      browser.resize(size.width, size.height);
      check_fits(browser);
      browser.picture(std::string(SCREENSHOTS_FOLDER) + "/" + size.name + "/" + name +
                      (dark ? "-dark.png" : "-light.png"));
    }
    const std::vector<std::string> faults = browser.accessibility_faults();
    CHECK_MESSAGE(faults.empty(), Json(faults).dump(1));
    // The whole top is the state's colour.
    CHECK(browser.run("return getComputedStyle(document.querySelector('.top')).backgroundColor") !=
          "rgba(0, 0, 0, 0)");
  }
}

// In both languages: the page at `url` is opened anew.
void look_at_both(Buyer& buyer, const std::string& name, const std::string& url,
                  const std::string& state) {
  for (const char* language : {"ko-KR,ko", "en-US,en"}) {
    buyer.browser.speak(language);
    buyer.browser.open(url);
    buyer.wait_for_state(state);
    look_at(buyer, name + "-" + std::string(language, 2));
  }
}

std::string in_hours(int hours) {
  const auto at = std::chrono::time_point_cast<reconciled::core::Time::duration>(
                      std::chrono::system_clock::now()) +
                  std::chrono::hours(hours);
  return reconciled::core::to_rfc3339(at);
}

}  // namespace

TEST_CASE("looks: every state, in both languages, in the light and in the dark") {
  Buyer buyer;
  buyer.browser.move_little(true);  // pictures do not differ by where something turned
  const auto at_query = [&](const Json& attempt) {
    return buyer.address(attempt.at("redirect_query"));
  };

  const Json paid = buyer.order("order-1001", {{"status", "paid"}});
  buyer.rig.daemon.wait_for_result("order-1001", "paid");
  look_at_both(buyer, "paid", at_query(paid), "paid");

  buyer.rig.portone.move(paid, {{"status", "cancelled"}, {"cancel_amount", 10'000}});
  buyer.rig.daemon.wait_for_result("order-1001", "partially_cancelled");
  look_at_both(buyer, "partly-returned", at_query(paid), "paid");
  CHECK(buyer.browser.text("dl").find("₩23,000") != std::string::npos);

  buyer.rig.portone.move(paid, {{"status", "cancelled"}});
  buyer.rig.daemon.wait_for_result("order-1001", "cancelled");
  look_at_both(buyer, "cancelled", at_query(paid), "cancelled");

  const Json open = buyer.order("order-1002", {{"version", "v2"}, {"webhook", false}});
  look_at_both(buyer, "confirming", buyer.address("paymentId=order-1002&txId=" + id_of(open)),
               "confirming");
  CHECK(buyer.browser.run("return getComputedStyle(document.querySelector('.spin'))"
                          ".animationName") == "none");

  const Json held = buyer.order("order-1003", {{"status", "paid"}, {"amount", 32'000}});
  buyer.rig.daemon.wait_for_result("order-1003", "paid");
  look_at_both(buyer, "held", at_query(held), "review");

  const Json failed = buyer.order(
      "order-1004",
      {{"status", "failed"}, {"reason", "[F113] 카드 한도가 초과되었습니다. 카드사에 문의해 주세요."}});
  buyer.rig.daemon.send("POST", "/payments/order-1004/lookup");
  buyer.rig.daemon.wait_for_result("order-1004", "failed");
  look_at_both(buyer, "failed", at_query(failed), "failed");
}

TEST_CASE("looks: deposits, in time and too late, and what a stranger sees of one") {
  Buyer buyer;
  const auto deposit = [&](const std::string& id, const std::string& due) {
    buyer.rig.portone.fault(
        {{"answers", {{"payment", id}, {"merge", {{"method", {{"expiredAt", due}}}}}}}});
    const Json attempt =
        buyer.order(id, {{"status", "virtual_account_issued"}, {"version", "v2"}});
    buyer.rig.daemon.wait_for_result(id, "awaiting_deposit");
    return buyer.address(attempt.at("redirect_query"));
  };
  look_at_both(buyer, "deposit", deposit("order-2001", in_hours(48)), "awaiting_deposit");
  CHECK(buyer.browser.text(".due").find("2 days left") != std::string::npos);
  buyer.browser.click("#copy");
  look_at(buyer, "deposit-copied-en");
  look_at_both(buyer, "deposit-today", deposit("order-2002", in_hours(3)),
               "awaiting_deposit");
  look_at_both(buyer, "deposit-over", deposit("order-2003", in_hours(-24)), "awaiting_deposit");
  CHECK_FALSE(buyer.browser.shows(".account"));
  look_at_both(buyer, "deposit-stranger", buyer.address("paymentId=order-2001"),
               "awaiting_deposit");
}

TEST_CASE("looks: errors and flows that are no payment are of the same house") {
  Buyer buyer;
  const std::string billing = "transactionType=ISSUE_BILLING_KEY&billingKey=bk-1";
  const std::vector<std::pair<std::string, std::string>> pages{
      {"no-page", buyer.address_of("/elsewhere")},
      {"no-order", buyer.address("")},
      {"expired", buyer.address_of("/payments/complete/status?token=forged")},
      {"registered", buyer.address(billing)},
      {"not-registered", buyer.address(billing + "&code=FAILURE&message=no")}};
  for (const auto& [name, url] : pages) {
    look_at_both(buyer, name, url, "");
    CHECK(buyer.browser.text(".shop") == "달빛 서점");
    CHECK(buyer.browser.run("return document.querySelector('a[href^=\"tel:\"]').href") ==
          "tel:15881234");
  }
  // A flood about one order: one too many.
  buyer.rig.daemon.register_order("flooded", kPrice);
  for (int i = 0; i < 1'000; ++i) {
    REQUIRE(buyer.rig.come_back("paymentId=flooded&code=E&message=" + std::to_string(i)).status ==
            200);
  }
  look_at_both(buyer, "unavailable", buyer.address("paymentId=flooded&code=E&message=more"), "");
  CHECK(buyer.browser.text("h1") == "Please try again shortly");
}

TEST_CASE("looks: long names and numbers fit a small screen") {
  Settings settings = shop_settings();
  settings.redirect_lines =
      "shop_name = \"아주아주긴이름을가진온라인서점과문구점과카페와공방 본점\"\n"
      "shop_contact = \"https://shop.example/a/very/long/address/of/the/help/centre?topic=payments\"";
  Buyer buyer(settings);
  const std::string id = "order-" + std::string(60, '9');
  buyer.rig.portone.fault({{"answers",
                            {{"payment", id},
                             {"merge",
                              {{"method",
                                {{"bank", "SUHYUP_FEDERATION"},
                                 {"accountNumber", "1234-5678-9012-3456-7890"},
                                 {"remitteeName", "주식회사달빛서점과문구점과카페와공방"}}}}}}}});
  const Json attempt = buyer.order(id, {{"status", "virtual_account_issued"}, {"version", "v2"}});
  buyer.rig.daemon.wait_for_result(id, "awaiting_deposit");
  look_at_both(buyer, "long", buyer.address(attempt.at("redirect_query")), "awaiting_deposit");
}
