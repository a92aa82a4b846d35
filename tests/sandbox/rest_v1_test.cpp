#include <doctest/doctest.h>

#include <set>

#include "tests/sandbox/support.h"

using namespace reconciled::sandbox_tests;

namespace {

std::string ids_of(const Json& list) {
  std::string text;
  for (const Json& one : list)
    text += (text.empty() ? "" : " ") + one["imp_uid"].get<std::string>();
  return text;
}

}  // namespace

TEST_CASE("V1 payment: carries every field of PaymentAnnotation, unset times as 0") {
  Rig rig;
  rig.make({{"payment_id", "o1"}, {"attempt_id", "imp_1"}, {"amount", 64900}});
  const Answer answer = rig.v1("GET", "/payments/imp_1");
  REQUIRE(answer.status == 200);
  const Json payment = answer.body["response"];
  for (const char* name : {"imp_uid",
                           "merchant_uid",
                           "pay_method",
                           "channel",
                           "pg_provider",
                           "emb_pg_provider",
                           "pg_tid",
                           "pg_id",
                           "sandbox",
                           "escrow",
                           "apply_num",
                           "bank_code",
                           "bank_name",
                           "card_code",
                           "card_name",
                           "card_issuer_code",
                           "card_issuer_name",
                           "card_publisher_code",
                           "card_publisher_name",
                           "card_quota",
                           "card_number",
                           "card_type",
                           "vbank_code",
                           "vbank_name",
                           "vbank_num",
                           "vbank_holder",
                           "vbank_date",
                           "vbank_issued_at",
                           "name",
                           "amount",
                           "cancel_amount",
                           "currency",
                           "buyer_name",
                           "buyer_email",
                           "buyer_tel",
                           "buyer_addr",
                           "buyer_postcode",
                           "custom_data",
                           "user_agent",
                           "status",
                           "started_at",
                           "paid_at",
                           "failed_at",
                           "cancelled_at",
                           "fail_reason",
                           "cancel_reason",
                           "receipt_url",
                           "cancel_history",
                           "deposit_history",
                           "cancel_receipt_urls",
                           "cash_receipt_issued",
                           "customer_uid",
                           "customer_uid_usage",
                           "promotion"}) {
    CHECK_MESSAGE(payment.contains(name), name);
  }
  CHECK(payment["status"] == "ready");
  CHECK(payment["paid_at"] == 0);
  CHECK(payment["failed_at"] == 0);
  CHECK(payment["cancelled_at"] == 0);
  CHECK(payment["vbank_date"] == 0);
  CHECK(payment["started_at"].get<std::int64_t>() > 0);
  CHECK(payment["amount"] == 64900);
  CHECK(payment["vbank_num"].is_null());
}

TEST_CASE("V1 payment: amounts are decimals in major units") {
  Rig rig;
  rig.make({{"payment_id", "o1"}, {"attempt_id", "imp_1"}, {"amount", 1050}, {"currency", "USD"}});
  rig.make({{"payment_id", "o2"}, {"attempt_id", "imp_2"}, {"amount", 2000}, {"currency", "USD"}});
  rig.make({{"payment_id", "o3"}, {"attempt_id", "imp_3"}, {"amount", 1001}, {"currency", "KWD"}});
  CHECK(rig.v1("GET", "/payments/imp_1").text.find("\"amount\":10.5,") != std::string::npos);
  CHECK(rig.v1("GET", "/payments/imp_2").text.find("\"amount\":20,") != std::string::npos);
  CHECK(rig.v1("GET", "/payments/imp_3").text.find("\"amount\":1.001,") != std::string::npos);
}

TEST_CASE("V1 payment: a test-channel payment is 404 unless include_sandbox is true") {
  Rig rig;
  rig.make(
      {{"payment_id", "o1"}, {"attempt_id", "imp_1"}, {"channel", "test"}, {"status", "paid"}});
  const Answer hidden = rig.v1("GET", "/payments/imp_1");
  CHECK(hidden.status == 404);
  CHECK(hidden.body["code"] == -1);
  CHECK(hidden.body["response"].is_null());
  CHECK(rig.v1("GET", "/payments/imp_1?include_sandbox=false").status == 404);
  const Answer shown = rig.v1("GET", "/payments/imp_1?include_sandbox=true");
  CHECK(shown.status == 200);
  CHECK(shown.body["response"]["sandbox"] == true);
  CHECK(rig.v1("GET", "/payments/findAll/o1").status == 200);
  CHECK(rig.v1("GET", "/payments?imp_uid[]=imp_1").status == 200);
}

TEST_CASE("V1 payment: a sub-store's payment needs its Tier header") {
  Rig rig;
  rig.make({{"payment_id", "o1"}, {"attempt_id", "imp_1"}, {"tier", "ABC"}});
  const Answer token = rig.call("POST", "/users/getToken",
                                R"({"imp_key":"sandbox_key","imp_secret":"sandbox_secret"})");
  Headers headers;
  headers.authorization = token.body["response"]["access_token"].get<std::string>();
  CHECK(rig.call("GET", "/payments/imp_1", "", headers).status == 404);
  headers.tier = "ABC";
  CHECK(rig.call("GET", "/payments/imp_1", "", headers).status == 200);
}

TEST_CASE("V1 batch: 200 for all, 207 for some, 404 for none, 400 above a hundred") {
  Rig rig;
  rig.make({{"payment_id", "o1"}, {"attempt_id", "imp_1"}});
  rig.make({{"payment_id", "o2"}, {"attempt_id", "imp_2"}});
  const Answer all = rig.v1("GET", "/payments?imp_uid[]=imp_2&imp_uid%5B%5D=imp_1");
  CHECK(all.status == 200);
  CHECK(ids_of(all.body["response"]) == "imp_2 imp_1");
  const Answer some = rig.v1("GET", "/payments?imp_uid[]=imp_1&imp_uid[]=imp_9");
  CHECK(some.status == 207);
  CHECK(some.body["code"] == 0);
  CHECK(ids_of(some.body["response"]) == "imp_1");
  CHECK(rig.v1("GET", "/payments?merchant_uid[]=o2").status == 200);
  CHECK(rig.v1("GET", "/payments?imp_uid[]=imp_9").status == 404);
  std::string target = "/payments?imp_uid[]=imp_1";
  for (int i = 0; i < 100; ++i) target += "&imp_uid[]=x";
  CHECK(rig.v1("GET", target).status == 400);
}

TEST_CASE("V1 findAll: pages through all attempts, newest started first") {
  Rig rig;
  for (int i = 1; i <= 5; ++i) {
    rig.make({{"payment_id", "o/1"},
              {"attempt_id", "imp_" + std::to_string(i)},
              {"status", i == 2 ? "paid" : "failed"}});
  }
  const Answer first = rig.v1("GET", "/payments/findAll/o%2F1/?limit=2");
  REQUIRE(first.status == 200);
  CHECK(ids_of(first.body["response"]["list"]) == "imp_5 imp_4");
  CHECK(first.body["response"]["total"] == 5);
  CHECK(first.body["response"]["previous"] == 0);
  CHECK(first.body["response"]["next"] == 2);
  const Answer last = rig.v1("GET", "/payments/findAll/o%2F1?limit=2&page=3&sorting=-started");
  CHECK(ids_of(last.body["response"]["list"]) == "imp_1");
  CHECK(last.body["response"]["next"] == 0);
  const Answer oldest = rig.v1("GET", "/payments/findAll/o%2F1?sorting=started");
  CHECK(ids_of(oldest.body["response"]["list"]) == "imp_1 imp_2 imp_3 imp_4 imp_5");
  CHECK(rig.v1("GET", "/payments/findAll/o%2F1/paid").body["response"]["total"] == 1);
  CHECK(rig.v1("GET", "/payments/findAll/unknown").status == 404);
  CHECK(rig.v1("GET", "/payments/findAll/o%2F1/nonsense").status == 400);
  CHECK(rig.v1("GET", "/payments/findAll/o%2F1?limit=1001").status == 400);
}

TEST_CASE("V1 find: gives the latest attempt though an older one is paid") {
  Rig rig;
  rig.make({{"payment_id", "o1"}, {"attempt_id", "imp_1"}, {"status", "paid"}});
  rig.make({{"payment_id", "o1"}, {"attempt_id", "imp_2"}, {"status", "failed"}});
  CHECK(rig.v1("GET", "/payments/find/o1").body["response"]["imp_uid"] == "imp_2");
  CHECK(rig.v1("GET", "/payments/find/o1/paid/").body["response"]["imp_uid"] == "imp_1");
  CHECK(rig.v1("GET", "/payments/find/o1/cancelled").status == 404);
}

TEST_CASE("V1 status list: filters by the final status's time, refuses a page out of range") {
  Rig rig;
  rig.make({{"payment_id", "o1"},
            {"attempt_id", "imp_1"},
            {"status", "paid"},
            {"at", "2026-01-10T00:00:00Z"}});
  rig.make({{"payment_id", "o2"}, {"attempt_id", "imp_2"}, {"status", "failed"}});
  CHECK(ids_of(rig.v1("GET", "/payments/status/all").body["response"]["list"]) == "imp_2");
  const Answer old = rig.v1("GET", "/payments/status/paid?from=1767916800&to=1768089600");
  CHECK(ids_of(old.body["response"]["list"]) == "imp_1");
  CHECK(rig.v1("GET", "/payments/status/all?page=2").status == 400);
  CHECK(rig.v1("GET", "/payments/status/ready").body["response"]["total"] == 0);
  CHECK(rig.v1("GET", "/payments/status/all?from=0&to=1768089600").status == 400);
  CHECK(rig.v1("GET", "/payments/status/nonsense").status == 400);
}

TEST_CASE(
    "V1 cancel: partial, then all the rest where the amount is 0, and failures are HTTP 200") {
  Rig rig;
  rig.make({{"payment_id", "o1"}, {"attempt_id", "imp_1"}, {"amount", 64900}, {"status", "paid"}});
  const Answer part =
      rig.v1("POST", "/payments/cancel",
             R"({"imp_uid":"imp_1","amount":10000,"checksum":64900,"reason":"부분 반품"})");
  REQUIRE(part.status == 200);
  CHECK(part.body["code"] == 0);
  CHECK(part.body["response"]["status"] == "cancelled");
  CHECK(part.body["response"]["cancel_amount"] == 10000);
  CHECK(part.body["response"]["cancel_history"][0]["reason"] == "부분 반품");
  const Answer greedy = rig.v1("POST", "/payments/cancel", R"({"imp_uid":"imp_1","amount":60000})");
  CHECK(greedy.status == 200);
  CHECK(greedy.body["code"] == 1);
  CHECK(greedy.body["response"].is_null());
  CHECK(rig.v1("POST", "/payments/cancel", R"({"imp_uid":"imp_1","checksum":1})").body["code"] ==
        1);
  const Answer rest = rig.v1("POST", "/payments/cancel", R"({"merchant_uid":"o1","amount":0})");
  CHECK(rest.body["response"]["cancel_amount"] == 64900);
  CHECK(rest.body["response"]["cancel_history"].size() == 2);
  CHECK(rig.v1("POST", "/payments/cancel", R"({"imp_uid":"imp_1"})").body["code"] == 1);
  const Answer unknown = rig.v1("POST", "/payments/cancel", R"({"imp_uid":"imp_9"})");
  CHECK(unknown.status == 200);
  CHECK(unknown.body["code"] == 1);
}

TEST_CASE("V1 prepare: a second registration fails with code 1, PUT changes, GET shows") {
  Rig rig;
  const std::string body = R"({"merchant_uid":"o1","amount":10.5,"currency":"USD"})";
  CHECK(rig.v1("GET", "/payments/prepare/o1").status == 404);
  CHECK(rig.v1("PUT", "/payments/prepare", body).status == 404);
  CHECK(rig.v1("POST", "/payments/prepare", body).body["code"] == 0);
  CHECK(rig.v1("POST", "/payments/prepare", body).body["code"] == 1);
  CHECK(rig.v1("PUT", "/payments/prepare", R"({"merchant_uid":"o1","amount":20,"currency":"USD"})")
            .status == 200);
  const Json shown = rig.v1("GET", "/payments/prepare/o1").body["response"];
  CHECK(shown["amount"] == 20);
  CHECK(shown["currency"] == "USD");
  CHECK(rig.control("GET", "/state")["prepared"]["v1"]["o1"]["amount"] == 2000);
}

TEST_CASE("V1 certifications: share the imp_ prefix with payments and are no payments") {
  Rig rig;
  rig.control("POST", "/identities", {{"id", "imp_88"}, {"merchant_uid", "cert-1"}});
  CHECK(rig.v1("GET", "/payments/imp_88").status == 404);
  const Answer found = rig.v1("GET", "/certifications/imp_88");
  CHECK(found.status == 200);
  CHECK(found.body["response"]["certified"] == true);
  CHECK(found.body["response"]["merchant_uid"] == "cert-1");
  CHECK(rig.v1("GET", "/certifications/imp_1").status == 404);
}
