// Our clock steps while payments are open: what is planned goes on at its pace, and no finding
// comes of it.
#include <doctest/doctest.h>

#include <chrono>

#include "tests/e2e/own_clock.h"
#include "tests/e2e/rig.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

TEST_CASE("clocks: look-ups go on promptly after a step, and find what was paid") {
  for (const Step& step : kSteps) {
    CAPTURE(step.name);
    const OwnClock clock(step.from);
    Rig rig(scheduled("\"2s\", \"3s\""), {}, clock.below());
    for (const std::string& version : kVersions) {
      rig.daemon.register_order("open-" + version);
      rig.portone.make(made(version, "open-" + version, "ready"));
      rig.daemon.wait_for_result("open-" + version, "ready");
    }
    rig.daemon.register_order("unheard");
    clock.step_to(step.to);
    const auto begun = Clock::now();
    for (const std::string& version : kVersions) {
      rig.portone.make(made(version, "open-" + version, "paid"));
    }
    rig.portone.make(made("v2", "unheard", "paid"));
    for (const char* id : {"open-v1", "open-v2", "unheard"}) {
      const Json p = rig.daemon.wait_for_result(id, "paid");
      CHECK(p.at("deliverable") == true);
      CHECK(open_findings(p).empty());
    }
    CHECK(Clock::now() - begun < 30s);
  }
}

TEST_CASE("clocks: a step opens no finding that only time could tell") {
  for (const Step& step : kSteps) {
    CAPTURE(step.name);
    const OwnClock clock(step.from);
    Rig rig(scheduled("\"1s\", \"30m\""), {}, clock.below());
    // Decided by look-up: its webhook has ten minutes.
    rig.daemon.register_order("paid");
    rig.portone.make(made("v1", "paid", "paid"));
    rig.daemon.wait_for_result("paid", "paid");
    // Open, and a browser called it paid.
    rig.daemon.register_order("open");
    const Json open = rig.portone.make(made("v1", "open", "ready"));
    rig.daemon.send("POST", "/payments/open/lookup");
    rig.daemon.wait_for_result("open", "ready");
    rig.come_back("imp_uid=" + id_of(open) + "&merchant_uid=open&imp_success=true");
    // A signed webhook about what PortOne does not know yet.
    rig.acknowledged(v2_webhook("Transaction.Paid", "early", "tx-early",
                                {.id = "msg_early", .seconds_ago = -step.from}));
    rig.daemon.wait_for_empty_inbox();
    clock.step_to(step.to);
    // Rounds go on: something is decided after the step.
    rig.daemon.register_order("after");
    rig.portone.make(made("v2", "after", "paid"));
    rig.daemon.send("POST", "/payments/after/lookup");
    CHECK(rig.daemon.wait_for_result("after", "paid").at("deliverable") == true);
    rig.daemon.send("POST", "/payments/open/lookup");
    rig.daemon.wait_for_empty_inbox();
    const std::int64_t rounds = std::stoll(rig.daemon.sqlite("SELECT count(*) FROM transition"));
    CHECK(rounds > 0);
    CHECK(rig.daemon.sqlite("SELECT kind FROM finding WHERE open = 1 AND kind IN ('stuck',"
                            " 'missing_webhook', 'unknown_payment', 'webhook_contradicts')") == "");
    CHECK(rig.daemon.sqlite("SELECT count(*) FROM timer_mark WHERE kind IN ('asking_ended',"
                            " 'webhook_overdue')") == "0\n");
    CHECK(rig.daemon.command({"rebuild", "--check"}).status == 0);
  }
}

TEST_CASE("clocks: a page that waits goes on after the clock went forward") {
  const OwnClock clock(0);
  Rig rig(scheduled("\"1h\""), {}, clock.below());
  rig.daemon.register_order("o1");
  const Json attempt = rig.portone.make(made("v1", "o1", "ready"));
  const std::string status = status_target(
      rig.come_back("imp_uid=" + id_of(attempt) + "&merchant_uid=o1&imp_success=true"));
  clock.step_to(kHour);
  rig.portone.move(attempt, {{"status", "paid"}, {"webhook", false}});
  wait_until("the page says paid", [&] {
    const Json shown = ask(rig.daemon.redirect(), {"GET", status}).json();
    return shown.value("state", "") == "paid";
  });
}
