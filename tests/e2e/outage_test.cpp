// PortOne's REST API fails in every way it can: nothing is lost, nothing is invented.
#include <doctest/doctest.h>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

struct Outage {
  const char* name;
  Json fault;
};

const std::vector<Outage> kOutages{
    {"refuse", {{"mode", "refuse"}}},
    {"reset", {{"mode", "reset"}}},
    {"500", {{"mode", "status"}, {"status", 500}}},
    {"401", {{"mode", "status"}, {"status", 401}}},
    {"403", {{"mode", "status"}, {"status", 403}}},
    {"429", {{"mode", "status"}, {"status", 429}, {"retry_after_s", 1}}},
    {"not JSON", {{"mode", "not_json"}}},
    {"other JSON", {{"mode", "wrong_json"}}},
    {"wrong types", {{"mode", "wrong_types"}}},
    {"truncated", {{"mode", "truncated"}}},
};

// Both of a payment's messages came, and no answer of PortOne.
void check_unanswered(const Rig& rig, const std::string& id, const std::string& version) {
  const Json p = rig.daemon.wait_for(
      id, [](const Json& shown) { return shown.at("ui_state") == "returned_success"; });
  CHECK(p.at("result") == "none");
  CHECK(p.at("authority").is_null());
  CHECK(p.at("deliverable") == false);
  CHECK(p.at("next_lookup_at").is_string());
  // Only a signature proves a webhook before PortOne answers.
  CHECK(p.at("webhook_status") == (version == "v2" ? "paid" : "none"));
  rig.daemon.same_in_shell(id);
}

}  // namespace

TEST_CASE("outage: whatever REST does, payments are decided once it is back") {
  Rig rig;
  for (const Outage& outage : kOutages) {
    CAPTURE(outage.name);
    rig.portone.rest_fault(outage.fault);
    for (const std::string& version : kVersions) {
      const std::string id = std::string(outage.name) + " " + version;
      rig.daemon.register_order(id);
      const Json attempt =
          rig.portone.make({{"payment_id", id}, {"version", version}, {"status", "paid"}});
      CHECK(rig.come_back(attempt.at("redirect_query")).status == 200);
    }
    rig.portone.settle();
    wait_until("look-ups have failed", [&] {
      return rig.daemon.sqlite(
                 "SELECT count(DISTINCT payment_id) FROM lookup WHERE failures > 0 "
                 "AND payment_id LIKE '" +
                 std::string(outage.name) + " %'") == "2\n";
    });
    for (const std::string& version : kVersions) {
      check_unanswered(rig, std::string(outage.name) + " " + version, version);
    }
    rig.portone.rest_fault({{"mode", "normal"}});
    for (const std::string& version : kVersions) {
      const Json p = rig.daemon.wait_for_result(std::string(outage.name) + " " + version, "paid");
      CHECK(p.at("authority") == "webhook");
      CHECK(p.at("deliverable") == true);
      CHECK(open_findings(p).empty());
    }
  }
  const std::string payments = std::to_string(2 * kOutages.size()) + "\n";
  CHECK(rig.daemon.sqlite("SELECT count(*) FROM payment WHERE deliverable = 1") == payments);
  CHECK(rig.daemon.sqlite("SELECT count(*) FROM payment") == payments);
  CHECK(rig.daemon.sqlite("SELECT count(*) FROM finding") == "0\n");
  rig.daemon.wait_for_empty_inbox();
}

TEST_CASE("outage: Retry-After is waited for") {
  Settings settings = scheduled("\"1h\"");
  Rig rig(settings);
  rig.daemon.register_order("busy");
  rig.portone.rest_fault({{"mode", "status"},
                          {"status", 429},
                          {"retry_after_s", 3},
                          {"count", 1},
                          {"match", "/payments/busy"}});
  rig.portone.make({{"payment_id", "busy"}, {"version", "v2"}, {"status", "paid"}});
  rig.daemon.wait_for_result("busy", "paid");
  std::vector<std::int64_t> asked;
  const Json log = rig.portone.control("GET", "/requests");
  for (const Json& request : log.at("requests")) {
    if (request.at("target").get<std::string>().starts_with("/payments/busy")) {
      asked.push_back(request.at("at_ms"));
    }
  }
  REQUIRE(asked.size() >= 2);
  CHECK(asked[1] - asked[0] >= 2'900);
}

TEST_CASE("outage: while PortOne hangs, webhooks and redirects are answered") {
  Rig rig;
  rig.portone.rest_fault({{"mode", "timeout"}});
  for (int i = 0; i < 20; ++i) {
    const std::string id = "hang-" + std::to_string(i);
    rig.acknowledged(v2_webhook("Transaction.Paid", id, "tx-" + id, {.id = "msg_" + id}));
    rig.acknowledged(v1_webhook("imp_" + id, id, "paid"));
    CHECK(rig.come_back("paymentId=" + id).status == 200);
  }
  CHECK(rig.daemon.get("/healthz").status == 200);
  CHECK(rig.daemon.get("/readyz").status == 200);
  CHECK(rig.daemon.get("/stats").json().at("inbox").at("depth") == 60);
  CHECK(rig.daemon.sqlite("SELECT count(*) FROM inbox") == "60\n");
}

TEST_CASE("outage: an expired V1 token is renewed without a failed look-up") {
  Rig rig;
  rig.daemon.register_order("first");
  rig.daemon.register_order("second");
  rig.portone.make({{"payment_id", "first"}, {"status", "paid"}});
  rig.daemon.wait_for_result("first", "paid");
  rig.portone.control("PUT", "/tokens", {{"expires_in_s", 0}});
  rig.portone.make({{"payment_id", "second"}, {"status", "paid"}});
  rig.daemon.wait_for_result("second", "paid");
  CHECK(rig.daemon.log().find("look-up failed") == std::string::npos);
}

TEST_CASE("outage: PortOne does not know a payment yet, and later does") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "early-" + version;
    const std::string attempt_id = version == "v1" ? "imp_123412341234" : "tx-early";
    rig.daemon.register_order(id);
    rig.acknowledged(version == "v1" ? v1_webhook(attempt_id, id, "paid")
                                     : v2_webhook("Transaction.Paid", id, attempt_id));
    rig.daemon.wait_for_empty_inbox();
    CHECK(rig.daemon.payment(id).at("result") == "none");
    rig.portone.make({{"payment_id", id},
                      {"attempt_id", attempt_id},
                      {"version", version},
                      {"status", "paid"},
                      {"webhook", false}});
    const Json p = rig.daemon.wait_for_result(id, "paid");
    CHECK(p.at("authority") == "webhook");
    CHECK(p.at("deliverable") == true);
  }
}

TEST_CASE("outage: what arrives while PortOne answers slowly is asked about again") {
  Settings settings = scheduled("\"1h\"");
  Rig rig(settings);
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "slow-" + version;
    rig.daemon.register_order(id);
    const Json attempt =
        rig.portone.make({{"payment_id", id}, {"version", version}, {"webhook", false}});
    const std::string endpoint = version + " GET";
    rig.portone.rest_fault({{"mode", "slow"}, {"delay_ms", 1'000}, {"match", "/payments"}});
    const int before = rig.portone.count_calls(endpoint);
    CHECK(rig.come_back(attempt.at("redirect_query")).status == 200);
    wait_until("the look-up is under way",
               [&] { return rig.portone.count_calls(endpoint) > before; });
    // The answer under way may say `ready` still; the webhook comes before it does.
    rig.portone.move(attempt, {{"status", "paid"}, {"webhook", false}});
    rig.acknowledged(paid_webhook(attempt));
    const Json p = rig.daemon.wait_for_result(id, "paid");
    CHECK(p.at("authority") == "webhook");
    CHECK(p.at("deliverable") == true);
    rig.portone.rest_fault({{"mode", "normal"}});
    rig.daemon.wait_for_empty_inbox();
  }
}
