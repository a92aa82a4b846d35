#include <doctest/doctest.h>

#include <chrono>

#include "tests/sandbox/support.h"

using namespace reconciled;
using namespace reconciled::sandbox_tests;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

namespace {

void set_rest(Rig& rig, const Json& fault) { rig.control("PUT", "/faults", {{"rest", fault}}); }

void make_paid(Rig& rig) {
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"amount", 64900}, {"status", "paid"}});
}

}  // namespace

TEST_CASE(
    "faults: a status comes in the API's error shape, with Retry-After, for a count of calls") {
  Rig rig;
  make_paid(rig);
  for (const int status : {401, 404, 429, 500, 503}) {
    set_rest(rig, {{"mode", "status"}, {"status", status}, {"retry_after_s", 7}, {"count", 1}});
    const Answer broken = rig.v2("GET", "/payments/p1");
    CHECK(broken.status == status);
    CHECK(broken.body["type"].is_string());
    CHECK(broken.retry_after == "7");
    CHECK(rig.v2("GET", "/payments/p1").status == 200);
  }
  set_rest(rig, {{"mode", "status"}, {"status", 500}, {"match", "getToken"}});
  CHECK(rig.call("POST", "/users/getToken", "{}").body["code"] == -1);
  CHECK(rig.v2("GET", "/payments/p1").status == 200);
  set_rest(rig, {{"mode", "normal"}});
  CHECK(rig.call("POST", "/users/getToken", "{}").status == 401);
}

TEST_CASE("faults: slow answers truly, but late") {
  Rig rig;
  make_paid(rig);
  set_rest(rig, {{"mode", "slow"}, {"delay_ms", 120}});
  const auto start = Clock::now();
  CHECK(rig.v2("GET", "/payments/p1").status == 200);
  CHECK(Clock::now() - start >= milliseconds(120));
}

TEST_CASE("faults: reset, refuse and truncated break the connection; timeout says nothing") {
  Rig rig;
  make_paid(rig);
  for (const char* mode : {"reset", "refuse", "truncated"}) {
    set_rest(rig, {{"mode", mode}, {"count", 1}});
    CHECK_MESSAGE(rig.v2("GET", "/payments/p1").status == 0, mode);
    CHECK(rig.v2("GET", "/payments/p1").status == 200);
  }
  set_rest(rig, {{"mode", "timeout"}, {"count", 1}});
  Headers headers;
  headers.authorization = "PortOne sandbox_api_secret";
  const auto start = Clock::now();
  CHECK(rig.call("GET", "/payments/p1", "", headers, 150).status == 0);
  CHECK(Clock::now() - start >= milliseconds(150));
  CHECK(rig.v2("GET", "/payments/p1").status == 200);
}

TEST_CASE("faults: 200 with what is no answer") {
  Rig rig;
  make_paid(rig);
  const auto with = [&](const char* mode) {
    set_rest(rig, {{"mode", mode}});
    const Answer answer = rig.v2("GET", "/payments/p1");
    CHECK(answer.status == 200);
    return answer;
  };
  CHECK(with("not_json").body.is_null());
  const Json wrong = with("wrong_json").body;
  CHECK(wrong.is_object());
  CHECK_FALSE(wrong.contains("status"));
  const Json types = with("wrong_types").body;
  CHECK(types["amount"]["total"] == "64900");
  CHECK(types["status"].is_number());
}

TEST_CASE("faults: lost webhooks never arrive, and are listed as lost") {
  Receiver receiver;
  Rig rig({receiver.url()});
  rig.control("PUT", "/faults", {{"webhooks", {{"mode", "lost"}}}});
  make_paid(rig);
  const Json listed = rig.control("GET", "/webhooks");
  CHECK(listed["pending"] == 0);
  REQUIRE(listed["deliveries"].size() == 1);
  CHECK(listed["deliveries"][0]["error"] == "lost");
  rig.control("PUT", "/faults", {{"webhooks", {{"mode", "normal"}}}});
  rig.make({{"payment_id", "p2"}, {"version", "v2"}, {"status", "paid"}});
  CHECK(receiver.wait_for(1)[0].json()["data"]["paymentId"] == "p2");
}

TEST_CASE("faults: late webhooks come after their delay") {
  Receiver receiver;
  Rig rig({receiver.url()});
  rig.control("PUT", "/faults", {{"webhooks", {{"mode", "late"}, {"delay_ms", 150}}}});
  const auto start = Clock::now();
  make_paid(rig);
  CHECK(receiver.count() == 0);
  receiver.wait_for(1);
  CHECK(Clock::now() - start >= milliseconds(150));
}

TEST_CASE("faults: doubled webhooks share their id") {
  Receiver receiver;
  Rig rig({receiver.url()});
  rig.control("PUT", "/faults", {{"webhooks", {{"mode", "doubled"}, {"copies", 3}}}});
  make_paid(rig);
  const auto all = receiver.wait_for(3);
  CHECK(all[0].id == all[2].id);
  rig.settle();
  CHECK(receiver.count() == 3);
}

TEST_CASE("faults: reordered webhooks come newest first") {
  Receiver receiver;
  Rig rig({receiver.url()});
  rig.control("PUT", "/faults", {{"webhooks", {{"mode", "reordered"}, {"delay_ms", 300}}}});
  const Json attempt = rig.make({{"payment_id", "p1"}, {"version", "v2"}});
  rig.move(attempt, {{"status", "failed"}});
  rig.move(attempt, {{"status", "paid"}});
  const auto all = receiver.wait_for(3);
  CHECK(all[0].json()["type"] == "Transaction.Paid");
  CHECK(all[1].json()["type"] == "Transaction.Failed");
  CHECK(all[2].json()["type"] == "Transaction.Ready");
}

TEST_CASE("faults: unknown modes and members are refused, and what is set is shown") {
  Rig rig;
  CHECK(rig.call("PUT", "/sandbox/faults", R"({"rest":{"mode":"magic"}})").status == 400);
  CHECK(rig.call("PUT", "/sandbox/faults", R"({"network":{}})").status == 400);
  set_rest(rig, {{"mode", "slow"}, {"delay_ms", 5}, {"count", 2}, {"match", "payments"}});
  const Json shown = rig.control("GET", "/faults");
  CHECK(shown["rest"]["mode"] == "slow");
  CHECK(shown["rest"]["count"] == 2);
  CHECK(shown["webhooks"]["mode"] == "normal");
}
