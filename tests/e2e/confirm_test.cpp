// PortOne asks before it charges: confirm calls of both versions, at either path.
#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "tests/e2e/rig.h"
#include "tests/e2e/write_lock.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

const std::vector<std::string> kPaths{"/confirm/portone", "/webhooks/portone"};

// `amount` in minor units of KRW.
Call question(const std::string& version, const std::string& path, const std::string& id,
              std::int64_t amount, const std::string& attempt_id = "imp_100000000000") {
  Call call;
  if (version == "v1") {
    call = {"POST",
            path,
            Json{{"imp_uid", attempt_id}, {"merchant_uid", id}, {"amount", amount}}.dump(),
            {{"Content-Type", "application/json"}}};
  } else {
    call = signed_call(
        {{"type", "Transaction.Confirm"},
         {"timestamp", "2026-01-02T03:04:05Z"},
         {"data", {{"paymentId", id}, {"transactionId", attempt_id}, {"totalAmount", amount}}}},
        {"msg-" + id + std::to_string(amount) + attempt_id});
    call.target = path;
  }
  return call;
}

// What the timeline says of confirm calls.
std::vector<std::string> asked_in_timeline(const Json& payment) {
  std::vector<std::string> asked;
  for (const Json& entry : payment.at("timeline")) {
    const std::string summary = entry.at("summary");
    if (summary.starts_with("PortOne asked whether to charge")) asked.push_back(summary);
  }
  return asked;
}

void change_order(Rig& rig, const std::string& id, std::int64_t amount) {
  const Json order{{"amount", amount}, {"currency", "KRW"}};
  CHECK(rig.daemon.send("PUT", "/orders/" + id, order).status == 200);
}

void check_refused(const Answer& answer, const std::string& version, const std::string& why) {
  CHECK(answer.status == 409);
  const char* key = version == "v1" ? "reason" : "errorMessage";
  REQUIRE(answer.json().contains(key));
  CHECK(answer.json().size() == 1);
  CHECK(answer.json().at(key) == why);
}

}  // namespace

TEST_CASE("confirm: answered from the expected order, at both paths") {
  Rig rig;
  rig.daemon.register_order("ord", 64900);
  for (const std::string& version : kVersions) {
    for (const std::string& path : kPaths) {
      CAPTURE(version);
      CAPTURE(path);
      const auto ask_it = [&](const std::string& id, std::int64_t amount) {
        return ask(rig.daemon.webhook(), question(version, path, id, amount));
      };
      CHECK(ask_it("ord", 64900).status == 200);
      check_refused(ask_it("ord", 64901), version, "amount differs from the order");
      check_refused(ask_it("unknown", 64900), version, "unknown order");
    }
  }
  CHECK(rig.daemon.payment("ord").at("result") == "none");
  CHECK(rig.daemon.payment("ord").at("webhook_status") == "none");
  const Json events = rig.daemon.get("/events?source=confirm").json().at("events");
  CHECK(events.size() == 6);  // asked at either path, one question each
  for (const Json& event : events) CHECK(event.at("copies") == 2);
}

TEST_CASE("confirm: a payment that is paid already is refused to another attempt") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "paid-" + version;
    rig.daemon.register_order(id, 500);
    rig.portone.make(
        {{"payment_id", id}, {"version", version}, {"amount", 500}, {"status", "paid"}});
    rig.daemon.wait_for_result(id, "paid");
    for (const std::string& path : kPaths) {
      check_refused(ask(rig.daemon.webhook(), question(version, path, id, 500)), version,
                    "already paid");
    }
  }
}

TEST_CASE("confirm: the same question gets the same answer, whatever happened meanwhile") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "same-" + version;
    const Call early = question(version, kPaths[0], id, 500);
    check_refused(ask(rig.daemon.webhook(), early), version, "unknown order");
    rig.daemon.register_order(id, 500);
    check_refused(ask(rig.daemon.webhook(), early), version, "unknown order");
    const Call later = question(version, kPaths[0], id, 500, "imp_200000000000");
    CHECK(ask(rig.daemon.webhook(), later).status == 200);
  }
}

TEST_CASE("confirm: unknown orders are refused even where unregistered ones are accepted") {
  Settings settings;
  settings.reconcile_lines = "unregistered_orders = \"accept\"";
  Rig rig(settings);
  for (const std::string& version : kVersions) {
    check_refused(ask(rig.daemon.webhook(), question(version, kPaths[0], "new", 500)), version,
                  "unknown order");
  }
}

TEST_CASE("confirm: amounts of V1 are in major units, of V2 in minor ones") {
  Rig rig;
  rig.daemon.register_order("usd", 1050, "USD");
  Call v1 = question("v1", kPaths[0], "usd", 0);
  for (const auto& [amount, status] :
       std::vector<std::pair<const char*, int>>{{"10.50", 200}, {"10.5", 200}, {"1050", 409}}) {
    CAPTURE(amount);
    v1.body = "imp_uid=imp_" + std::string(amount) + "&merchant_uid=usd&amount=" + amount;
    v1.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
    CHECK(ask(rig.daemon.webhook(), v1).status == status);
  }
  CHECK(ask(rig.daemon.webhook(), question("v2", kPaths[0], "usd", 1050)).status == 200);
}

TEST_CASE("confirm: V2 questions need their signature, and a webhook at the path is a webhook") {
  Rig rig;
  rig.daemon.register_order("ord", 500);
  Call call = question("v2", kPaths[0], "ord", 500);
  call.headers.resize(1);
  CHECK(ask(rig.daemon.webhook(), call).status == 401);
  for (const std::string& version : kVersions) {
    const Json attempt = rig.portone.make(
        {{"payment_id", "w-" + version}, {"version", version}, {"webhook", false}});
    Call webhook = paid_webhook(attempt);
    webhook.target = kPaths[0];
    CHECK(ask(rig.daemon.webhook(), webhook).status == 200);
  }
  CHECK(rig.daemon.get("/events?source=webhook").json().at("events").size() == 2);
  // What is not understood at the confirm path is no approval.
  Call strange = signed_call({{"type", "Transaction.Invented"}, {"data", {{"paymentId", "ord"}}}},
                             {"msg_strange"});
  strange.target = kPaths[0];
  CHECK(ask(rig.daemon.webhook(), strange).status == 409);
}

TEST_CASE("confirm: an approval stays one, a refusal too, whatever became of the order meanwhile") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "moved-" + version;
    rig.daemon.register_order(id, 500);
    const Call right = question(version, kPaths[0], id, 500);
    const Call wrong = question(version, kPaths[1], id, 100, "imp_200000000000");
    const auto both = [&] {
      CHECK(ask(rig.daemon.webhook(), right).status == 200);
      check_refused(ask(rig.daemon.webhook(), wrong), version, "amount differs from the order");
    };
    both();
    change_order(rig, id, 100);
    both();
    CHECK(rig.daemon.send("DELETE", "/orders/" + id).status == 200);
    both();
    check_refused(ask(rig.daemon.webhook(), question(version, kPaths[0], id, 100, "imp_3")),
                  version, "unknown order");
    CHECK(asked_in_timeline(rig.daemon.payment(id)) ==
          std::vector<std::string>{
              std::string("PortOne asked whether to charge for imp_100000000000") +
                  (version == "v2" ? ", signed" : "") + ": yes (3 times)",
              std::string("PortOne asked whether to charge for imp_200000000000") +
                  (version == "v2" ? ", signed" : "") +
                  ": no, amount differs from the order (3 times)",
              std::string("PortOne asked whether to charge for imp_3") +
                  (version == "v2" ? ", signed" : "") + ": no, unknown order"});
  }
}

TEST_CASE(
    "confirm: while the database takes nothing PortOne gets its no within two seconds, for good") {
  Rig rig;
  rig.daemon.register_order("slow", 500);
  WriteLock lock(rig.daemon);
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string attempt = "imp_slow_" + version;
    const auto begun = std::chrono::steady_clock::now();
    check_refused(ask(rig.daemon.webhook(), question(version, kPaths[0], "slow", 500, attempt)),
                  version, "cannot tell right now");
    CHECK(std::chrono::steady_clock::now() - begun < 2s);
  }
  lock.release();
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const auto ask_for = [&](const std::string& attempt) {
      return ask(rig.daemon.webhook(), question(version, kPaths[0], "slow", 500, attempt));
    };
    // The question that got no answer keeps it, and the buyer's next try gets its own.
    check_refused(ask_for("imp_slow_" + version), version, "cannot tell right now");
    CHECK(ask_for("imp_next_" + version).status == 200);
  }
  for (const std::string& said : asked_in_timeline(rig.daemon.payment("slow"))) {
    CAPTURE(said);
    const bool is_slow = said.find("imp_slow") != said.npos;
    CHECK(said.ends_with(is_slow ? ": no, cannot tell right now (2 times)" : ": yes"));
  }
}

TEST_CASE("confirm: amounts as numbers, decimals and texts are the same amount, and no other") {
  Rig rig;
  rig.daemon.register_order("won", 64900);
  rig.daemon.register_order("usd", 1050, "USD");
  rig.daemon.register_order("kwd", 1005, "KWD");
  int number = 0;
  const auto v1 = [&](const std::string& id, const std::string& amount) {
    const std::string attempt = "imp_" + std::to_string(++number);
    return ask(rig.daemon.webhook(), {"POST",
                                      kPaths[0],
                                      R"({"imp_uid":")" + attempt + R"(","merchant_uid":")" + id +
                                          R"(","amount":)" + amount + "}",
                                      {{"Content-Type", "application/json"}}})
        .status;
  };
  for (const auto& [id, amount] :
       std::vector<std::pair<const char*, const char*>>{{"won", "64900"},
                                                        {"won", "64900.0"},
                                                        {"won", "\"64900\""},
                                                        {"won", "\"64900.00\""},
                                                        {"won", "6.49e4"},
                                                        {"usd", "10.5"},
                                                        {"usd", "\"10.50\""},
                                                        {"kwd", "1.005"}}) {
    CAPTURE(id);
    CAPTURE(amount);
    CHECK(v1(id, amount) == 200);
  }
  for (const auto& [id, amount] :
       std::vector<std::pair<const char*, const char*>>{{"won", "64900.5"},
                                                        {"won", "-64900"},
                                                        {"won", "\"64,900\""},
                                                        {"won", "\"0x0FD84\""},
                                                        {"won", "\"\""},
                                                        {"won", "null"},
                                                        {"won", "true"},
                                                        {"won", "[64900]"},
                                                        {"won", "1e400"},
                                                        {"usd", "1050"},
                                                        {"usd", "10.505"},
                                                        {"kwd", "1005"}}) {
    CAPTURE(id);
    CAPTURE(amount);
    const int status = v1(id, amount);
    CHECK_FALSE((status >= 200 && status < 300));
  }
}

TEST_CASE("confirm: ids as numbers, escaped and in a broken encoding: understood, or refused") {
  Rig rig;
  rig.daemon.register_order("20261125", 500);
  rig.daemon.register_order("주문 1&2", 500);
  const auto v1 = [&](const std::string& body, const char* type) {
    return ask(rig.daemon.webhook(), {"POST", kPaths[0], body, {{"Content-Type", type}}});
  };
  const char* const json = "application/json";
  const char* const form = "application/x-www-form-urlencoded;charset=utf-8";
  CHECK(v1(R"({"imp_uid":"imp_1","merchant_uid":20261125,"amount":500})", json).status == 200);
  CHECK(v1(R"({"imp_uid":"imp_2","merchant_uid":"\uc8fc\ubb38 1&2","amount":500})", json).status ==
        200);
  CHECK(v1("imp_uid=imp_3&merchant_uid=%EC%A3%BC%EB%AC%B8+1%262&amount=500", form).status == 200);
  CHECK(v1("imp_uid=imp_3&merchant_uid=%EC%A3%BC%EB%AC%B8%201%262&amount=500.00", form).status ==
        200);
  // EUC-KR: nobody knows which order it is.
  check_refused(v1("imp_uid=imp_4&merchant_uid=%C1%D6%B9%AE+1%262&amount=500", form), "v1",
                "cannot tell right now");
  check_refused(v1("{\"imp_uid\":\"imp_5\",\"merchant_uid\":\"\xc1\xd6\",\"amount\":500}", json),
                "v1", "cannot tell right now");
  // The path tells what a message without status or amount is: a question that cannot be answered.
  CHECK(v1(R"({"imp_uid":"","merchant_uid":"20261125"})", json).status == 409);
  const Answer spoilt = v1(R"({"imp_uid":"imp_6","merchant_uid":"20261125"})", json);
  CHECK(spoilt.status / 100 == 4);
}

TEST_CASE("confirm: V2's older shape and odd deliveries of one question get one answer") {
  Rig rig;
  rig.daemon.register_order("ord", 500);
  const auto old_shape = [&](std::int64_t amount, const std::string& webhook_id) {
    Call call = signed_call({{"payment_id", "ord"}, {"tx_id", "tx-1"}, {"total_amount", amount}},
                            {webhook_id});
    call.target = kPaths[0];
    return ask(rig.daemon.webhook(), call);
  };
  CHECK(old_shape(500, "msg_1").status == 200);
  check_refused(old_shape(501, "msg_2"), "v2", "amount differs from the order");
  change_order(rig, "ord", 501);
  // Asked again under another webhook-id it is the same question.
  CHECK(old_shape(500, "msg_3").status == 200);
  check_refused(old_shape(501, "msg_4"), "v2", "amount differs from the order");
}

TEST_CASE(
    "confirm: an API that is not configured, and an address that may not ask, charge nobody") {
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    Settings settings;
    settings.v1 = version == "v2";
    settings.v2 = version == "v1";
    Rig rig(settings);
    rig.daemon.register_order("ord", 500);
    CHECK(ask(rig.daemon.webhook(), question(version, kPaths[0], "ord", 500)).status == 503);
  }
  Settings settings;
  settings.webhook_lines = "source_ip_policy = \"enforce\"";
  Rig rig(settings);
  rig.daemon.register_order("ord", 500);
  for (const std::string& version : kVersions) {
    CHECK(ask(rig.daemon.webhook(), question(version, kPaths[0], "ord", 500)).status == 403);
  }
}
