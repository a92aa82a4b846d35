#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "daemon/core/words/text.h"
#include "tests/sandbox/support.h"

using namespace reconciled;
using namespace reconciled::sandbox_tests;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

void set_rest(Rig& rig, const Json& rules) { rig.control("PUT", "/faults", {{"rest", rules}}); }

void make_three(Rig& rig) {
  rig.make({{"payment_id", "o1"}, {"attempt_id", "imp_1"}, {"status", "paid"}});
  rig.make({{"payment_id", "o2"}, {"attempt_id", "imp_2"}, {"status", "paid"}});
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"attempt_id", "tx-1"}, {"status", "paid"}});
}

const std::string kKeys = R"({"imp_key":"sandbox_key","imp_secret":"sandbox_secret"})";

Headers credential(Rig& rig) {
  const Json token = rig.call("POST", "/users/getToken", kKeys).body["response"];
  return {"Bearer " + token["access_token"].get<std::string>()};
}

// What comes within `timeout_ms`: a status, or 0.
int v1_status(Rig& rig, const std::string& target, const Headers& headers, int timeout_ms = 150) {
  return rig.call("GET", target, "", headers, timeout_ms).status;
}

std::string v2_list(const Json& body) {
  return "/payments?requestBody=" + core::percent_encode(body.dump());
}

}  // namespace

TEST_CASE("rest: a fault touches one kind of question and leaves the others alone") {
  Rig rig;
  make_three(rig);
  rig.control("POST", "/identities", {{"id", "imp_88"}});
  const Headers v1 = credential(rig);
  const Headers v2{"PortOne sandbox_api_secret"};
  const std::vector<std::tuple<const char*, std::string, Headers>> table{
      {"v1 single", "/payments/imp_1", v1},
      {"batch", "/payments?imp_uid[]=imp_1", v1},
      {"order", "/payments/findAll/o1", v1},
      {"v1 list", "/payments/status/all", v1},
      {"certification", "/certifications/imp_88", v1},
      {"v2 single", "/payments/p1", v2},
      {"v2 list", "/payments", v2},
      {"cursor", "/payments-by-cursor", v2},
      {"events", "/payment-events-by-cursor", v2},
      {"transactions", "/payments/p1/transactions", v2}};
  for (const auto& [where, unused, also] : table) {
    set_rest(rig, {{"mode", "status"}, {"status", 503}, {"where", where}});
    for (const auto& [place, target, headers] : table) {
      const int status = rig.call("GET", target, "", headers).status;
      CHECK_MESSAGE(status == (std::string(place) == where ? 503 : 200), where << " " << place);
    }
  }
  set_rest(rig, {{"mode", "status"}, {"where", {"login", "v2"}}});
  CHECK(rig.call("POST", "/users/getToken", kKeys).status == 500);
  CHECK(rig.call("GET", "/payments/p1", "", v2).status == 500);
  CHECK(rig.call("GET", "/payments/imp_1", "", v1).status == 200);
}

TEST_CASE("rest: a fault touches the calls that name one payment, by either of its ids") {
  Rig rig;
  make_three(rig);
  for (const char* name : {"o1", "imp_1"}) {
    set_rest(rig, {{"mode", "status"}, {"payment", name}});
    CHECK(rig.v1("GET", "/payments/imp_1").status == 500);
    CHECK(rig.v1("GET", "/payments/findAll/o1").status == 500);
    CHECK(rig.v1("GET", "/payments?imp_uid[]=imp_2&imp_uid[]=imp_1").status == 500);
    CHECK(rig.v1("GET", "/payments?imp_uid[]=imp_2").status == 200);
    CHECK(rig.v1("POST", "/payments/cancel", R"({"merchant_uid":"o1"})").status == 500);
    CHECK(rig.v1("GET", "/payments/status/all").status == 200);
  }
}

TEST_CASE("rest: rules stand side by side, each with its own count, and more can be added") {
  Rig rig;
  make_three(rig);
  set_rest(rig, {{{"mode", "status"}, {"status", 502}, {"where", "transactions"}, {"count", 1}},
                 {{"mode", "status"}, {"status", 401}, {"where", "v2"}, {"skip", 1}}});
  rig.control("POST", "/faults",
              {{"rest", {{"mode", "status"}, {"status", 403}, {"where", "v1"}}}});
  CHECK(rig.control("GET", "/faults")["rest"].size() == 3);
  CHECK(rig.v2("GET", "/payments/p1/transactions").status == 502);
  CHECK(rig.v2("GET", "/payments/p1/transactions").status == 200);
  CHECK(rig.v2("GET", "/payments/p1/transactions").status == 401);
  CHECK(rig.call("GET", "/payments/imp_1").status == 403);
}

TEST_CASE("rest: a status may come with a body of its own") {
  Rig rig;
  set_rest(rig, {{"mode", "status"},
                 {"status", 404},
                 {"body", "<html>nginx</html>"},
                 {"content_type", "text/html"}});
  const Answer answer = rig.v2("GET", "/payments/p1");
  CHECK(answer.status == 404);
  CHECK(answer.text == "<html>nginx</html>");
}

TEST_CASE("rest: half an answer and then nothing; a byte at a time; no answer; not even read") {
  Rig rig;
  make_three(rig);
  const Headers headers = credential(rig);
  for (const char* mode : {"stall", "trickle", "timeout", "silent"}) {
    set_rest(rig, {{"mode", mode}, {"where", "single"}, {"count", 1}});
    const auto start = Clock::now();
    CHECK_MESSAGE(v1_status(rig, "/payments/imp_1", headers) == 0, mode);
    CHECK_MESSAGE(Clock::now() - start >= milliseconds(150), mode);
    CHECK_MESSAGE(v1_status(rig, "/payments/imp_1", headers, 10'000) == 200, mode);
    CHECK(rig.control("GET", "/faults")["rest"]["mode"] == "normal");
  }
  set_rest(rig, {{"mode", "trickle"}, {"interval_ms", 0}});
  CHECK(v1_status(rig, "/payments/imp_1", headers, 10'000) == 200);
}

TEST_CASE("rest: an answer that is held is old when it comes") {
  Rig rig;
  const Json attempt = rig.make({{"payment_id", "p1"}, {"version", "v2"}});
  set_rest(rig, {{"mode", "slow"}, {"hold_ms", 300}, {"count", 1}});
  Answer held;
  std::thread caller([&] { held = rig.v2("GET", "/payments/p1"); });
  while (rig.control("GET", "/requests")["in_flight"] != 1) {
    std::this_thread::sleep_for(milliseconds(2));
  }
  std::this_thread::sleep_for(milliseconds(50));  // it is made by now
  rig.move(attempt, {{"status", "paid"}});
  CHECK(rig.v2("GET", "/payments/p1").body["status"] == "PAID");
  caller.join();
  CHECK(held.body["status"] == "READY");
}

TEST_CASE("rest: unread requests hold up neither the control API nor other places") {
  Rig rig;
  make_three(rig);
  const Headers headers = credential(rig);
  set_rest(rig, {{"mode", "silent"}, {"where", {"login", "v1 single"}}});
  CHECK(rig.call("POST", "/users/getToken", kKeys, {}, 150).status == 0);
  CHECK(v1_status(rig, "/payments/imp_1", headers) == 0);
  CHECK(v1_status(rig, "/payments/findAll/o1", headers, 10'000) == 200);
  CHECK(rig.v2("GET", "/payments/p1").status == 200);
  const Json counts = rig.control("GET", "/requests")["counts"];
  CHECK(counts["v1 GET /payments/{}"] == 1);
  CHECK(counts["v1 POST /users/getToken"] == 2);
}

TEST_CASE("rest: a sandbox stops at once while calls hang") {
  auto rig = std::make_unique<Rig>();
  make_three(*rig);
  const Headers headers = credential(*rig);
  std::vector<std::thread> callers;
  for (const char* mode : {"stall", "trickle", "timeout", "silent", "slow"}) {
    rig->control("POST", "/faults",
                 {{"rest",
                   {{"mode", mode},
                    {"match", mode},
                    {"delay_ms", std::string(mode) == "slow" ? 9'000 : 0}}}});
    callers.emplace_back(
        [&, mode] { v1_status(*rig, std::string("/payments/imp_1?") + mode, headers, 10'000); });
  }
  while (rig->control("GET", "/requests")["counts"]["v1 GET /payments/{}"] != 5) {
    std::this_thread::sleep_for(milliseconds(2));
  }
  const auto start = Clock::now();
  rig->stop();
  for (std::thread& caller : callers) caller.join();
  CHECK(Clock::now() - start < milliseconds(2'000));
}

TEST_CASE("requests: how many were in flight at once, for an endpoint and for a payment") {
  Rig rig;
  make_three(rig);
  const Headers headers = credential(rig);
  const auto requests = [&] { return rig.control("GET", "/requests"); };
  // A call's answer is there before its end.
  while (requests()["in_flight"] != 0) std::this_thread::sleep_for(milliseconds(2));
  rig.control("DELETE", "/requests");
  set_rest(rig, {{"mode", "timeout"}, {"where", "v1 single"}});
  std::vector<std::thread> callers;
  for (const char* target : {"/payments/imp_1", "/payments/imp_1", "/payments/imp_2"}) {
    callers.emplace_back([&, target] { v1_status(rig, target, headers, 1'000); });
  }
  while (requests()["in_flight"] != 3) std::this_thread::sleep_for(milliseconds(2));
  CHECK_FALSE(requests()["requests"][0].contains("ended_ms"));
  for (std::thread& caller : callers) caller.join();
  while (requests()["in_flight"] != 0) std::this_thread::sleep_for(milliseconds(2));
  CHECK(v1_status(rig, "/payments/findAll/o1", headers, 10'000) == 200);
  const Json log = requests();
  CHECK(log["max_in_flight"]["all"] == 3);
  CHECK(log["max_in_flight"]["endpoints"]["v1 GET /payments/{}"] == 3);
  CHECK(log["max_in_flight"]["endpoints"]["v1 GET /payments/findAll/{}"] == 1);
  CHECK(log["max_in_flight"]["payments"]["imp_1"] == 2);
  CHECK(log["max_in_flight"]["payments"]["o1"] == 2);
  CHECK(log["max_in_flight"]["payments"]["imp_2"] == 1);
  CHECK(log["requests"][3]["place"] == "v1 order");
  CHECK(log["requests"][0]["ended_ms"] >= log["requests"][0]["at_ms"]);
}

TEST_CASE("limits: are PortOne's own") {
  Rig rig;
  CHECK(rig.v2("GET", v2_list({{"page", {{"number", 59}, {"size", 1000}}}})).status == 200);
  CHECK(rig.v2("GET", v2_list({{"page", {{"number", 60}, {"size", 1000}}}})).status == 400);
  const auto window = [&](const char* from, const char* until) {
    return rig.v2("GET", v2_list({{"filter", {{"from", from}, {"until", until}}}})).status;
  };
  CHECK(window("2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z") == 200);
  CHECK(window("2026-01-01T00:00:00Z", "2026-04-01T00:00:01Z") == 400);
  CHECK(rig.v1("GET", "/payments/status/all?from=1767225600&to=1775001600").status == 200);
  CHECK(rig.v1("GET", "/payments/status/all?from=1767225600&to=1775001601").status == 400);
  CHECK(rig.v1("GET", "/payments/status/all?page=2").status == 400);
  CHECK(rig.v1("GET", "/payments/status/all?limit=1001").status == 400);
}

TEST_CASE("limits: can be lowered, so that a test needs few payments") {
  Rig rig;
  make_three(rig);
  rig.control("PUT", "/faults",
              {{"limits",
                {{"v1_window_days", 1},
                 {"v1_max_limit", 2},
                 {"v1_max_batch", 1},
                 {"v2_window_days", 1},
                 {"v2_max_rows", 2},
                 {"cursor_max_size", 2}}}});
  CHECK(rig.v1("GET", "/payments/status/all?from=0&to=86401").status == 400);
  CHECK(rig.v1("GET", "/payments/status/all?from=0&to=86400").status == 200);
  CHECK(rig.v1("GET", "/payments/findAll/o1?limit=3").status == 400);
  CHECK(rig.v1("GET", "/payments?imp_uid[]=imp_1&imp_uid[]=imp_2").status == 400);
  const std::string day = "2026-01-01T00:00:00Z";
  const auto page = [&](int number) {
    return rig
        .v2("GET", v2_list({{"page", {{"number", number}, {"size", 1}}},
                            {"filter", {{"from", day}, {"until", day}}}}))
        .status;
  };
  CHECK(page(1) == 200);
  CHECK(page(2) == 400);
  CHECK(rig.v2("GET", v2_list({{"page", {{"size", 1}}}, {"filter", {{"from", day}}}})).status ==
        400);
  CHECK(rig.control("GET", "/faults")["limits"]["v2_max_rows"] == 2);
  rig.control("DELETE", "/faults");
  CHECK(rig.control("GET", "/faults")["limits"]["v2_max_rows"] == 60000);
}
