// The page for people: what it lists, and what its buttons do.
#include <doctest/doctest.h>

#include "tests/sandbox/support.h"

using namespace reconciled;
using namespace reconciled::sandbox_tests;

namespace {

bool has(const Answer& page, const std::string& part) {
  const bool found = page.text.find(part) != std::string::npos;
  if (!found) MESSAGE("not in: " << page.text);
  return found;
}

Answer press(Rig& rig, const std::string& form) {
  Headers headers;
  headers.content_type = "application/x-www-form-urlencoded";
  return rig.call("POST", "/actions", form, headers);
}

}  // namespace

TEST_CASE("start page: lists payments, the newest first, with their webhooks and the answers") {
  Receiver receiver([](std::size_t number) { return number == 0 ? 500 : 200; });
  sandbox::Options options;
  options.v2_webhook_retries = 0;
  options.return_url = "http://shop.test/done";
  Rig rig({receiver.url()}, options);
  CHECK(has(rig.call("GET", "/"), "No payments yet."));
  rig.make({{"payment_id", "first"}, {"version", "v2"}, {"status", "paid"}});
  receiver.wait_for(1);
  rig.make({{"payment_id", "second"}, {"status", "virtual_account_issued"}});
  rig.settle();
  const Answer page = rig.call("GET", "/");
  CHECK(page.status == 200);
  CHECK(page.text.find("second") < page.text.find("first"));
  CHECK(has(page, "<b>Transaction.Paid</b> <span class=\"bad\">answered 500</span>"));
  CHECK(has(page, "<span class=\"good\">answered 200</span>"));
  CHECK(has(page, "Waits for the deposit to account 5621"));
  CHECK(has(page, "href=\"http://shop.test/done?imp_uid="));
  CHECK(has(page, "Webhooks go to <code>" + receiver.url()));
  // Nothing is fetched from anywhere, and nothing runs.
  CHECK(page.text.find("<script") == std::string::npos);
  CHECK(page.text.find("src=") == std::string::npos);
  CHECK(page.text.find("@import") == std::string::npos);
}

TEST_CASE("start page: ids that are hostile stay text") {
  Rig rig;
  rig.make({{"payment_id", "\"><script>alert(1)</script>"},
            {"attempt_id", "imp'\"><b onmouseover=alert(1)>"},
            {"status", "paid"}});
  const Answer page = rig.call("GET", "/");
  CHECK(page.text.find("<script") == std::string::npos);
  CHECK(page.text.find("<b onmouseover") == std::string::npos);
  CHECK(has(page, "&quot;&gt;&lt;script&gt;alert(1)"));
  CHECK(has(page, "value=\"imp&#39;&quot;&gt;&lt;b onmouseover=alert(1)&gt;\""));
}

TEST_CASE("start page: its buttons let a payment happen") {
  Rig rig;
  rig.make({{"payment_id", "o1"}, {"attempt_id", "imp_1"}, {"status", "virtual_account_issued"}});
  CHECK(has(rig.call("GET", "/"), ">Deposit</button>"));
  const Answer done = press(rig, "attempt_id=imp_1&action=paid&webhook=now");
  CHECK(done.status == 302);
  CHECK(done.location.rfind("/?watch=", 0) == 0);
  CHECK(press(rig, "attempt_id=imp_1&action=cancelled&amount=5000&webhook=now").status == 302);
  CHECK(rig.v1("GET", "/payments/imp_1").body["response"]["cancel_amount"] == 5000);
  CHECK(press(rig, "attempt_id=imp_1&action=cancelled&amount=5001").status == 409);
  CHECK(press(rig, "attempt_id=imp_1&action=cancelled&amount=x").status == 409);
  CHECK(press(rig, "attempt_id=imp_1&action=cancelled&amount=").status == 302);
  CHECK(rig.v1("GET", "/payments/imp_1").body["response"]["cancel_amount"] == 10'000);
  CHECK(press(rig, "attempt_id=imp_9&action=paid").status == 409);
  CHECK(press(rig, "attempt_id=imp_1&action=dance").status == 409);
  CHECK(press(rig, "attempt_id=imp_1&action=send&webhook=never").status == 409);
}

TEST_CASE(
    "start page: a webhook is sent again now, late, twice or lost, under the id that it has") {
  Receiver receiver;
  Rig rig({receiver.url()});
  const std::string attempt =
      rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}})["attempt_id"];
  const std::string form = "attempt_id=" + attempt + "&action=send&webhook=";
  receiver.wait_for(1);
  rig.settle();  // it has the answer, too
  press(rig, form + "now");
  receiver.wait_for(2);
  press(rig, form + "lost");
  press(rig, form + "twice");
  receiver.wait_for(4);
  press(rig, form + "late%3D2s");
  CHECK(receiver.count() == 4);
  CHECK(has(rig.call("GET", "/"), "1 webhook is still under way"));
  const auto got = receiver.wait_for(5);
  for (const auto& one : got) CHECK(one.id == got[0].id);
  rig.settle();
  CHECK(has(rig.call("GET", "/"), "lost on its way"));
  // Of a payment of which none was sent, the first is sent.
  const std::string silent = rig.make({{"payment_id", "p2"},
                                       {"version", "v2"},
                                       {"status", "paid"},
                                       {"webhook", false}})["attempt_id"];
  press(rig, "attempt_id=" + silent + "&action=send&webhook=now");
  CHECK(receiver.wait_for(6)[5].json()["data"]["paymentId"] == "p2");
}

TEST_CASE("start page: the form opens a payment window whose webhook does as it was told") {
  Receiver receiver;
  sandbox::Options options;
  options.channel = "test";
  options.return_url = "http://shop.test/done";
  Rig rig({receiver.url()}, options);
  const std::string target = "/checkout?version=v2&payment_id=p1&amount=500&webhook=lost";
  const Answer opened = rig.call("GET", target);
  REQUIRE(opened.status == 302);
  CHECK(has(rig.call("GET", opened.location), "Its webhook will be lost."));
  const std::string attempt = opened.location.substr(opened.location.find("attempt_id=") + 11);
  Headers form;
  form.content_type = "application/x-www-form-urlencoded";
  rig.settle();
  const std::size_t before = receiver.count();
  const Answer paid =
      rig.call("POST", "/checkout",
               "attempt_id=" + attempt + "&action=pay&webhook=lost&webhook_delay_ms=0&return_url=" +
                   "http%3A%2F%2Fshop.test%2Fdone",
               form);
  CHECK(paid.location.rfind("http://shop.test/done?transactionType=PAYMENT", 0) == 0);
  rig.settle();
  CHECK(receiver.count() == before);
  CHECK(rig.v2("GET", "/payments/p1").body["channel"]["type"] == "TEST");
  CHECK(rig.call("GET", "/checkout?payment_id=p2&webhook=never").status == 400);
}
