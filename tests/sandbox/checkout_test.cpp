#include <doctest/doctest.h>

#include "daemon/core/words/text.h"
#include "tests/sandbox/support.h"

using namespace reconciled;
using namespace reconciled::sandbox_tests;

namespace {

const char* const kReturn = "http://shop.test/done?cart=7";

std::string checkout(const std::string& version, const std::string& payment_id,
                     const std::string& more = "") {
  return "/checkout?version=" + version + "&payment_id=" + core::percent_encode(payment_id) +
         "&amount=64900&currency=KRW&return_url=" + core::percent_encode(kReturn) + more;
}

// Opens the window and gives the attempt's id that it redirects to itself with.
std::string open_window(Rig& rig, const std::string& target) {
  const Answer opened = rig.call("GET", target);
  REQUIRE(opened.status == 302);
  const std::size_t at = opened.location.find("&attempt_id=");
  REQUIRE(at != std::string::npos);
  return opened.location.substr(at + 12);
}

Answer press(Rig& rig, const std::string& attempt_id, const std::string& action,
             const std::string& delay_ms = "0") {
  Headers form;
  form.content_type = "application/x-www-form-urlencoded";
  return rig.call("POST", "/checkout",
                  "attempt_id=" + attempt_id + "&action=" + action + "&webhook_delay_ms=" +
                      delay_ms + "&return_url=" + core::percent_encode(kReturn),
                  form);
}

}  // namespace

TEST_CASE("checkout: shows the payment with escaped text and nothing from outside") {
  Rig rig;
  const std::string target = checkout("v2", "<script>\"1\"</script>");
  const std::string attempt = open_window(rig, target);
  const Answer page = rig.call("GET", target + "&attempt_id=" + attempt);
  CHECK(page.status == 200);
  CHECK(page.text.find("64,900 KRW") != std::string::npos);
  CHECK(page.text.find("<script") == std::string::npos);
  CHECK(page.text.find("&lt;script&gt;") != std::string::npos);
  CHECK(page.text.find("https://") == std::string::npos);
  CHECK(rig.control("GET", "/state")["payments"].size() == 1);
}

TEST_CASE("checkout: paying appends PortOne's query to the return URL's own") {
  Rig rig;
  const std::string v2 = open_window(rig, checkout("v2", "p1"));
  const Answer paid = press(rig, v2, "pay");
  CHECK(paid.status == 302);
  CHECK(paid.location ==
        std::string(kReturn) + "&transactionType=PAYMENT&txId=" + v2 + "&paymentId=p1");
  CHECK(rig.v2("GET", "/payments/p1").body["status"] == "PAID");
  const std::string v1 = open_window(rig, checkout("v1", "o1"));
  CHECK(press(rig, v1, "cancel").location.find("&imp_success=false&error_code=") !=
        std::string::npos);
  CHECK(rig.v1("GET", "/payments/" + v1).body["response"]["status"] == "failed");
  const std::string account = open_window(rig, checkout("v1", "o2"));
  CHECK(press(rig, account, "vbank").location.find("&imp_success=true") != std::string::npos);
  CHECK(press(rig, account, "dance").status == 400);
}

TEST_CASE("checkout: the webhook follows the redirect after its delay, or goes at once") {
  Receiver receiver;
  Rig rig({receiver.url()});
  const std::string late = open_window(rig, checkout("v1", "o1"));
  press(rig, late, "pay", "150");
  CHECK(receiver.count() == 0);
  CHECK(receiver.wait_for(1)[0].json()["imp_uid"] == late);
  const std::string soon = open_window(rig, checkout("v1", "o2"));
  press(rig, soon, "pay", "0");
  CHECK(receiver.wait_for(2)[1].json()["imp_uid"] == soon);
}

TEST_CASE("checkout: a second click sends the buyer back and changes nothing") {
  Receiver receiver;
  Rig rig({receiver.url()});
  const std::string attempt = open_window(rig, checkout("v1", "o1"));
  const Answer first = press(rig, attempt, "pay");
  const Answer second = press(rig, attempt, "fail");
  CHECK(second.location == first.location);
  rig.settle();
  CHECK(receiver.count() == 1);
}

TEST_CASE("checkout: a paid order lands on the return URL as a failure without an imp_uid") {
  Rig rig;
  rig.make({{"payment_id", "o1"}, {"status", "paid"}});
  const Answer again = rig.call("GET", checkout("v1", "o1"));
  CHECK(again.status == 302);
  CHECK(again.location.find("&merchant_uid=o1&imp_success=false&error_code=") != std::string::npos);
  CHECK(again.location.find("imp_uid=imp") == std::string::npos);
  CHECK(rig.control("GET", "/state")["payments"].size() == 1);
}

TEST_CASE("checkout: an amount other than the registered one opens no window") {
  Rig rig;
  rig.v2("POST", "/payments/p1/pre-register", R"({"totalAmount":64901,"currency":"KRW"})");
  rig.v2("POST", "/payments/p2/pre-register", R"({"totalAmount":64900,"currency":"KRW"})");
  const Answer refused = rig.call("GET", checkout("v2", "p1"));
  CHECK(refused.status == 400);
  CHECK(refused.text.find("AmountNotEqualToPredefined") != std::string::npos);
  CHECK(rig.call("GET", checkout("v2", "p2")).status == 302);
  // V1 sends the buyer back; and neither API knows of what the other was told.
  rig.v1("POST", "/payments/prepare", R"({"merchant_uid":"p2","amount":64901,"currency":"KRW"})");
  const Answer back = rig.call("GET", checkout("v1", "p2"));
  CHECK(back.status == 302);
  CHECK(back.location.find("error_code=AmountNotEqualToPredefined") != std::string::npos);
  CHECK(rig.call("GET", checkout("v1", "p1")).location.find("attempt_id=") != std::string::npos);
}

TEST_CASE("checkout: refuses a return URL that is none") {
  Rig rig;
  CHECK(rig.call("GET", "/checkout?payment_id=p1&return_url=javascript:alert(1)").status == 400);
  CHECK(rig.call("GET", "/checkout?payment_id=p1&return_url=http://a%0d%0ab").status == 400);
  CHECK(rig.call("GET", "/checkout?return_url=http://a/").status == 400);
}
