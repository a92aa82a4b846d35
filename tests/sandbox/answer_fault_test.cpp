#include <doctest/doctest.h>

#include <chrono>

#include "daemon/core/words/text.h"
#include "tests/sandbox/support.h"

using namespace reconciled;
using namespace reconciled::sandbox_tests;

namespace {

void set_answers(Rig& rig, const Json& rules) {
  rig.control("PUT", "/faults", {{"answers", rules}});
}

Json make_v1(Rig& rig, const std::string& order, const std::string& imp_uid) {
  return rig.make({{"payment_id", order}, {"attempt_id", imp_uid}, {"status", "paid"}});
}

Json make_v2(Rig& rig, const std::string& payment_id, const std::string& attempt_id) {
  return rig.make({{"payment_id", payment_id},
                   {"version", "v2"},
                   {"attempt_id", attempt_id},
                   {"status", "paid"}});
}

Json v1_of(Rig& rig, const std::string& target) { return rig.v1("GET", target).body["response"]; }

Json v2_list(Rig& rig, const std::string& path, const Json& body = Json::object()) {
  return rig.v2("GET", path + "?requestBody=" + core::percent_encode(body.dump())).body["items"];
}

}  // namespace

TEST_CASE("answers: a merge patch shows wherever V1 shows the payment, and on no other row") {
  Rig rig;
  make_v1(rig, "o1", "imp_1");
  make_v1(rig, "o2", "imp_2");
  for (const char* name : {"imp_1", "o1"}) {
    set_answers(rig, {{"payment", name}, {"merge", {{"amount", 1000.5}, {"sandbox", nullptr}}}});
    CHECK(v1_of(rig, "/payments/imp_1")["amount"] == doctest::Approx(1000.5));
    CHECK_FALSE(v1_of(rig, "/payments/imp_1").contains("sandbox"));
    const Json batch = v1_of(rig, "/payments?imp_uid[]=imp_1&imp_uid[]=imp_2");
    CHECK(batch[0]["amount"] == doctest::Approx(1000.5));
    CHECK(batch[1]["amount"] == 10000);
    CHECK(v1_of(rig, "/payments/findAll/o1")["list"][0]["amount"] == doctest::Approx(1000.5));
    CHECK(v1_of(rig, "/payments/find/o1")["amount"] == doctest::Approx(1000.5));
    CHECK(v1_of(rig, "/payments/status/paid")["list"][1]["amount"] == doctest::Approx(1000.5));
  }
  rig.control("DELETE", "/faults");
  CHECK(v1_of(rig, "/payments/imp_1")["amount"] == 10000);
}

TEST_CASE("answers: a merge patch shows wherever V2 shows the payment, or only where it is meant") {
  Rig rig;
  make_v2(rig, "p1", "tx-1");
  const Json patch{{"currency", "KR"}, {"channel", {{"type", "MOON"}}}};
  set_answers(rig, {{"payment", "p1"}, {"merge", patch}});
  CHECK(rig.v2("GET", "/payments/p1").body["channel"]["type"] == "MOON");
  CHECK(rig.v2("GET", "/payments/p1").body["channel"]["pgProvider"] == "TOSSPAYMENTS");
  CHECK(rig.v2("GET", "/payments/p1/transactions").body["items"][0]["currency"] == "KR");
  CHECK(v2_list(rig, "/payments")[0]["currency"] == "KR");
  CHECK(v2_list(rig, "/payments-by-cursor")[0]["payment"]["currency"] == "KR");
  CHECK(v2_list(rig, "/payment-events-by-cursor")[0]["paymentEvent"]["currency"] == "KRW");
  set_answers(rig, {{"payment", "p1"}, {"merge", patch}, {"where", {"v2 list", "events"}}});
  CHECK(rig.v2("GET", "/payments/p1").body["currency"] == "KRW");
  CHECK(v2_list(rig, "/payments")[0]["currency"] == "KR");
  CHECK(v2_list(rig, "/payment-events-by-cursor")[0]["paymentEvent"]["currency"] == "KR");
}

TEST_CASE("answers: a text may hold bytes that are no UTF-8, or half a surrogate") {
  Rig rig;
  make_v1(rig, "o1", "imp_1");
  make_v2(rig, "p1", "tx-1");
  set_answers(rig, {{{"payment", "o1"}, {"member", "name"}, {"raw_hex", "b0a1"}},
                    {{"payment", "p1"}, {"member", "orderName"}, {"raw_json", R"("gift \ud83d")"}},
                    {{"payment", "p1"}, {"member", "/amount/total"}, {"raw_json", "1e3"}}});
  CHECK(rig.v1("GET", "/payments/imp_1").text.find("\"name\":\"\xb0\xa1\",") != std::string::npos);
  const std::string v2 = rig.v2("GET", "/payments/p1").text;
  CHECK(v2.find(R"("orderName":"gift \ud83d",)") != std::string::npos);
  CHECK(v2.find(R"("total":1e3,)") != std::string::npos);
}

TEST_CASE("answers: rows that belong to no payment stand in lists, and count as rows") {
  Rig rig;
  make_v1(rig, "o1", "imp_1");
  make_v2(rig, "p1", "tx-1");
  set_answers(rig, {{{"where", "v1 list"}, {"rows", {{{"imp_uid", "imp_9"}, {"amount", 1000.5}}}}},
                    {{"where", {"v2 list", "cursor", "transactions"}},
                     {"rows", {R"({"amount":null,"amount":{"total":1}})"}}},
                    {{"where", "order"}, {"payment", "o1"}, {"rows", {{{"currency", "KR"}}}}}});
  const Json page = v1_of(rig, "/payments/status/all?limit=1");
  CHECK(page["list"][0]["imp_uid"] == "imp_9");
  CHECK(page["total"] == 2);
  CHECK(page["next"] == 2);
  CHECK(v1_of(rig, "/payments/status/all?limit=1&page=2")["list"][0]["imp_uid"] == "imp_1");
  CHECK(v1_of(rig, "/payments/findAll/o1")["list"].size() == 2);
  CHECK(rig.v1("GET", "/payments/findAll/o9").status == 404);
  rig.control("POST", "/faults",
              {{"answers", {{"where", "order"}, {"payment", "o9"}, {"rows", {{{"a", 1}}}}}}});
  CHECK(v1_of(rig, "/payments/findAll/o9")["total"] == 1);
  const std::string twice = R"({"amount":null,"amount":{"total":1}})";
  CHECK(rig.v2("GET", "/payments").text.find("[" + twice + ",{") != std::string::npos);
  CHECK(rig.v2("GET", "/payments-by-cursor").text.find(twice) != std::string::npos);
  CHECK(rig.v2("GET", "/payments/p1/transactions").body["items"].size() == 2);
}

TEST_CASE("answers: clocks lie for one payment or for all, in the times that are meant") {
  Rig rig;
  const std::string at = "2026-01-10T00:00:00Z";
  rig.make({{"payment_id", "o1"}, {"attempt_id", "imp_1"}, {"status", "paid"}, {"at", at}});
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}, {"at", at}});
  const std::int64_t paid_at = v1_of(rig, "/payments/imp_1")["paid_at"];
  set_answers(rig, {{"shift_s", -5}});
  CHECK(v1_of(rig, "/payments/imp_1")["paid_at"] == paid_at - 5);
  CHECK(v1_of(rig, "/payments/imp_1")["failed_at"] == 0);
  CHECK(rig.v2("GET", "/payments/p1").body["statusChangedAt"] == "2026-01-09T23:59:55.000000Z");
  set_answers(rig, {{"payment", "p1"}, {"shift_s", 60}, {"times", {"statusChangedAt"}}});
  CHECK(v1_of(rig, "/payments/imp_1")["paid_at"] == paid_at);
  CHECK(rig.v2("GET", "/payments/p1").body["paidAt"] == "2026-01-10T00:00:00.000000Z");
  CHECK(rig.v2("GET", "/payments/p1").body["statusChangedAt"] == "2026-01-10T00:01:00.000000Z");
}

TEST_CASE("clocks: the V1 token's times and the header Date lie by what is set") {
  Rig rig;
  const auto token = [&] {
    return rig
        .call("POST", "/users/getToken",
              R"({"imp_key":"sandbox_key","imp_secret":"sandbox_secret"})")
        .body["response"];
  };
  const std::int64_t true_now = token()["now"];
  const std::int64_t true_expiry = token()["expired_at"];
  rig.control("PUT", "/faults", {{"clocks", {{"token_now_s", -3600}, {"date_s", 86400}}}});
  CHECK(token()["now"].get<std::int64_t>() <= true_now - 3500);
  CHECK(token()["expired_at"] == true_expiry);
  const std::string lying = rig.v2("GET", "/payments/p1").date;
  rig.control("DELETE", "/faults");
  const std::string honest = rig.v2("GET", "/payments/p1").date;
  CHECK(honest.size() == std::string("Sun, 06 Nov 1994 08:49:37 GMT").size());
  CHECK(lying.substr(0, 16) != honest.substr(0, 16));
}

TEST_CASE("answers: go back to what was before, for a count, and are right again") {
  Rig rig;
  make_v1(rig, "o1", "imp_1");
  set_answers(rig, {{"payment", "o1"}, {"back", 1}, {"skip", 1}, {"count", 2}});
  std::string said;
  for (int i = 0; i < 4; ++i) {
    said += v1_of(rig, "/payments/imp_1")["status"].get<std::string>() + " ";
  }
  CHECK(said == "paid ready ready paid ");
  CHECK(rig.control("GET", "/faults")["answers"].empty());
}

TEST_CASE("answers: a frozen one stays stale until it is cleared, in lists under its old status") {
  Rig rig;
  const Json attempt = make_v2(rig, "p1", "tx-1");
  set_answers(rig, {{"where", {"single", "list"}}, {"frozen", true}});
  rig.move(attempt, {{"status", "cancelled"}});
  make_v2(rig, "p2", "tx-2");
  CHECK(rig.v2("GET", "/payments/p1").body["status"] == "PAID");
  CHECK(rig.v2("GET", "/payments/p2").status == 404);
  CHECK(v2_list(rig, "/payments", {{"filter", {{"status", {"CANCELLED"}}}}}).empty());
  CHECK(v2_list(rig, "/payments").size() == 1);
  CHECK(rig.v2("GET", "/payments/p1/transactions").body["items"][0]["status"] == "CANCELLED");
  rig.control("DELETE", "/faults");
  CHECK(rig.v2("GET", "/payments/p1").body["status"] == "CANCELLED");
}

TEST_CASE("answers: side questions answer less than the first one knew") {
  Rig rig;
  make_v1(rig, "o1", "imp_1");
  make_v2(rig, "p1", "tx-1");
  make_v2(rig, "p1", "tx-2");
  set_answers(rig, {{"where", "transactions"}, {"payment", "tx-1"}, {"hidden", true}});
  const auto transactions = [&] { return rig.v2("GET", "/payments/p1/transactions"); };
  REQUIRE(transactions().body["items"].size() == 1);
  CHECK(transactions().body["items"][0]["id"] == "tx-2");
  set_answers(rig, {{"where", {"transactions", "order"}}, {"hidden", true}});
  CHECK(transactions().status == 200);
  CHECK(transactions().body["items"].empty());
  CHECK(rig.v1("GET", "/payments/findAll/o1").status == 404);
  CHECK(rig.v1("GET", "/payments?imp_uid[]=imp_1").status == 200);
  const Json nothing{{"response", {{"list", Json::array()}, {"total", 0}}}};
  set_answers(rig, {{"where", "order"}, {"whole", nothing}});
  CHECK(rig.v1("GET", "/payments/findAll/o1").status == 200);
  CHECK(v1_of(rig, "/payments/findAll/o1")["list"].empty());
}

TEST_CASE("moves: a page moves while it is walked") {
  Rig rig;
  for (const char* id : {"1", "2", "3"})
    make_v1(rig, std::string("o") + id, std::string("imp_") + id);
  rig.control(
      "PUT", "/faults",
      {{"moves",
        {{{"where", "v1 list"}, {"move", {{"attempt_id", "imp_3"}, {"status", "cancelled"}}}},
         {{"where", "v1 list"},
          {"skip", 1},
          {"move", {{"payment_id", "o4"}, {"status", "paid"}}}}}}});
  const auto page = [&](int number) {
    return v1_of(rig, "/payments/status/paid?limit=1&page=" + std::to_string(number));
  };
  CHECK(page(1)["list"][0]["imp_uid"] == "imp_3");
  CHECK(page(2)["list"][0]["imp_uid"] == "imp_1");
  CHECK(page(1)["list"][0]["merchant_uid"] == "o4");
  CHECK(rig.control("GET", "/faults")["moves"].empty());
}

TEST_CASE("answers: what cannot be is refused by name, and nothing is set") {
  Rig rig;
  for (const char* bad :
       {R"({"merge":5})", R"({"wheree":"list"})", R"({"where":"lists"})", R"({"member":"name"})",
        R"({"member":"name","raw_hex":"b0a"})", R"({"raw_json":"1"})", R"({"rows":{}})",
        R"({"whole":{},"merge":{}})", R"({"count":0})"}) {
    const std::string body = R"({"rest":{"mode":"slow"},"answers":)" + std::string(bad) + "}";
    CHECK_MESSAGE(rig.call("PUT", "/sandbox/faults", body).status == 400, bad);
    CHECK(rig.control("GET", "/faults")["rest"]["mode"] == "normal");
  }
}
