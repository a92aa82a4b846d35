#include <doctest/doctest.h>

#include "daemon/core/words/text.h"
#include "tests/sandbox/support.h"

using namespace reconciled;
using namespace reconciled::sandbox_tests;

namespace {

std::string list_target(const std::string& path, const Json& body) {
  return path + "?requestBody=" + core::percent_encode(body.dump());
}

std::string ids_of(const Json& items) {
  std::string text;
  for (const Json& one : items) text += (text.empty() ? "" : " ") + one["id"].get<std::string>();
  return text;
}

}  // namespace

TEST_CASE("V2 payment: a paid one has the required fields and integer minor units") {
  Rig rig;
  rig.make({{"payment_id", "p1"},
            {"version", "v2"},
            {"attempt_id", "tx-1"},
            {"amount", 1050},
            {"currency", "USD"},
            {"status", "paid"}});
  const Answer answer = rig.v2("GET", "/payments/p1");
  REQUIRE(answer.status == 200);
  for (const char* name : {"status", "id", "transactionId", "merchantId", "storeId", "channel",
                           "version", "requestedAt", "updatedAt", "statusChangedAt", "orderName",
                           "amount", "currency", "customer", "origin", "paidAt", "disputes"}) {
    CHECK_MESSAGE(answer.body.contains(name), name);
  }
  CHECK(answer.body["status"] == "PAID");
  CHECK(answer.body["transactionId"] == "tx-1");
  CHECK(answer.body["version"] == "V2");
  CHECK(answer.body["amount"]["total"] == 1050);
  CHECK(answer.body["channel"]["type"] == "LIVE");
  CHECK(answer.text.find("null") == std::string::npos);
}

TEST_CASE("V2 payment: fields of other statuses are omitted") {
  Rig rig;
  const Json attempt = rig.make({{"payment_id", "p1"}, {"version", "v2"}});
  const auto now = [&] { return rig.v2("GET", "/payments/p1").body; };
  CHECK(now()["status"] == "READY");
  CHECK_FALSE(now().contains("paidAt"));
  CHECK_FALSE(now().contains("method"));
  rig.move(attempt, {{"status", "failed"}, {"code", "X1"}, {"reason", "한도초과"}});
  CHECK(now()["failure"]["pgCode"] == "X1");
  CHECK(now().contains("failedAt"));
  rig.move(attempt, {{"status", "virtual_account_issued"}});
  CHECK(now()["status"] == "VIRTUAL_ACCOUNT_ISSUED");
  CHECK(now()["method"]["type"] == "PaymentMethodVirtualAccount");
  CHECK_FALSE(now().contains("failure"));
  rig.move(attempt, {{"status", "paid"}});
  rig.move(attempt, {{"status", "disputed"}});
  CHECK(now()["disputes"][0]["status"] == "UNRESOLVED");
  rig.move(attempt, {{"status", "dispute_resolved"}});
  CHECK(now()["disputes"][0]["status"] == "RESOLVED");
  rig.move(attempt, {{"status", "cancelled"}, {"trigger", "CHARGEBACK"}});
  CHECK(now()["status"] == "CANCELLED");
  CHECK(now()["cancellations"][0]["trigger"] == "CHARGEBACK");
  CHECK(now()["amount"]["cancelled"] == 10000);
  rig.move(attempt, {{"status", "reverted"}});
  CHECK(now()["status"] == "PAID");
}

TEST_CASE("V2 payment: updatedAt grows with every change") {
  Rig rig;
  const Json attempt = rig.make({{"payment_id", "p1"}, {"version", "v2"}});
  std::string last;
  for (const char* status : {"paid", "disputed", "dispute_resolved", "cancel_pending"}) {
    rig.move(attempt, {{"status", status}});
    const std::string updated = rig.v2("GET", "/payments/p1").body["updatedAt"];
    CHECK(updated.size() == std::string("2026-09-01T02:58:10.120456Z").size());
    CHECK(updated > last);
    last = updated;
  }
}

TEST_CASE("V2 payment: ids with / ? # % and Hangul are decoded once") {
  Rig rig;
  const std::string id = "주문/1?a#b%2F";
  rig.make({{"payment_id", id}, {"version", "v2"}, {"status", "paid"}});
  const Answer found = rig.v2("GET", "/payments/" + core::percent_encode(id));
  REQUIRE(found.status == 200);
  CHECK(found.body["id"] == id);
  CHECK(rig.v2("GET", "/payments/" + core::percent_encode(id) + "/transactions").status == 200);
  CHECK(rig.v2("GET", "/payments/" + core::percent_encode(core::percent_encode(id))).status == 404);
}

TEST_CASE("V2 payment: another store's is 404, a test channel's is not") {
  Rig rig;
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"store_id", "store-other"}});
  const Answer foreign = rig.v2("GET", "/payments/p1");
  CHECK(foreign.status == 404);
  CHECK(foreign.body["type"] == "PAYMENT_NOT_FOUND");
  CHECK(rig.v2("GET", "/payments/p1?storeId=store-other").status == 200);
  rig.make({{"payment_id", "p2"}, {"version", "v2"}, {"channel", "test"}, {"status", "paid"}});
  CHECK(rig.v2("GET", "/payments/p2?storeId=store-other").status == 404);
  CHECK(rig.v2("GET", "/payments/p2").body["channel"]["type"] == "TEST");
}

TEST_CASE("V2 payment: V1 payments are visible with transactionId = imp_uid") {
  Rig rig;
  rig.make({{"payment_id", "o1"}, {"attempt_id", "imp_1"}, {"status", "paid"}});
  const Answer seen = rig.v2("GET", "/payments/o1");
  CHECK(seen.body["version"] == "V1");
  CHECK(seen.body["transactionId"] == "imp_1");
}

TEST_CASE(
    "V2 payment: the paid attempt is shown though a newer one failed; transactions has both") {
  Rig rig;
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"attempt_id", "a"}, {"status", "paid"}});
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"attempt_id", "b"}, {"status", "failed"}});
  CHECK(rig.v2("GET", "/payments/p1").body["transactionId"] == "a");
  const Json items = rig.v2("GET", "/payments/p1/transactions").body["items"];
  CHECK(ids_of(items) == "a b");
  CHECK(items[0]["paymentId"] == "p1");
  CHECK_FALSE(items[0].contains("disputes"));
}

TEST_CASE("V2 transactions: a paid one has no place for a cancel that is only requested") {
  Rig rig;
  const Json attempt = rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}});
  rig.move(attempt, {{"status", "cancel_pending"}});
  const auto item = [&] { return rig.v2("GET", "/payments/p1/transactions").body["items"][0]; };
  CHECK_FALSE(item().contains("cancellations"));
  CHECK(rig.v2("GET", "/payments/p1").body["cancellations"][0]["status"] == "REQUESTED");
  rig.move(attempt, {{"status", "cancelled"}});
  CHECK(item()["cancellations"][0]["status"] == "SUCCEEDED");
}

TEST_CASE("V2 list: pages from 0, filters, and takes its body on GET as well") {
  Rig rig;
  for (const char* id : {"p1", "p2", "p3"}) {
    rig.make({{"payment_id", id}, {"version", "v2"}, {"status", "paid"}});
  }
  rig.make({{"payment_id", "p4"}, {"version", "v2"}, {"status", "pay_pending"}});
  rig.make({{"payment_id", "o5"}, {"channel", "test"}, {"status", "failed"}});
  const auto list = [&](const Json& body) { return rig.v2("GET", list_target("/payments", body)); };
  const Answer first = list({{"page", {{"number", 0}, {"size", 2}}}});
  CHECK(ids_of(first.body["items"]) == "o5 p4");
  CHECK(first.body["page"]["totalCount"] == 5);
  CHECK(ids_of(list({{"page", {{"number", 2}, {"size", 2}}}}).body["items"]) == "p1");
  const Json pending{{"filter", {{"status", {"PENDING"}}}}};
  CHECK(ids_of(list(pending).body["items"]) == "p4");
  CHECK(ids_of(rig.v2("GET", "/payments", pending.dump()).body["items"]) == "p4");
  CHECK(ids_of(list({{"filter", {{"isTest", true}}}}).body["items"]) == "o5");
  CHECK(ids_of(list({{"filter", {{"version", "V1"}}}}).body["items"]) == "o5");
  CHECK(ids_of(list({{"filter", {{"until", "2026-01-01T00:00:00Z"}}}}).body["items"]).empty());
  CHECK(list({{"filter", {{"status", {"PAY_PENDING"}}}}}).status == 400);
  CHECK(list({{"page", {{"number", 60}, {"size", 1000}}}}).status == 400);
  CHECK(list({{"filter", {{"storeId", "store-other"}}}}).status == 403);
}

TEST_CASE("V2 cursors: walk all payments, and all money events with signed amounts") {
  Rig rig;
  for (const char* id : {"p1", "p2", "p3"}) {
    rig.make({{"payment_id", id}, {"version", "v2"}, {"amount", 500}, {"status", "paid"}});
  }
  const auto page = [&](const std::string& path, const std::string& cursor) {
    Json body{{"size", 2}};
    if (!cursor.empty()) body["cursor"] = cursor;
    return rig.v2("GET", list_target(path, body)).body["items"];
  };
  const Json first = page("/payments-by-cursor", "");
  REQUIRE(first.size() == 2);
  CHECK(first[0]["payment"]["id"] == "p1");
  const Json second = page("/payments-by-cursor", first[1]["cursor"]);
  REQUIRE(second.size() == 1);
  CHECK(second[0]["payment"]["id"] == "p3");
  CHECK(page("/payments-by-cursor", second[0]["cursor"]).empty());

  CHECK(rig.v2("POST", "/payments/p1/cancel", R"({"reason":"r","amount":200})").status == 200);
  const Json events =
      rig.v2("GET", list_target("/payment-events-by-cursor", {{"size", 10}})).body["items"];
  REQUIRE(events.size() == 4);
  CHECK(events[0]["paymentEvent"]["type"] == "PAID");
  CHECK(events[0]["paymentEvent"]["eventAmount"] == 500);
  CHECK(events[3]["paymentEvent"]["type"] == "PARTIAL_CANCELLED");
  CHECK(events[3]["paymentEvent"]["eventAmount"] == -200);
  CHECK(rig.v2("GET", list_target("/payments-by-cursor", {{"size", 1001}})).status == 400);
}

TEST_CASE("V2 cancel: partial and full, refused with PortOne's types") {
  Rig rig;
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}});
  rig.make({{"payment_id", "p2"}, {"version", "v2"}});
  const auto cancel = [&](const std::string& id, const char* body) {
    return rig.v2("POST", "/payments/" + id + "/cancel", body);
  };
  CHECK(cancel("p9", R"({"reason":"r"})").body["type"] == "PAYMENT_NOT_FOUND");
  CHECK(cancel("p2", R"({"reason":"r"})").body["type"] == "PAYMENT_NOT_PAID");
  CHECK(cancel("p1", R"({})").body["type"] == "INVALID_REQUEST");
  CHECK(cancel("p1", R"({"reason":"r","amount":0})").body["type"] == "INVALID_REQUEST");
  CHECK(cancel("p1", R"({"reason":"r","currentCancellableAmount":1})").body["type"] ==
        "CANCELLABLE_AMOUNT_CONSISTENCY_BROKEN");
  const Answer part = cancel("p1", R"({"reason":"r","amount":1000})");
  CHECK(part.body["cancellation"]["status"] == "SUCCEEDED");
  CHECK(part.body["cancellation"]["totalAmount"] == 1000);
  CHECK(rig.v2("GET", "/payments/p1").body["status"] == "PARTIAL_CANCELLED");
  CHECK(cancel("p1", R"({"reason":"r","amount":9001})").body["type"] ==
        "CANCEL_AMOUNT_EXCEEDS_CANCELLABLE_AMOUNT");
  CHECK(cancel("p1", R"({"reason":"r"})").status == 200);
  CHECK(cancel("p1", R"({"reason":"r"})").body["type"] == "PAYMENT_ALREADY_CANCELLED");
}

TEST_CASE("V2 pre-register: refused once the payment is paid") {
  Rig rig;
  const char* body = R"({"totalAmount":64900,"currency":"KRW"})";
  CHECK(rig.v2("POST", "/payments/p1/pre-register", body).status == 200);
  CHECK(rig.control("GET", "/state")["prepared"]["v2"]["p1"]["amount"] == 64900);
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}});
  const Answer again = rig.v2("POST", "/payments/p1/pre-register", body);
  CHECK(again.status == 409);
  CHECK(again.body["type"] == "ALREADY_PAID");
}

TEST_CASE("V2 identity verifications: by id, with the status's fields") {
  Rig rig;
  rig.control("POST", "/identities", {{"version", "v2"}, {"id", "iv-1"}});
  rig.control("POST", "/identities", {{"version", "v2"}, {"id", "iv-2"}, {"status", "failed"}});
  CHECK(rig.v2("GET", "/identity-verifications/iv-1").body["status"] == "VERIFIED");
  CHECK(rig.v2("GET", "/identity-verifications/iv-2").body["status"] == "FAILED");
  CHECK(rig.v2("GET", "/identity-verifications/iv-3").body["type"] ==
        "IDENTITY_VERIFICATION_NOT_FOUND");
}
