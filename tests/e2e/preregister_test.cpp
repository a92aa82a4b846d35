// `preregister`: PortOne is told of an order, so that a tampered amount opens no payment window.
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <thread>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

Answer put(Rig& rig, const std::string& id, std::int64_t amount, bool preregister = true,
           const std::string& currency = "KRW") {
  return rig.daemon.send(
      "PUT", "/orders/" + encode(id),
      {{"amount", amount}, {"currency", currency}, {"preregister", preregister}});
}

std::string state_in(const Json& order, const std::string& api) {
  const Json& told = order.at("preregistered");
  return told.contains(api) ? told.at(api).at("state").get<std::string>() : "absent";
}

std::string detail_in(const Json& order, const std::string& api) {
  const Json& detail = order.at("preregistered").at(api).at("detail");
  return detail.is_null() ? "" : detail.get<std::string>();
}

Json order(Rig& rig, const std::string& id) {
  return rig.daemon.get("/orders/" + encode(id)).json();
}

void wait_for_state(Rig& rig, const std::string& id, const std::string& api,
                    const std::string& state) {
  wait_until(
      api + " is " + state, [&] { return state_in(order(rig, id), api) == state; }, 15s);
}

// What the sandbox's PortOne holds; null where it was told nothing.
Json held(Rig& rig, const std::string& api, const std::string& id) {
  const Json prepared = rig.portone.control("GET", "/state").at("prepared").at(api);
  return prepared.contains(id) ? prepared.at(id) : Json();
}

// Opens PortOne's payment window as the buyer's browser does, with an amount that the browser says.
bool opens_window(Rig& rig, const std::string& version, const std::string& id,
                  std::int64_t amount) {
  const Answer answer = ask({rig.portone.base_url().substr(7)},
                            {"GET", "/checkout?version=" + version + "&payment_id=" + encode(id) +
                                        "&amount=" + std::to_string(amount) +
                                        "&return_url=http%3A%2F%2Fshop.test%2Fdone"});
  const std::string to = answer.header("Location");
  const bool is_refused = answer.body.find("AmountNotEqualToPredefined") != std::string::npos ||
                          to.find("AmountNotEqualToPredefined") != std::string::npos;
  CHECK(is_refused != (to.find("&attempt_id=") != std::string::npos));
  return !is_refused;
}

std::vector<std::string> told_in_timeline(const Json& payment) {
  std::vector<std::string> told;
  for (const Json& entry : payment.at("timeline")) {
    if (entry.at("kind") == "preregistration") told.push_back(entry.at("summary"));
  }
  std::sort(told.begin(), told.end());  // either API may answer first
  return told;
}

double seconds_since(Clock::time_point begun) {
  return std::chrono::duration<double>(Clock::now() - begun).count();
}

}  // namespace

TEST_CASE("preregister: PUT says that it is done, and a tampered amount opens no window") {
  Rig rig;
  const std::string id = "주문 1/2?a=b";
  const Answer answer = put(rig, id, 64900);
  CHECK(answer.status == 201);
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    CHECK(state_in(answer.json(), version) == "done");
    CHECK(answer.json().at("preregistered").at(version).at("next_at").is_null());
    CHECK(held(rig, version, id) == Json{{"amount", 64900}, {"currency", "KRW"}});
    CHECK_FALSE(opens_window(rig, version, id, 100));
    CHECK(opens_window(rig, version, id, 64900));
  }
  CHECK(order(rig, id) == answer.json());
  CHECK(told_in_timeline(rig.daemon.payment(id)) ==
        std::vector<std::string>{"pre-registered with PortOne V1, 64900 KRW",
                                 "pre-registered with PortOne V2, 64900 KRW"});
}

TEST_CASE("preregister: without it PortOne is told nothing, and the answer says so") {
  Rig rig;
  const Answer answer = put(rig, "quiet", 64900, false);
  CHECK(answer.json().at("preregistered") == Json::object());
  CHECK(order(rig, "quiet").at("preregistered") == Json::object());
  CHECK(rig.portone.requests("v1 prepare").empty());
  CHECK(rig.portone.requests("v2 prepare").empty());
}

TEST_CASE("preregister: V1 gets the exact decimal in major units, V2 integers in minor ones") {
  Rig rig;
  CHECK(put(rig, "usd", 1050, true, "USD").status == 201);
  CHECK(put(rig, "kwd", 1001, true, "KWD").status == 201);
  std::vector<std::string> bodies;
  for (const Json& request : rig.portone.requests("v1 prepare"))
    bodies.push_back(request.at("body"));
  CHECK(bodies == std::vector<std::string>{"merchant_uid=usd&amount=10.50&currency=USD",
                                           "merchant_uid=kwd&amount=1.001&currency=KWD"});
  for (const std::string& version : kVersions) {
    CHECK(held(rig, version, "usd") == Json{{"amount", 1050}, {"currency", "USD"}});
    CHECK(held(rig, version, "kwd") == Json{{"amount", 1001}, {"currency", "KWD"}});
  }
}

TEST_CASE("preregister: one API alone is told where only one is configured") {
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    Settings settings;
    settings.v1 = version == "v1";
    settings.v2 = version == "v2";
    Rig rig(settings);
    const Json told = put(rig, "one", 100).json().at("preregistered");
    CHECK(told.size() == 1);
    CHECK(told.at(version).at("state") == "done");
  }
}

TEST_CASE(
    "preregister: another amount is told anew, by PUT where V1 was prepared, with or without a "
    "word") {
  Rig rig;
  CHECK(put(rig, "ord", 64900).status == 201);
  for (const bool says_so : {true, false}) {
    const std::int64_t amount = says_so ? 50000 : 40000;
    const Answer changed = put(rig, "ord", amount, says_so);
    CHECK(changed.status == 200);
    for (const std::string& version : kVersions) {
      CAPTURE(version);
      CHECK(state_in(changed.json(), version) == "done");
      CHECK(held(rig, version, "ord").at("amount") == amount);
      CHECK_FALSE(opens_window(rig, version, "ord", 64900));
      CHECK(opens_window(rig, version, "ord", amount));
    }
  }
  // On a busy machine an answer may come too late, and it is told again.
  CHECK(rig.portone.count_calls("v1 PUT /payments/prepare") >= 2);
}

TEST_CASE("preregister: what somebody else prepared with another amount is changed") {
  Rig rig;
  const Endpoint portone{rig.portone.base_url().substr(7)};
  const Headers json{{"Content-Type", "application/json"}};
  const Answer login =
      ask(portone, {"POST", "/users/getToken",
                    R"({"imp_key":"sandbox_key","imp_secret":"sandbox_secret"})", json});
  const std::string token = login.json().at("response").at("access_token");
  const Answer prepared =
      ask(portone, {"POST",
                    "/payments/prepare",
                    R"({"merchant_uid":"ord","amount":1,"currency":"KRW"})",
                    {{"Content-Type", "application/json"}, {"Authorization", token}}});
  REQUIRE(prepared.json().at("code") == 0);
  CHECK(state_in(put(rig, "ord", 64900).json(), "v1") == "done");
  CHECK(held(rig, "v1", "ord").at("amount") == 64900);
}

TEST_CASE("preregister: what is done already is not told again") {
  Rig rig;
  CHECK(put(rig, "ord", 1).status == 201);
  const Answer again = put(rig, "ord", 1);
  CHECK(again.status == 200);
  CHECK(state_in(again.json(), "v1") == "done");
  CHECK(rig.portone.requests("v1 prepare").size() == 1);
  CHECK(rig.portone.requests("v2 prepare").size() == 1);
}

TEST_CASE("preregister: PortOne's no is told with its words, and the order stands") {
  Rig rig;
  rig.portone.make(
      {{"payment_id", "paid"}, {"version", "v2"}, {"amount", 500}, {"status", "paid"}});
  rig.portone.rest_fault(
      {{"mode", "status"},
       {"status", 400},
       {"where", "v1 prepare"},
       {"body", R"({"code":-1,"message":"파라메터가 잘못되었습니다.","response":null})"}});
  const Answer answer = put(rig, "paid", 500);
  CHECK(answer.status == 201);
  CHECK(state_in(answer.json(), "v1") == "refused");
  CHECK(detail_in(answer.json(), "v1") == "status 400: 파라메터가 잘못되었습니다.");
  CHECK(state_in(answer.json(), "v2") == "refused");
  CHECK(detail_in(answer.json(), "v2").starts_with("status 409 ALREADY_PAID"));
  // Nobody asks on; asked for again it is told again.
  rig.portone.clear_faults();
  std::this_thread::sleep_for(1500ms);
  CHECK(rig.portone.requests("v2 prepare").size() == 1);
  const Answer again = put(rig, "paid", 500);
  CHECK(again.status == 200);
  CHECK(state_in(again.json(), "v1") == "done");
  CHECK(state_in(again.json(), "v2") == "refused");
  CHECK(rig.daemon.log().find("파라메터") == std::string::npos);
}

TEST_CASE(
    "preregister: PortOne is away: said at once, over a kill, and done as soon as it is back") {
  Rig rig;
  rig.portone.rest_fault({{"mode", "refuse"}, {"where", "prepare"}});
  const auto begun = Clock::now();
  const Answer answer = put(rig, "away", 64900);
  CHECK(seconds_since(begun) < 5);
  CHECK(answer.status == 201);
  for (const std::string& version : kVersions) {
    CHECK(state_in(answer.json(), version) == "pending");
    CHECK(detail_in(answer.json(), version).starts_with("broken"));
    CHECK(answer.json().at("preregistered").at(version).at("next_at").is_string());
    CHECK(held(rig, version, "away").is_null());
  }
  rig.daemon.kill();
  rig.restart();
  for (const std::string& version : kVersions)
    CHECK(state_in(order(rig, "away"), version) == "pending");
  CHECK(told_in_timeline(rig.daemon.payment("away"))[0].starts_with(
      "to be pre-registered with PortOne V1, 64900 KRW ("));
  rig.portone.clear_faults();
  for (const std::string& version : kVersions) {
    wait_for_state(rig, "away", version, "done");
    CHECK(held(rig, version, "away").at("amount") == 64900);
  }
}

TEST_CASE("preregister: killed before PortOne answered, it is told at the next start") {
  Rig rig;
  rig.portone.rest_fault({{"mode", "timeout"}, {"where", "prepare"}});
  auto answer = std::async(std::launch::async, [&] { return put(rig, "killed", 64900); });
  wait_until("PortOne is being told",
             [&] { return rig.portone.requests("v1 prepare").size() == 1; });
  rig.daemon.kill();
  CHECK(answer.get().status == 0);
  rig.portone.clear_faults();
  rig.restart();
  for (const std::string& version : kVersions) {
    wait_for_state(rig, "killed", version, "done");
    CHECK(held(rig, version, "killed").at("amount") == 64900);
  }
}

TEST_CASE(
    "preregister: a PortOne that hangs is pending within ten seconds, costs others nothing, and a "
    "stop a second") {
  Rig rig;
  rig.portone.rest_fault({{"mode", "timeout"}, {"where", "v2 prepare"}});
  const auto begun = Clock::now();
  auto hanging = std::async(std::launch::async, [&] { return put(rig, "hangs", 64900); });
  wait_until("V2 is being told", [&] { return rig.portone.requests("v2 prepare").size() == 1; });
  CHECK(put(rig, "other", 1, false).status == 201);
  CHECK(seconds_since(begun) < 5);
  CHECK(state_in(order(rig, "hangs"), "v1") == "done");
  const Answer answer = hanging.get();
  CHECK(seconds_since(begun) > 8);
  CHECK(seconds_since(begun) < 10);
  CHECK(answer.status == 201);
  CHECK(state_in(answer.json(), "v1") == "done");
  CHECK(state_in(answer.json(), "v2") == "pending");
  // Given up and told again.
  rig.portone.clear_faults();
  wait_for_state(rig, "hangs", "v2", "done");
  rig.portone.rest_fault({{"mode", "timeout"}, {"where", "prepare"}});
  auto last = std::async(std::launch::async, [&] { return put(rig, "last", 1); });
  wait_until("both are being told", [&] { return rig.portone.requests("v1 prepare").size() == 2; });
  const auto stopped = Clock::now();
  CHECK(rig.daemon.stop() == 0);
  CHECK(seconds_since(stopped) < 2);
  const Answer ended = last.get();
  CHECK(ended.status == 201);
  CHECK(state_in(ended.json(), "v1") == "pending");
}

TEST_CASE("preregister: a wrong key is pending and a warning, and done once PortOne lets us in") {
  Rig rig;
  rig.portone.rest_fault({{"mode", "status"}, {"status", 401}, {"where", "v2 prepare"}});
  const Answer answer = put(rig, "key", 5);
  CHECK(state_in(answer.json(), "v2") == "pending");
  CHECK(detail_in(answer.json(), "v2").starts_with("unauthorized"));
  rig.portone.clear_faults();
  wait_for_state(rig, "key", "v2", "done");
}

TEST_CASE("preregister: an expired V1 token is replaced, and nobody notices") {
  Rig rig;
  CHECK(state_in(put(rig, "first", 5).json(), "v1") == "done");
  rig.portone.control("PUT", "/tokens", {{"expires_in_s", 0}});
  CHECK(state_in(put(rig, "second", 5).json(), "v1") == "done");
}

TEST_CASE("preregister: a withdrawn order is told no more") {
  Rig rig;
  rig.portone.rest_fault({{"mode", "status"}, {"status", 503}, {"where", "prepare"}});
  CHECK(state_in(put(rig, "gone", 5).json(), "v1") == "pending");
  CHECK(rig.daemon.send("DELETE", "/orders/gone").status == 200);
  rig.portone.clear_faults();
  rig.portone.forget_requests();
  std::this_thread::sleep_for(2500ms);
  CHECK(rig.portone.requests("v1 prepare").empty());
  CHECK(rig.portone.requests("v2 prepare").empty());
  const std::vector<std::string> told = told_in_timeline(rig.daemon.payment("gone"));
  REQUIRE(told.size() == 2);
  CHECK(told[0].starts_with("not pre-registered with PortOne V1, 5 KRW ("));
  CHECK(told[1].ends_with("in vain): the order was withdrawn"));
}

TEST_CASE("preregister: many at once are all told, no more at a time than PortOne takes") {
  Settings settings;
  settings.reconcile_lines = "lookup_schedule = [\"1h\"]\nlookups_in_flight = 8";
  Rig rig(settings);
  rig.portone.rest_fault({{"mode", "slow"}, {"delay_ms", 20}, {"where", "prepare"}});
  constexpr int kOrders = 60;
  constexpr int kMost = 4;  // half of `lookups_in_flight`
  std::vector<std::future<Answer>> answers;
  for (int i = 0; i < kOrders; ++i) {
    answers.push_back(std::async(
        std::launch::async, [&rig, i] { return put(rig, "many-" + std::to_string(i), 100 + i); }));
  }
  for (int i = 0; i < kOrders; ++i) {
    const Json answer = answers[static_cast<std::size_t>(i)].get().json();
    for (const std::string& version : kVersions) {
      CHECK(state_in(answer, version) == "done");
      CHECK(held(rig, version, "many-" + std::to_string(i)).at("amount") == 100 + i);
    }
  }
  const Json most = rig.portone.control("GET", "/requests").at("max_in_flight").at("endpoints");
  CHECK(most.at("v1 POST /payments/prepare") <= kMost);
  CHECK(most.at("v2 POST /payments/{}/pre-register") <= kMost);
}

TEST_CASE("preregister: `reconciled order --preregister` tells what PortOne said") {
  Rig rig;
  const std::vector<std::string> line{"order",      "cli", "--amount",     "1050",
                                      "--currency", "USD", "--preregister", "--json"};
  const Finished done = rig.daemon.command(line);
  CHECK(done.status == 0);
  CHECK(state_in(Json::parse(done.out), "v1") == "done");
  CHECK(done.err.empty());
  const Finished words = rig.daemon.command({line.begin(), line.end() - 1});
  CHECK(words.out ==
        "order cli is registered: 10.50 USD\n"
        "PortOne v1 is told: no payment window opens for another amount\n"
        "PortOne v2 is told: no payment window opens for another amount\n");
  rig.portone.make({{"payment_id", "cli-2"}, {"version", "v2"}, {"status", "paid"}});
  const Finished refused = rig.daemon.command(
      {"order", "cli-2", "--amount", "10000", "--currency", "KRW", "--preregister"});
  CHECK(refused.status == 1);
  CHECK(refused.err.find("ALREADY_PAID") != std::string::npos);
  rig.portone.rest_fault({{"mode", "refuse"}, {"where", "prepare"}});
  const Finished away =
      rig.daemon.command({"order", "cli-3", "--amount", "1", "--currency", "KRW", "--preregister"});
  CHECK(away.status == 0);
  CHECK(away.err.find("PortOne v1 is not told yet") != std::string::npos);
}
