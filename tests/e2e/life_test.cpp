// What becomes of a payment at PortOne, and what a person has to be told of.
#include <doctest/doctest.h>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

using Kinds = std::vector<std::string>;

Json make(Rig& rig, const std::string& version, const std::string& payment_id, Json more) {
  more["payment_id"] = payment_id;
  more["version"] = version;
  return rig.portone.make(more);
}

bool is_held(const Json& p, const Kinds& kinds) {
  return p.at("result") == "paid" && p.at("deliverable") == false && open_findings(p) == kinds;
}

void check_held(Rig& rig, const std::string& payment_id, const Kinds& kinds) {
  rig.daemon.wait_for(payment_id, [&](const Json& p) { return is_held(p, kinds); });
  rig.daemon.same_in_shell(payment_id);
  for (const std::string& kind : kinds) {
    CHECK(rig.daemon
              .sqlite("SELECT open_findings FROM overview WHERE payment_id = " + quote(payment_id))
              .find(kind) != std::string::npos);
    const Json listed = rig.daemon.get("/payments?finding=" + kind).json().at("payments");
    CHECK(listed.size() >= 1);
  }
}

}  // namespace

TEST_CASE("life: amount and currency that differ from the order hold the goods until they match") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    rig.daemon.register_order("cheap-" + version, 64900);
    make(rig, version, "cheap-" + version, {{"amount", 100}, {"status", "paid"}});
    check_held(rig, "cheap-" + version, {"amount_mismatch"});

    rig.daemon.register_order("dollar-" + version, 10000, "KRW");
    make(rig, version, "dollar-" + version,
         {{"amount", 10000}, {"currency", "USD"}, {"status", "paid"}});
    check_held(rig, "dollar-" + version, {"currency_mismatch"});

    rig.daemon.register_order("minor-" + version, 1050, "USD");
    make(rig, version, "minor-" + version,
         {{"amount", 1050}, {"currency", "USD"}, {"status", "paid"}});
    CHECK(rig.daemon.wait_for_result("minor-" + version, "paid").at("deliverable") == true);
  }
}

TEST_CASE("life: the test channel and a foreign store hold the goods") {
  Rig rig;
  rig.daemon.register_order("test-v2");
  make(rig, "v2", "test-v2", {{"channel", "test"}, {"status", "paid"}});
  check_held(rig, "test-v2", {"test_channel"});
  rig.daemon.register_order("store-v2");
  make(rig, "v2", "store-v2", {{"shown_store_id", "store-of-others"}, {"status", "paid"}});
  check_held(rig, "store-v2", {"store_mismatch"});
  // V1 hides payments of the test channel behind 404: never more than unknown.
  rig.daemon.register_order("test-v1");
  make(rig, "v1", "test-v1", {{"channel", "test"}, {"status", "paid"}});
  rig.daemon.wait_for_empty_inbox();
  CHECK(rig.daemon.same_in_shell("test-v1").at("deliverable") == false);
}

TEST_CASE("life: channel = test takes payments of the test channel, of both versions") {
  Settings settings;
  settings.portone_lines = "channel = \"test\"";
  Rig rig(settings);
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    rig.daemon.register_order("t-" + version);
    make(rig, version, "t-" + version, {{"channel", "test"}, {"status", "paid"}});
    CHECK(rig.daemon.wait_for_result("t-" + version, "paid").at("deliverable") == true);
    rig.daemon.register_order("l-" + version);
    make(rig, version, "l-" + version, {{"status", "paid"}});
    check_held(rig, "l-" + version, {"test_channel"});
  }
}

TEST_CASE(
    "life: unregistered orders are held until they are registered, or accepted as unverified") {
  Rig hold;
  Settings settings;
  settings.reconcile_lines = "unregistered_orders = \"accept\"";
  Rig accept(settings);
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "new-" + version;
    make(hold, version, id, {{"amount", 500}, {"status", "paid"}});
    check_held(hold, id, {"unregistered_order"});
    hold.daemon.register_order(id, 500);
    const Json p = hold.daemon.wait_for(id, [](const Json& shown) {
      return shown.at("deliverable") == true && open_findings(shown).empty();
    });
    CHECK(p.at("unverified") == false);

    make(accept, version, id, {{"amount", 500}, {"status", "paid"}});
    CHECK(accept.daemon.wait_for_result(id, "paid").at("deliverable") == true);
    CHECK(accept.daemon.same_in_shell(id).at("unverified") == true);
  }
}

TEST_CASE("life: a virtual account is issued, shown, paid into") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "vbank-" + version;
    rig.daemon.register_order(id);
    const Json attempt =
        make(rig, version, id, {{"method", "vbank"}, {"status", "virtual_account_issued"}});
    const Json waiting = rig.daemon.wait_for_result(id, "awaiting_deposit");
    CHECK(waiting.at("deliverable") == false);
    CHECK(waiting.at("next_lookup_at").is_string());
    const Json& account = waiting.at("attempts")[0].at("virtual_account");
    CHECK(account.at("number").is_string());
    CHECK(account.at("due_at").is_string());
    const Answer page = rig.come_back(attempt.at("redirect_query"));
    CHECK(page.body.find(account.at("number")) != std::string::npos);
    rig.portone.move(attempt, {{"status", "paid"}});
    CHECK(rig.daemon.wait_for_result(id, "paid").at("deliverable") == true);
    CHECK(rig.daemon.same_in_shell(id).at("webhook_status") == "paid");
  }
}

TEST_CASE("life: cancels, partial and whole") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "cancel-" + version;
    rig.daemon.register_order(id, 10'000);
    const Json attempt = make(rig, version, id, {{"status", "paid"}});
    rig.daemon.wait_for_result(id, "paid");
    for (const int sum : {3'000, 5'000}) {
      rig.portone.move(attempt,
                       {{"status", "cancelled"}, {"cancel_amount", sum == 3'000 ? 3'000 : 2'000}});
      const Json p = rig.daemon.wait_for(
          id, [&](const Json& shown) { return shown.at("cancelled_amount") == sum; });
      CHECK(p.at("result") == "partially_cancelled");
      CHECK(p.at("total_amount") == 10'000);
      const std::string shown = sum == 3'000 ? "cancelled 3,000 KRW" : "cancelled 5,000 KRW";
      CHECK(rig.daemon.command({"show", id}).out.find(shown) != std::string::npos);
      CHECK(p.at("deliverable") == false);
      CHECK(rig.come_back(attempt.at("redirect_query")).body.find("data-state=\"paid\"") !=
            std::string::npos);
    }
    rig.portone.move(attempt, {{"status", "cancelled"}});
    rig.daemon.wait_for_result(id, "cancelled");
    const Json p = rig.daemon.same_in_shell(id);
    CHECK(p.at("cancelled_amount") == 10'000);
    CHECK(p.at("authority") == "webhook");
    CHECK(p.at("webhook_status") == "cancelled");
    CHECK(open_findings(p).empty());
  }
}

TEST_CASE("life: an attempt that failed is approved later") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "late-" + version;
    rig.daemon.register_order(id);
    const Json attempt =
        make(rig, version, id, {{"status", "failed"}, {"reason", "잔액이 부족합니다"}});
    const Json failed = rig.daemon.wait_for_result(id, "failed");
    CHECK(failed.at("deliverable") == false);
    CHECK(failed.at("attempts")[0].at("failure_reason") == "잔액이 부족합니다");
    CHECK(failed.at("next_lookup_at").is_string());
    rig.portone.move(attempt, {{"status", "paid"}});
    rig.daemon.wait_for(id, [](const Json& p) {
      return p.at("deliverable") == true && open_findings(p) == Kinds{"late_approval"};
    });
    CHECK(rig.daemon.same_in_shell(id).at("webhook_status") == "paid");
  }
}

TEST_CASE("life: two attempts of one payment are paid") {
  Rig rig;
  rig.daemon.register_order("twice");
  make(rig, "v1", "twice", {{"status", "paid"}});
  rig.daemon.wait_for_result("twice", "paid");
  const Json second = make(rig, "v1", "twice", {{"status", "paid"}});
  rig.daemon.wait_for("twice",
                      [](const Json& p) { return open_findings(p) == Kinds{"double_payment"}; });
  const Json p = rig.daemon.same_in_shell("twice");
  CHECK(p.at("deliverable") == true);
  CHECK(p.at("attempts").size() == 2);
  rig.portone.move(second, {{"status", "cancelled"}});
  rig.daemon.wait_for("twice", [](const Json& shown) { return open_findings(shown).empty(); });
  CHECK(rig.daemon.same_in_shell("twice").at("result") == "paid");
}

TEST_CASE("life: disputes and charge-backs take deliverable away") {
  Rig rig;
  rig.daemon.register_order("dispute");
  const Json attempt = make(rig, "v2", "dispute", {{"status", "paid"}});
  rig.daemon.wait_for_result("dispute", "paid");
  rig.portone.move(attempt, {{"status", "disputed"}});
  check_held(rig, "dispute", {"dispute"});
  rig.portone.move(attempt, {{"status", "dispute_resolved"}});
  rig.daemon.wait_for("dispute", [](const Json& p) { return p.at("deliverable") == true; });
}
