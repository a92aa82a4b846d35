// PortOne's own record of what it sent, `webhooks[]` of V2 (v2.openapi.json PaymentWebhook).
#include <doctest/doctest.h>

#include "daemon/core/words/text.h"
#include "tests/sandbox/support.h"

using namespace reconciled;
using namespace reconciled::sandbox_tests;

namespace {

Json list(Rig& rig) { return rig.v2("GET", "/payments?requestBody=%7B%7D").body.at("items"); }

}  // namespace

TEST_CASE("record: a payment shows its webhooks wherever it is shown, with request and response") {
  Receiver receiver([](std::size_t number) { return number == 0 ? 500 : 200; });
  Rig rig({receiver.url()});
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}});
  rig.settle();
  const Json record = rig.v2("GET", "/payments/p1").body.at("webhooks");
  REQUIRE(record.size() == 1);
  const Json& one = record[0];
  CHECK(one.at("id") == receiver.wait_for(1)[0].id);
  CHECK(one.at("url") == receiver.url());
  CHECK(one.at("status") == "SUCCEEDED");
  CHECK(one.at("paymentStatus") == "PAID");
  CHECK(one.at("isAsync") == false);
  CHECK(one.at("currentExecutionCount") == 2);
  CHECK(one.at("maxExecutionCount") == 6);
  CHECK_FALSE(one.contains("trigger"));
  CHECK(one.at("request").at("body") == receiver.wait_for(1)[0].body);
  CHECK(one.at("request").contains("requestedAt"));
  CHECK(one.at("response").at("code") == "200");
  CHECK(one.at("response").contains("respondedAt"));
  CHECK(list(rig)[0].at("webhooks") == record);
  CHECK(rig.v2("GET", "/payments-by-cursor").body.at("items")[0].at("payment").at("webhooks") ==
        record);
  CHECK(rig.v2("GET", "/payment-events-by-cursor")
            .body.at("items")[0]
            .at("paymentEvent")
            .at("webhooks") == record);
}

TEST_CASE("record: a V1 payment's webhooks have no URL, deposits and resends their trigger") {
  Receiver receiver;
  Rig rig({receiver.url()});
  rig.make({{"payment_id", "o1"}, {"status", "paid"}});
  const Json account =
      rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "virtual_account_issued"}});
  rig.move(account, {{"status", "paid"}});
  rig.settle();
  const Json v1 = rig.v2("GET", "/payments/o1").body.at("webhooks")[0];
  for (const char* name : {"url", "paymentStatus", "isAsync"}) CHECK_FALSE(v1.contains(name));
  CHECK(v1.at("request").at("body").get<std::string>().find("imp_uid") != std::string::npos);
  const Json v2 = rig.v2("GET", "/payments/p1").body.at("webhooks");
  REQUIRE(v2.size() == 2);
  CHECK(v2[0].at("paymentStatus") == "VIRTUAL_ACCOUNT_ISSUED");
  CHECK(v2[1].at("trigger") == "VIRTUAL_ACCOUNT_DEPOSIT");
  CHECK(v2[1].at("isAsync") == true);
  CHECK(rig.v2("POST", "/payments/p1/resend-webhook", "{}").body.at("webhook").at("trigger") ==
        "MANUAL");
}

TEST_CASE("record: a webhook that got no answer, and none where no URL is registered") {
  Rig rig({}, [] {
    sandbox::Options options;
    options.v2_webhook_retries = 0;
    return options;
  }());
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}});
  CHECK_FALSE(rig.v2("GET", "/payments/p1").body.contains("webhooks"));
  rig.control("PUT", "/webhooks/target", {{"urls", {"http://127.0.0.1:9/nobody"}}});
  rig.make({{"payment_id", "p2"}, {"version", "v2"}, {"status", "paid"}});
  rig.settle();
  const Json one = rig.v2("GET", "/payments/p2").body.at("webhooks")[0];
  CHECK(one.at("status") == "FAILED_UNEXPECTED_ERROR");
  CHECK_FALSE(one.contains("response"));
}
