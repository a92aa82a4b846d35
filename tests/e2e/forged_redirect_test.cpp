// What anybody can put into an address bar, and what no redirect may ever do.
#include <doctest/doctest.h>

#include <chrono>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

std::string success_query(const std::string& version, const std::string& attempt_id,
                          const std::string& payment_id) {
  if (version == "v1") {
    return "imp_uid=" + attempt_id + "&merchant_uid=" + payment_id + "&imp_success=true";
  }
  return "transactionType=PAYMENT&txId=" + attempt_id + "&paymentId=" + payment_id;
}

bool came_back(const Json& p) { return p.at("ui_state") == "returned_success"; }

// Nothing decided, nothing to deliver, in the shell too.
void check_undecided(const Rig& rig, const std::string& payment_id) {
  const Json p = rig.daemon.same_in_shell(payment_id);
  CHECK(p.at("deliverable") == false);
  CHECK((p.at("result") == "none" || p.at("result") == "ready"));
  CHECK(p.at("webhook_status") == "none");
  CHECK(open_findings(p).empty());
}

// How many look-ups PortOne answered with "unknown".
int unknown_answers(const Rig& rig) {
  const std::string text = rig.daemon.get("/metrics").body;
  const std::string series = "reconciled_lookups_total{api=\"v1\",outcome=\"not_found\"} ";
  const std::size_t at = text.find(series);
  return at == std::string::npos ? 0 : std::stoi(text.substr(at + series.size()));
}

}  // namespace

TEST_CASE("forged redirect: success for an unpaid payment moves the ui_state alone") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "unpaid-" + version;
    rig.daemon.register_order(id);
    const Json attempt =
        rig.portone.make({{"payment_id", id}, {"version", version}, {"webhook", false}});
    const Answer page = rig.come_back(success_query(version, id_of(attempt), id));
    CHECK(page.status == 200);
    CHECK(page.body.find("data-state=\"confirming\"") != std::string::npos);
    rig.daemon.wait_for(id, came_back);
    rig.daemon.wait_for_result(id, "ready");  // PortOne has been asked
    check_undecided(rig, id);
  }
}

TEST_CASE("forged redirect: an attempt of another payment is claimed in vain") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string victim = "victim-" + version;
    const std::string mine = "mine-" + version;
    rig.daemon.register_order(victim);
    rig.daemon.register_order(mine);
    const Json paid =
        rig.portone.make({{"payment_id", victim}, {"version", version}, {"status", "paid"}});
    rig.daemon.wait_for_result(victim, "paid");
    CHECK(rig.come_back(success_query(version, id_of(paid), mine)).status == 200);
    rig.daemon.wait_for(mine, came_back);
    rig.daemon.wait_for_empty_inbox();
    check_undecided(rig, mine);
    CHECK(rig.daemon.payment(mine).at("attempts").empty());
    const Json p = rig.daemon.same_in_shell(victim);
    CHECK(p.at("deliverable") == true);
    CHECK(p.at("ui_state") == "none");
    CHECK(p.at("attempts").size() == 1);
  }
}

TEST_CASE("forged redirect: an invented payment stays unknown") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "invented-" + version;
    CHECK(rig.come_back(success_query(version, "imp_999", id)).status == 200);
    const Json p = rig.daemon.wait_for(id, [](const Json&) { return true; });
    CHECK(p.at("result") == "none");
    CHECK(p.at("authority").is_null());
    CHECK(p.at("deliverable") == false);
    CHECK(p.at("ui_state") == "returned_success");
    CHECK(rig.daemon.sqlite("SELECT count(*) FROM payment WHERE payment_id = " + quote(id)) ==
          "0\n");
    CHECK(rig.daemon.get("/findings").json().at("findings").empty());
  }
}

TEST_CASE("forged redirect: failure does not lower a paid payment") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "paid-" + version;
    rig.daemon.register_order(id);
    const Json attempt =
        rig.portone.make({{"payment_id", id}, {"version", version}, {"status", "paid"}});
    rig.daemon.wait_for_result(id, "paid");
    const std::string query =
        version == "v1" ? "imp_uid=" + id_of(attempt) + "&merchant_uid=" + id +
                              "&imp_success=false&error_msg=no"
                        : "paymentId=" + id + "&txId=" + id_of(attempt) + "&code=FAIL&message=no";
    CHECK(rig.come_back(query).body.find("data-state=\"paid\"") != std::string::npos);
    const Json p = rig.daemon.wait_for(id, [](const Json& shown) {
      return open_findings(shown) == std::vector<std::string>{"redirect_contradicts"};
    });
    CHECK(p.at("ui_state") == "returned_failure");
    CHECK(p.at("result") == "paid");
    CHECK(p.at("deliverable") == true);
    rig.daemon.same_in_shell(id);
  }
}

TEST_CASE("forged webhook: a V1 pair that PortOne does not confirm leads to nothing") {
  Rig rig;
  rig.daemon.register_order("mine");
  rig.daemon.register_order("victim");
  const Json paid = rig.portone.make({{"payment_id", "victim"}, {"status", "paid"}});
  rig.daemon.wait_for_result("victim", "paid");
  rig.acknowledged(v1_webhook(id_of(paid), "mine", "paid"));
  rig.acknowledged(v1_webhook("imp_000000000000", "mine", "paid"));
  rig.acknowledged(v1_webhook("imp_000000000000", "nobody's", "paid"));
  rig.daemon.wait_for_empty_inbox();  // PortOne was asked about each
  check_undecided(rig, "mine");
  CHECK(rig.daemon.payment("mine").at("attempts").empty());
  CHECK(rig.daemon.same_in_shell("victim").at("deliverable") == true);
  CHECK(rig.daemon.get("/findings").json().at("findings").empty());
}

TEST_CASE("unauthenticated input: a flood of invented redirects does not delay the honest") {
  Rig rig;
  rig.daemon.register_order("honest");
  for (int i = 0; i < 300; ++i) {
    const std::string number = std::to_string(i);
    REQUIRE(rig.come_back("imp_uid=imp_" + number + "&merchant_uid=flood-" + number).status == 200);
  }
  const Json attempt = rig.portone.make({{"payment_id", "honest"}, {"status", "paid"}});
  CHECK(rig.daemon.wait_for_result("honest", "paid").at("deliverable") == true);
  // The budget holds: PortOne has not been asked about each of them at once.
  CHECK(rig.portone.count_calls("v1 GET") < 300);
  rig.daemon.same_in_shell("honest");
}

TEST_CASE("unauthenticated input: what webhooks invented is asked about again within a budget") {
  constexpr int kInvented = 180;
  constexpr int kBurst = 60;
  constexpr int kPerSecond = 10;
  Rig rig;
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < kInvented; ++i) {
    // From many places, so that each is asked about at once the first time.
    Call call = v1_webhook("imp_" + std::to_string(i), "flood-" + std::to_string(i), "paid");
    call.headers.emplace_back("X-Forwarded-For", "198.51.100." + std::to_string(i % 20 + 1));
    rig.acknowledged(call);
  }
  wait_until("the retries are beyond their burst", [&] {
    const int asked = unknown_answers(rig);
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began;
    REQUIRE(asked <= kInvented + kBurst + kPerSecond * passed.count() + 1);
    return asked >= kInvented + kBurst + 4 * kPerSecond;
  });
}

TEST_CASE("redirect: one in the shape of an API that the shop does not use leaves the inbox") {
  Settings settings;
  settings.v2 = false;
  Rig rig(settings);
  rig.daemon.register_order("ord-1");
  const Answer page = rig.come_back("paymentId=ord-1&transactionId=tx-1&transactionType=PAYMENT");
  CHECK(page.status == 200);
  rig.daemon.wait_for_empty_inbox();
  CHECK(rig.daemon.payment("ord-1").at("result") == "none");
}
