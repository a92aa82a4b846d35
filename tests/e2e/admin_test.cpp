// The admin endpoint as interface §6 states it: reading, orders, look-ups, long polls.
#include <doctest/doctest.h>

#include <chrono>
#include <set>
#include <thread>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

void check_error(const Answer& answer, int status, const std::string& code) {
  CHECK(answer.status == status);
  CHECK(answer.header("Content-Type") == "application/json");
  const Json body = answer.json();
  REQUIRE(body.contains("error"));
  CHECK(body.at("error").at("code") == code);
  CHECK(body.at("error").at("message").is_string());
}

// Every item of a list, page by page; each page has `limit` rows but the last.
std::vector<Json> walk(const Rig& rig, const std::string& target, const std::string& name,
                       std::size_t limit) {
  std::vector<Json> all;
  std::string cursor;
  do {
    const std::string sign = target.find('?') == std::string::npos ? "?" : "&";
    const Json page = rig.daemon
                          .get(target + sign + "limit=" + std::to_string(limit) +
                               (cursor.empty() ? "" : "&cursor=" + cursor))
                          .json();
    for (const Json& item : page.at(name)) all.push_back(item);
    const Json& next = page.at("next_cursor");
    if (!next.is_null()) CHECK(page.at(name).size() == limit);
    cursor = next.is_null() ? "" : next.is_string() ? next.get<std::string>() : next.dump();
  } while (!cursor.empty());
  return all;
}

}  // namespace

TEST_CASE("admin: health, readiness and an empty store") {
  Rig rig;
  CHECK(rig.daemon.get("/healthz").status == 200);
  CHECK(rig.daemon.get("/readyz").status == 200);
  for (const char* list : {"payments", "events", "findings", "notifications"}) {
    CAPTURE(list);
    const Answer answer = rig.daemon.get("/" + std::string(list));
    CHECK(answer.status == 200);
    CHECK(answer.json().at(list).empty());
    CHECK(answer.json().at("next_cursor").is_null());
  }
  CHECK(rig.daemon.get("/rejected").json().at("rejected").empty());
  CHECK(rig.daemon.get("/stats").json().at("payments").at("paid") == 0);
}

TEST_CASE("admin: what is unknown, malformed or of the wrong method is an error in JSON") {
  Rig rig;
  check_error(rig.daemon.get("/nothing"), 404, "not_found");
  check_error(rig.daemon.get("/payments/unknown"), 404, "not_found");
  check_error(rig.daemon.get("/orders/unknown"), 404, "not_found");
  check_error(rig.daemon.get("/events/77"), 404, "not_found");
  check_error(rig.daemon.get("/events/99999999999999999999"), 404, "not_found");
  rig.acknowledged(v1_webhook("imp_1", "o1", "paid"));
  CHECK(rig.daemon.get("/events/1").status == 200);
  check_error(rig.daemon.get("/events/0000000000000000019"), 404, "not_found");
  check_error(rig.daemon.send("DELETE", "/orders/unknown"), 404, "not_found");
  check_error(rig.daemon.send("DELETE", "/payments/unknown"), 405, "method_not_allowed");
  check_error(rig.daemon.send("POST", "/payments"), 405, "method_not_allowed");
  for (const char* query :
       {"result=payed", "ui_state=x", "deliverable=maybe", "finding=x", "since=yesterday",
        "until=1", "limit=0", "limit=501", "limit=x", "cursor=-1", "cursor=x"}) {
    CAPTURE(query);
    check_error(rig.daemon.get("/payments?" + std::string(query)), 400, "bad_request");
  }
  check_error(rig.daemon.get("/events?source=mail"), 400, "bad_request");
  check_error(rig.daemon.get("/payments/p?wait=soon"), 400, "bad_request");
  check_error(rig.daemon.get("/payments/%00"), 400, "bad_request");
  check_error(rig.daemon.get("/payments/%ff"), 400, "bad_request");
  for (const char* body :
       {"", "[]", "{", R"({"amount":1})", R"({"amount":0,"currency":"KRW"})",
        R"({"amount":1.5,"currency":"KRW"})", R"({"amount":"1","currency":"KRW"})",
        R"({"amount":1,"currency":"won"})", R"({"amount":1,"currency":"KRW","extra":1})",
        R"({"amount":1,"amount":2,"currency":"KRW"})",
        R"({"amount":99999999999999999999,"currency":"KRW"})"}) {
    CAPTURE(body);
    check_error(
        ask(rig.daemon.admin(), {"PUT", "/orders/o", body, {{"Content-Type", "application/json"}}}),
        400, "bad_request");
  }
  CHECK(rig.daemon.get("/orders/o").status == 404);
}

TEST_CASE("admin: orders are registered, changed, withdrawn, and fixed once they are paid") {
  Rig rig;
  const Json order{{"amount", 64900}, {"currency", "KRW"}, {"name", "사과 한 상자"}};
  CHECK(rig.daemon.send("PUT", "/orders/o", order).status == 201);
  CHECK(rig.daemon.send("PUT", "/orders/o", order).status == 200);
  CHECK(rig.daemon.get("/orders/o").json().at("name") == "사과 한 상자");
  const Json p = rig.daemon.same_in_shell("o");
  CHECK(p.at("result") == "none");
  CHECK(p.at("expected_amount") == 64900);
  CHECK(p.at("currency") == "KRW");
  CHECK(p.at("next_lookup_at").is_string());
  CHECK(rig.daemon.send("PUT", "/orders/o", {{"amount", 500}, {"currency", "KRW"}}).status == 200);
  CHECK(rig.daemon.payment("o").at("expected_amount") == 500);
  CHECK(rig.daemon.send("DELETE", "/orders/o").status == 200);
  CHECK(rig.daemon.get("/orders/o").status == 404);
  CHECK(rig.daemon.payment("o").at("expected_amount").is_null());

  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string target = "/orders/paid-" + version;
    rig.daemon.register_order("paid-" + version, 500);
    rig.portone.make({{"payment_id", "paid-" + version},
                      {"version", version},
                      {"amount", 500},
                      {"status", "paid"}});
    rig.daemon.wait_for_result("paid-" + version, "paid");
    check_error(rig.daemon.send("PUT", target, {{"amount", 501}, {"currency", "KRW"}}), 409,
                "conflict");
    check_error(rig.daemon.send("PUT", target, {{"amount", 500}, {"currency", "USD"}}), 409,
                "conflict");
    check_error(rig.daemon.send("DELETE", target), 409, "conflict");
    CHECK(rig.daemon.send("PUT", target, {{"amount", 500}, {"currency", "KRW"}, {"name", "n"}})
              .status == 200);
    CHECK(rig.daemon.same_in_shell("paid-" + version).at("deliverable") == true);
  }
  // A signed webhook alone fixes it, too; a first registration is never refused.
  rig.portone.rest_fault({{"mode", "refuse"}});
  rig.daemon.register_order("said", 500);
  rig.acknowledged(v2_webhook("Transaction.Paid", "said", "tx-1", {"m1"}));
  rig.acknowledged(v2_webhook("Transaction.Paid", "first", "tx-2", {"m2"}));
  check_error(rig.daemon.send("PUT", "/orders/said", {{"amount", 1}, {"currency", "KRW"}}), 409,
              "conflict");
  CHECK(rig.daemon.send("PUT", "/orders/first", {{"amount", 1}, {"currency", "KRW"}}).status ==
        201);
}

TEST_CASE("admin: a long poll is answered as soon as the payment is decided") {
  Settings settings = scheduled("\"1h\"");
  Rig rig(settings);
  using Clock = std::chrono::steady_clock;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "poll-" + version;
    rig.daemon.register_order(id);
    const Json attempt =
        rig.portone.make({{"payment_id", id}, {"version", version}, {"webhook", false}});
    rig.daemon.send("POST", "/payments/" + id + "/lookup");
    rig.daemon.wait_for_result(id, "ready");
    std::vector<Answer> answers(5);
    std::vector<std::thread> pollers;
    const auto began = Clock::now();
    for (Answer& answer : answers) {
      pollers.emplace_back([&] { answer = rig.daemon.get("/payments/" + id + "?wait=60"); });
    }
    CHECK(rig.daemon.get("/payments/" + id + "?wait=1").json().at("result") == "ready");
    CHECK(Clock::now() - began >= std::chrono::milliseconds(990));
    rig.portone.move(attempt, {{"status", "paid"}});
    for (std::thread& poller : pollers) poller.join();
    for (const Answer& answer : answers) {
      CHECK(answer.status == 200);
      CHECK(answer.json().at("result") == "paid");
    }
    CHECK(Clock::now() - began < std::chrono::seconds(50));
    CHECK(rig.daemon.get("/payments/" + id + "?wait=60").json().at("result") == "paid");
  }
  // Nobody else asks PortOne: the poll itself does.
  rig.daemon.register_order("asks");
  rig.portone.make({{"payment_id", "asks"}, {"status", "paid"}, {"webhook", false}});
  CHECK(rig.daemon.get("/payments/asks?wait=60").json().at("authority") == "lookup");
}

TEST_CASE("admin: POST lookup asks PortOne at once") {
  Settings settings = scheduled("\"1h\"");
  Rig rig(settings);
  for (const std::string& version : kVersions) {
    const std::string id = "look-" + version;
    rig.portone.make(
        {{"payment_id", id}, {"version", version}, {"status", "paid"}, {"webhook", false}});
    // Nobody told us of it; PortOne may know.
    const Answer answer = rig.daemon.send("POST", "/payments/" + id + "/lookup");
    CHECK(answer.status == 202);
    CHECK(answer.json() == Json{{"payment_id", id}, {"lookup", "asked"}, {"known", false}});
    CHECK(rig.daemon.wait_for_result(id, "paid").at("authority") == "lookup");
    CHECK(rig.daemon.send("POST", "/payments/" + id + "/lookup").json().at("known") == true);
  }
}

TEST_CASE("admin: lists filter, and page by cursor without gaps or repetitions") {
  Settings settings = scheduled("\"1h\"");
  Rig rig(settings);
  constexpr std::size_t kPayments = 12;
  for (std::size_t i = 0; i < kPayments; ++i) {
    const std::string id = "list-" + std::to_string(i);
    rig.daemon.register_order(id, i % 2 == 0 ? 10'000 : 1);
    const Json attempt =
        rig.portone.make({{"payment_id", id}, {"version", kVersions[i % 2]}, {"status", "paid"}});
    rig.daemon.wait_for_result(id, "paid");
    if (i < 3) CHECK(rig.come_back(attempt.at("redirect_query")).status == 200);
  }
  rig.daemon.wait_for_empty_inbox();
  std::set<std::string> ids;
  for (const Json& p : walk(rig, "/payments", "payments", 5)) ids.insert(p.at("payment_id"));
  CHECK(ids.size() == kPayments);
  CHECK(walk(rig, "/payments", "payments", 5).size() == kPayments);
  CHECK(walk(rig, "/payments?deliverable=true", "payments", 4).size() == kPayments / 2);
  CHECK(walk(rig, "/payments?finding=amount_mismatch", "payments", 4).size() == kPayments / 2);
  CHECK(walk(rig, "/payments?result=failed", "payments", 4).empty());
  CHECK(walk(rig, "/payments?ui_state=returned_success", "payments", 2).size() == 3);
  CHECK(walk(rig, "/payments?q=list-1", "payments", 2).size() == 3);  // 1, 10, 11
  CHECK(walk(rig, "/payments?since=2020-01-01T00:00:00Z", "payments", 5).size() == kPayments);
  CHECK(walk(rig, "/payments?until=2020-01-01T00:00:00Z", "payments", 5).empty());
  CHECK(walk(rig, "/events?source=webhook", "events", 5).size() == kPayments);
  CHECK(walk(rig, "/events?source=redirect", "events", 2).size() == 3);
  CHECK(walk(rig, "/events?payment_id=list-0", "events", 1).size() == 2);
  CHECK(walk(rig, "/findings?open=true", "findings", 4).size() == kPayments / 2);
  const Json event = walk(rig, "/events?payment_id=list-0&source=webhook", "events", 5).at(0);
  const Json whole = rig.daemon.get("/events/" + event.at("id").dump()).json();
  CHECK(whole.at("headers").is_object());
  CHECK(Json::parse(whole.at("body").get<std::string>()).at("merchant_uid") == "list-0");
  CHECK_FALSE(event.contains("body"));
}
