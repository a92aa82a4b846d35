// PortOne asks before it charges: confirm calls of both versions, at either path.
#include <doctest/doctest.h>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

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
