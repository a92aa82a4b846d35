#include <doctest/doctest.h>

#include "tests/sandbox/model.h"
#include "tests/sandbox/support.h"

using namespace reconciled;
using namespace reconciled::sandbox_tests;

TEST_CASE("control: ids are made in each version's own form") {
  Rig rig;
  const std::string v1 = rig.make({{"payment_id", "o1"}})["attempt_id"];
  CHECK(v1.size() == 16);
  CHECK(v1.substr(0, 4) == "imp_");
  const std::string v2 = rig.make({{"payment_id", "p1"}, {"version", "v2"}})["attempt_id"];
  CHECK(v2.size() == 36);
  CHECK(v2[14] == '7');
}

TEST_CASE("control: the redirect's query follows the status") {
  Rig rig;
  const Json v1 = rig.make({{"payment_id", "o 1"}, {"attempt_id", "imp_1"}});
  CHECK(rig.move(v1, {{"status", "paid"}})["redirect_query"] ==
        "imp_uid=imp_1&merchant_uid=o%201&imp_success=true");
  const std::string failed =
      rig.move(v1, {{"status", "failed"}, {"code", "F400"}, {"reason", "100%"}})["redirect_query"];
  CHECK(failed ==
        "imp_uid=imp_1&merchant_uid=o%201&imp_success=false&error_code=F400&error_msg=100%25");
  const Json plain = rig.make({{"payment_id", "o2"},
                               {"attempt_id", "imp_2"},
                               {"success_flag", "none"},
                               {"status", "paid"}});
  CHECK(plain["redirect_query"] == "imp_uid=imp_2&merchant_uid=o2");
  const Json v2 =
      rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"attempt_id", "tx"}, {"status", "paid"}});
  CHECK(v2["redirect_query"] == "transactionType=PAYMENT&txId=tx&paymentId=p1");
  const std::string declined = rig.move(v2, {{"status", "failed"}})["redirect_query"];
  CHECK(declined.find("&code=FAILURE_TYPE_PG&message=") != std::string::npos);
}

TEST_CASE("control: V1's ready with an account is the one that waits for money") {
  Rig rig;
  const Json attempt = rig.make({{"payment_id", "o1"}, {"status", "virtual_account_issued"}});
  CHECK(attempt["payment"]["status"] == "ready");
  CHECK(attempt["payment"]["vbank_num"].is_string());
  CHECK(attempt["payment"]["vbank_date"].get<std::int64_t>() >
        attempt["payment"]["vbank_issued_at"].get<std::int64_t>());
  CHECK(attempt["payment"]["pay_method"] == "vbank");
}

TEST_CASE("control: partial cancels add up, and more than is left is refused") {
  Rig rig;
  const Json attempt =
      rig.make({{"payment_id", "o1"}, {"amount", 1050}, {"currency", "USD"}, {"status", "paid"}});
  const Json part = rig.move(attempt, {{"status", "cancelled"}, {"cancel_amount", 25}});
  CHECK(part["payment"]["status"] == "cancelled");
  CHECK(part["payment"]["cancel_amount"] == doctest::Approx(0.25));
  const std::string target =
      "/sandbox/payments/" + attempt["attempt_id"].get<std::string>() + "/status";
  CHECK(rig.call("POST", target, R"({"status":"cancelled","cancel_amount":1026})").status == 409);
  CHECK(rig.move(attempt, {{"status", "cancelled"}})["cancelled_amount"] == 1050);
  CHECK(rig.call("POST", target, R"({"status":"cancelled"})").status == 409);
}

TEST_CASE("control: a requested cancel changes nothing until it is done") {
  Rig rig;
  const Json attempt = rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}});
  const Json asked = rig.move(attempt, {{"status", "cancel_pending"}, {"cancel_amount", 1000}});
  CHECK(asked["status"] == "PAID");
  CHECK(asked["payment"]["cancellations"][0]["status"] == "REQUESTED");
  const Json done = rig.move(attempt, {{"status", "cancelled"}});
  CHECK(done["payment"]["cancellations"].size() == 1);
  CHECK(done["payment"]["cancellations"][0]["status"] == "SUCCEEDED");
  CHECK(done["status"] == "PARTIAL_CANCELLED");
}

TEST_CASE("control: bad calls are refused and change nothing") {
  Rig rig;
  CHECK(rig.call("POST", "/sandbox/payments", "[1]").status == 400);
  CHECK(rig.call("POST", "/sandbox/payments", R"({"amount":5})").status == 400);
  CHECK(rig.call("POST", "/sandbox/payments", R"({"payment_id":"a","amount":"5"})").status == 400);
  CHECK(rig.call("POST", "/sandbox/payments", R"({"payment_id":"a","version":"v3"})").status ==
        400);
  CHECK(rig.call("POST", "/sandbox/payments", R"({"payment_id":"a","status":"paidd"})").status ==
        400);
  CHECK(rig.call("POST", "/sandbox/payments", R"({"payment_id":"a","currency":"won"})").status ==
        400);
  CHECK(rig.call("POST", "/sandbox/payments/imp_9/status", R"({"status":"paid"})").status == 404);
  CHECK(rig.call("GET", "/sandbox/nothing").status == 404);
  CHECK(rig.control("GET", "/state")["payments"].empty());
  rig.make({{"payment_id", "o1"}, {"attempt_id", "imp_1"}});
  CHECK(
      rig.call("POST", "/sandbox/payments", R"({"payment_id":"o2","attempt_id":"imp_1"})").status ==
      409);
}

TEST_CASE("control: REST calls are counted by endpoint, and forgotten on demand") {
  Rig rig;
  rig.make({{"payment_id", "p1"}, {"version", "v2"}});
  rig.control("DELETE", "/requests");
  rig.v2("GET", "/payments/p1");
  rig.v2("GET", "/payments/p2?storeId=x");
  rig.call("GET", "/payments?imp_uid[]=imp_1");
  const Json log = rig.control("GET", "/requests");
  CHECK(log["counts"]["v2 GET /payments/{}"] == 2);
  CHECK(log["counts"]["v1 GET /payments"] == 1);
  CHECK(log["requests"][1]["target"] == "/payments/p2?storeId=x");
  rig.control("DELETE", "/requests");
  CHECK(rig.control("GET", "/requests")["requests"].empty());
}

TEST_CASE("control: reset forgets payments, faults and deliveries") {
  Receiver receiver;
  Rig rig({receiver.url()});
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}});
  receiver.wait_for(1);
  rig.settle();
  rig.control("PUT", "/faults", {{"rest", {{"mode", "status"}}}});
  rig.control("POST", "/reset");
  CHECK(rig.control("GET", "/state")["payments"].empty());
  CHECK(rig.control("GET", "/webhooks")["deliveries"].empty());
  CHECK(rig.v2("GET", "/payments/p1").status == 404);
}

TEST_CASE("server: refuses an address that is not loopback, and a port that is taken") {
  sandbox::Options options;
  options.host = "0.0.0.0";
  sandbox::Sandbox open(options);
  CHECK_THROWS_AS(open.start(), std::invalid_argument);
  Rig rig;
  options.host = "127.0.0.1";
  options.port =
      static_cast<std::uint16_t>(std::stoi(rig.base_url().substr(rig.base_url().rfind(':') + 1)));
  sandbox::Sandbox second(options);
  CHECK_THROWS_AS(second.start(), std::runtime_error);
  options.webhook_secrets = {"whsec_???"};
  CHECK_THROWS_AS(sandbox::Sandbox{options}, std::invalid_argument);
}
