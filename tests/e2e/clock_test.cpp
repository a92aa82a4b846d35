// Our clock steps while payments are open: no order, no cover and no sweep hangs on it.
#include <doctest/doctest.h>

#include <chrono>

#include "tests/e2e/own_clock.h"
#include "tests/e2e/rig.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

}  // namespace

TEST_CASE("clocks: a redirect is covered by what was asked after it, whatever the clock says") {
  for (const Step& step : kSteps) {
    CAPTURE(step.name);
    const OwnClock clock(step.from);
    Rig rig(scheduled("\"1h\""), {}, clock.below());
    rig.daemon.register_order("o1");
    const Json attempt = rig.portone.make(made("v1", "o1", "ready"));
    const std::string query = "imp_uid=" + id_of(attempt) + "&merchant_uid=o1&imp_success=true";
    CHECK(state_in(rig.come_back(query)) == "confirming");
    rig.daemon.wait_for_result("o1", "ready");
    clock.step_to(step.to);
    rig.portone.move(attempt, {{"status", "paid"}, {"webhook", false}});
    // The page asks for itself.
    wait_until("the page says paid", [&] { return state_in(rig.come_back(query)) == "paid"; });
    // A failure that contradicts it is found, too, with the clock at any time.
    rig.come_back("imp_uid=" + id_of(attempt) + "&merchant_uid=o1&imp_success=false");
    rig.daemon.wait_for_empty_inbox();
    CHECK(rig.daemon.payment("o1").at("deliverable") == true);
    // Back again: numbers order the answers.
    clock.step_to(step.from);
    rig.portone.move(attempt, {{"status", "cancelled"}, {"webhook", false}});
    rig.acknowledged(v1_webhook(id_of(attempt), "o1", "cancelled"));
    const Json p = rig.daemon.wait_for_result("o1", "cancelled");
    CHECK(p.at("deliverable") == false);
    for (const std::string& kind : open_findings(p)) CHECK(kind == "missing_webhook");
  }
}

TEST_CASE("clocks: once the clock is right, the sweep finds what happened while it was not") {
  for (const int wrong : {-kFortyDays, -kHour, kHour, kFortyDays}) {
    CAPTURE(wrong);
    const OwnClock clock(wrong);
    Settings settings = scheduled("\"1h\"");
    settings.sweep_every = "1s";
    Rig rig(settings, {}, clock.below());
    wait_until("a first sweep", [&] {
      return rig.daemon.sqlite("SELECT count(*) FROM meta WHERE key LIKE 'last_sweep_%'") == "2\n";
    });
    for (const std::string& version : kVersions) {
      rig.portone.make(made(version, "lost-" + version, "paid"));
    }
    clock.step_to(0);
    const auto begun = Clock::now();
    for (const std::string& version : kVersions) {
      rig.daemon.wait_for_result("lost-" + version, "paid");
    }
    CHECK(Clock::now() - begun < 30s);
  }
}

TEST_CASE("clocks: a signed webhook is judged by the clock that is right again") {
  const OwnClock clock(-kHour);
  Rig rig(scheduled("\"1h\""), {}, clock.below());
  CHECK(rig.deliver(v2_webhook("Transaction.Paid", "p1", "t1", {"m1"})).status == 401);
  clock.step_to(0);
  CHECK(rig.deliver(v2_webhook("Transaction.Paid", "p1", "t1", {"m1"})).status == 200);
}

TEST_CASE("clocks: a page that waits goes on after the clock went back") {
  const OwnClock clock(0);
  Rig rig(scheduled("\"1h\""), {}, clock.below());
  rig.daemon.register_order("o1");
  const Json attempt = rig.portone.make(made("v1", "o1", "ready"));
  const std::string status = status_target(
      rig.come_back("imp_uid=" + id_of(attempt) + "&merchant_uid=o1&imp_success=true"));
  clock.step_to(-kHour);
  CHECK(ask(rig.daemon.redirect(), {"GET", status}).json().at("state") == "confirming");
  rig.portone.move(attempt, {{"status", "paid"}, {"webhook", false}});
  wait_until("the page says paid", [&] {
    return ask(rig.daemon.redirect(), {"GET", status}).json().at("state") == "paid";
  });
}
