// Reading beside the running daemon: the sqlite3 shell, the metrics, the log.
#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

// One metric's value; -1 where it is absent.
double metric(const std::string& text, const std::string& series) {
  const auto at = text.find("\n" + series + " ");
  if (at == std::string::npos) return -1;
  return std::stod(text.substr(at + series.size() + 2));
}

}  // namespace

TEST_CASE("reading: the five views can be read with sqlite3 while webhooks pour in") {
  Rig rig;
  std::atomic<bool> stopping{false};
  std::atomic<int> acknowledged{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> senders;
  for (int sender = 0; sender < 4; ++sender) {
    senders.emplace_back([&, sender] {
      for (int i = 0; !stopping; ++i) {
        const std::string id = "pour-" + std::to_string(sender) + "-" + std::to_string(i);
        const Call call = v2_webhook("Transaction.Paid", id, "tx-" + id, {"msg_" + id});
        ++(rig.deliver(call).status == 200 ? acknowledged : refused);
      }
    });
  }
  for (int round = 0; round < 5; ++round) {
    for (const char* view : {"overview", "timeline", "stuck", "open_findings", "inbox"}) {
      CAPTURE(view);
      CHECK_NOTHROW(rig.daemon.sqlite("SELECT * FROM " + std::string(view)));
    }
    // A reader that takes its time holds nobody up.
    const int before = acknowledged;
    CHECK_NOTHROW(rig.daemon.sqlite(
        "BEGIN; SELECT count(*) FROM event; WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT "
        "i + 1 FROM n WHERE i < 300000) SELECT count(*) FROM n; SELECT count(*) FROM timeline"));
    wait_until("webhooks are acknowledged", [&] { return acknowledged > before; });
  }
  stopping = true;
  for (std::thread& sender : senders) sender.join();
  CHECK(refused == 0);
  CHECK(rig.daemon.sqlite("SELECT count(*) FROM event") == std::to_string(acknowledged) + "\n");
  CHECK(rig.daemon.sqlite("PRAGMA integrity_check") == "ok\n");
}

TEST_CASE("reading: the shell can neither decide a payment nor rewrite evidence") {
  Rig rig;
  rig.daemon.register_order("o");
  rig.acknowledged(v2_webhook("Transaction.Paid", "o", "tx"));
  rig.daemon.wait_for_empty_inbox();
  CHECK(rig.daemon.stop() == 0);
  for (const char* sql :
       {"UPDATE payment SET result = 'paid', authority = 'lookup'",
        "UPDATE payment SET deliverable = 1",
        "UPDATE payment SET version = version + 1,"
        " result = 'paid', authority = 'lookup', deciding_snapshot_id = 1",
        "DELETE FROM payment", "DELETE FROM event", "UPDATE event SET status = 'failed'",
        "UPDATE event SET body = 'x'", "DELETE FROM transition", "UPDATE transition SET at_ms = 0",
        "DELETE FROM expected_order", "UPDATE expected_order SET amount = 1"}) {
    CAPTURE(sql);
    CHECK(run({{"sqlite3", rig.daemon.database_path(), sql}}).status != 0);
  }
  CHECK(run({{"sqlite3", rig.daemon.database_path(), ".schema"}}).out.find("-- Evidence:") !=
        std::string::npos);
}

TEST_CASE("reading: metrics have every name of the interface, and count") {
  Rig rig;
  rig.daemon.register_order("o");
  const Json attempt = rig.portone.make({{"payment_id", "o"}, {"version", "v2"}});
  rig.portone.move(attempt, {{"status", "paid"}, {"webhook", false}});
  for (int i = 0; i < 3; ++i) rig.acknowledged(paid_webhook(attempt));
  CHECK(rig.come_back(attempt.at("redirect_query")).status == 200);
  CHECK(rig.deliver(v2_webhook("Transaction.Paid", "o", "t", {"m", "whsec_AAAA"})).status == 401);
  rig.portone.make({{"payment_id", "held"}, {"status", "paid"}});
  rig.daemon.wait_for_result("held", "paid");
  rig.daemon.wait_for_result("o", "paid");
  rig.daemon.wait_for_empty_inbox();
  const Answer answer = rig.daemon.get("/metrics");
  CHECK(answer.header("Content-Type").starts_with("text/plain; version=0.0.4"));
  for (const char* name :
       {"reconciled_events_total{", "reconciled_ack_seconds_bucket{",
        "reconciled_decide_seconds_bucket{", "reconciled_lookups_total{",
        "reconciled_lookup_seconds", "reconciled_inbox_depth ", "reconciled_inbox_oldest_seconds ",
        "reconciled_payments{", "reconciled_open_findings{", "reconciled_notifications_total{",
        "reconciled_commit_batch_size", "reconciled_sweep_age_seconds", "reconciled_build_info{"}) {
    CAPTURE(name);
    CHECK(answer.body.find("\n" + std::string(name)) != std::string::npos);
  }
  const auto events = [&](const std::string& source, const std::string& outcome) {
    return metric(answer.body, "reconciled_events_total{api=\"v2\",outcome=\"" + outcome +
                                   "\",source=\"" + source + "\"}");
  };
  CHECK(events("webhook", "stored") == 2);  // Ready by PortOne, Paid by this test
  CHECK(events("webhook", "copy") == 2);
  CHECK(events("webhook", "bad_signature") == 1);
  CHECK(events("redirect", "stored") == 1);
  CHECK(metric(answer.body, "reconciled_payments{result=\"paid\"}") == 2);
  CHECK(metric(answer.body, "reconciled_open_findings{kind=\"unregistered_order\"}") == 1);
  CHECK(metric(answer.body, "reconciled_inbox_depth") == 0);
  CHECK(metric(answer.body, "reconciled_decide_seconds_count") >= 3);
}

TEST_CASE("reading: the log holds no secret, token, signature, name or body") {
  Settings settings;
  settings.log_level = "trace";
  settings.admin_lines = "token = \"admin-token-0123456789\"";
  Rig rig(settings);
  for (const std::string& version : kVersions) {
    const Json attempt = rig.portone.make({{"payment_id", "log-" + version},
                                           {"version", version},
                                           {"order_name", "홍길동의 선물"},
                                           {"status", "paid"}});
    rig.come_back(attempt.at("redirect_query").get<std::string>() +
                  "&paymentToken=payment-token-1&buyer_name=%ED%99%8D&error_msg=said-by-window");
  }
  rig.portone.settle();
  const Call refused = v2_webhook("Transaction.Paid", "o", "t", {"m", "whsec_AAAABBBB"});
  CHECK(rig.deliver(refused).status == 401);
  rig.portone.rest_fault({{"mode", "status"}, {"status", 401}});
  rig.acknowledged(v1_webhook("imp_000000000001", "log-fails", "paid"));
  rig.daemon.wait_for_log("look-up failed");
  rig.portone.rest_fault({{"mode", "normal"}});
  CHECK(rig.daemon.stop() == 0);
  const std::string log = rig.daemon.log();
  for (const char* secret :
       {"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA", "sandbox_api_secret", "sandbox_secret",
        "admin-token", "payment-token", "홍", "%ED%99%8D", "said-by-window", "v1,", "Bearer",
        "merchant_uid", "\"status\"", "\"imp_key\""}) {
    CAPTURE(secret);
    CHECK(log.find(secret) == std::string::npos);
  }
}
