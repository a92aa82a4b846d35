// In whatever order a payment's two messages come, or whether they come at all: one outcome.
#include <doctest/doctest.h>

#include <thread>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

struct Expected {
  std::string authority = "webhook";
  std::string ui_state = "none";
  std::string webhook_status = "paid";
};

// Paid in full, to be delivered, by one attempt; the same in the shell.
void check_paid(const Rig& rig, const Json& attempt, const Expected& expected) {
  rig.daemon.wait_for_empty_inbox();
  const Json p = rig.daemon.same_in_shell(attempt.at("payment_id"));
  CHECK(p.at("result") == "paid");
  CHECK(p.at("deliverable") == true);
  CHECK(p.at("unverified") == false);
  CHECK(p.at("authority") == expected.authority);
  CHECK(p.at("ui_state") == expected.ui_state);
  CHECK(p.at("webhook_status") == expected.webhook_status);
  CHECK(p.at("currency") == "KRW");
  CHECK(p.at("expected_amount") == 64900);
  CHECK(p.at("total_amount") == 64900);
  CHECK(p.at("cancelled_amount") == 0);
  CHECK(p.at("decided_at").is_string());
  CHECK(p.at("next_lookup_at").is_null());
  REQUIRE(p.at("attempts").size() == 1);
  const Json& shown = p.at("attempts")[0];
  CHECK(shown.at("attempt_id") == attempt.at("attempt_id"));
  CHECK(shown.at("api") == attempt.at("version"));
  CHECK(shown.at("result") == "paid");
  CHECK(shown.at("total_amount") == 64900);
  CHECK(open_findings(p).empty());
}

Json order_and_payment(Rig& rig, const std::string& version, bool webhook) {
  const std::string id = "ord-" + version;
  rig.daemon.register_order(id, 64900);
  return rig.portone.make({{"payment_id", id},
                           {"version", version},
                           {"amount", 64900},
                           {"status", "paid"},
                           {"webhook", webhook}});
}

bool is_announced(const Json& p) {
  return p.at("result") == "paid" && p.at("authority") == "webhook";
}

}  // namespace

TEST_CASE("arrival: redirect, then webhook") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const Json attempt = order_and_payment(rig, version, false);
    CHECK(rig.come_back(attempt.at("redirect_query")).status == 200);
    rig.daemon.wait_for("ord-" + version,
                        [](const Json& p) { return p.at("ui_state") == "returned_success"; });
    rig.acknowledged(paid_webhook(attempt));
    rig.daemon.wait_for("ord-" + version, is_announced);
    check_paid(rig, attempt, {.ui_state = "returned_success"});
  }
}

TEST_CASE("arrival: webhook, then redirect") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const Json attempt = order_and_payment(rig, version, true);
    rig.daemon.wait_for("ord-" + version, is_announced);
    const Answer page = rig.come_back(attempt.at("redirect_query"));
    CHECK(page.status == 200);
    CHECK(page.body.find("data-state=\"paid\"") != std::string::npos);
    check_paid(rig, attempt, {.ui_state = "returned_success"});
  }
}

TEST_CASE("arrival: webhook alone") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const Json attempt = order_and_payment(rig, version, true);
    rig.daemon.wait_for("ord-" + version, is_announced);
    check_paid(rig, attempt, {});
  }
}

TEST_CASE("arrival: webhooks as forms, and of the version 2024-01-01") {
  Rig rig({}, {"--v1-webhook-format", "form", "--v2-webhook-version", "2024-01-01"});
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const Json attempt = order_and_payment(rig, version, true);
    rig.daemon.wait_for("ord-" + version, is_announced);
    check_paid(rig, attempt, {});
  }
}

TEST_CASE("arrival: redirect alone hastens a look-up, which decides") {
  Settings slow;
  slow.reconcile_lines = "lookup_schedule = [\"1h\"]";
  Rig rig(slow);
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const Json attempt = order_and_payment(rig, version, false);
    CHECK(rig.come_back(attempt.at("redirect_query")).status == 200);
    rig.daemon.wait_for_result("ord-" + version, "paid");
    check_paid(rig, attempt,
               {.authority = "lookup", .ui_state = "returned_success", .webhook_status = "none"});
  }
}

TEST_CASE("arrival: nothing ever comes, and the schedule finds the payment") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const Json attempt = order_and_payment(rig, version, false);
    rig.daemon.wait_for_result("ord-" + version, "paid");
    check_paid(rig, attempt, {.authority = "lookup", .webhook_status = "none"});
    // A webhook that comes after all takes the authority over.
    rig.acknowledged(paid_webhook(attempt));
    rig.daemon.wait_for("ord-" + version, is_announced);
    check_paid(rig, attempt, {});
  }
}

TEST_CASE("arrival: fifty copies at once are one event, and one payment") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const Json attempt = order_and_payment(rig, version, false);
    const Call webhook = paid_webhook(attempt);
    std::vector<int> statuses(50);
    std::vector<std::thread> senders;
    for (int& status : statuses) {
      senders.emplace_back([&] { status = rig.deliver(webhook).status; });
    }
    for (std::thread& sender : senders) sender.join();
    CHECK(statuses == std::vector<int>(50, 200));
    rig.daemon.wait_for("ord-" + version, is_announced);
    rig.daemon.wait_for_empty_inbox();
    check_paid(rig, attempt, {});
    const Json events = rig.daemon.get("/events?payment_id=ord-" + version).json().at("events");
    REQUIRE(events.size() == 1);
    CHECK(events[0].at("copies") == 50);
    CHECK(rig.daemon.sqlite("SELECT count(*) FROM finding") == "0\n");
    CHECK(rig.daemon.sqlite("SELECT count(*) FROM transition WHERE to_result = 'paid' AND "
                            "from_result <> 'paid' AND payment_id = 'ord-" +
                            version + "'") == "1\n");
  }
}

TEST_CASE("arrival: with missing_webhook = wait nothing is decided before a webhook announces it") {
  Settings wait;
  wait.reconcile_lines = "lookup_schedule = [\"1s\"]\nmissing_webhook = \"wait\"";
  Rig rig(wait);
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const Json attempt = order_and_payment(rig, version, false);
    CHECK(rig.come_back(attempt.at("redirect_query")).status == 200);
    CHECK(rig.daemon.send("POST", "/payments/ord-" + version + "/lookup").status == 202);
    // PortOne's answer is there and is not believed yet.
    wait_until("PortOne has answered", [&] {
      return rig.daemon.sqlite("SELECT count(*) FROM snapshot WHERE payment_id = 'ord-" + version +
                               "'") != "0\n";
    });
    const Json waiting = rig.daemon.same_in_shell("ord-" + version);
    CHECK(waiting.at("result") != "paid");
    CHECK(waiting.at("deliverable") == false);
    rig.acknowledged(paid_webhook(attempt));
    rig.daemon.wait_for("ord-" + version, is_announced);
    const Json p = rig.daemon.same_in_shell("ord-" + version);
    CHECK(p.at("deliverable") == true);
    CHECK(p.at("webhook_status") == "paid");
  }
}

TEST_CASE("arrival: an id with / ? # % and Hangul is one id everywhere") {
  Rig rig;
  const std::string id = "주문/1?a=b#50%&c d";
  rig.daemon.register_order(id, 64900);
  const Json attempt = rig.portone.make(
      {{"payment_id", id}, {"version", "v2"}, {"amount", 64900}, {"status", "paid"}});
  CHECK(rig.come_back(attempt.at("redirect_query")).status == 200);
  rig.daemon.wait_for(id, is_announced);
  check_paid(rig, attempt, {.ui_state = "returned_success"});
  CHECK(rig.daemon.get("/payments?q=" + encode(id)).json().at("payments").size() == 1);
  CHECK(rig.daemon.get("/events?payment_id=" + encode(id)).json().at("events").size() == 2);
  CHECK(rig.daemon.get("/orders/" + encode(id)).json().at("payment_id") == id);
  CHECK(rig.daemon.command({"lookup", id}).status == 0);
  CHECK(rig.daemon.command({"show", id}).out.find(id) != std::string::npos);
}
