// What a person decides: a finding that is closed, an order that was registered wrongly.
#include <doctest/doctest.h>

#include "tests/e2e/rig.h"
#include "tests/e2e/shop_backend.h"
#include "tests/e2e/write_lock.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

struct Case {
  ShopBackend shop;
  Settings settings = [this] {
    Settings made;
    made.notify_lines = shop.lines();
    return made;
  }();
  Rig rig{settings};

  Json make(const std::string& id, const std::string& status) {
    return rig.portone.make(
        {{"version", "v2"}, {"payment_id", id}, {"status", status}, {"amount", 10'000}});
  }
  std::string finding_of(const std::string& id) {
    const Json payment = rig.daemon.payment(id);
    const Json& findings = payment.at("findings");
    REQUIRE(findings.size() == 1);
    return findings[0].at("id").dump();
  }
  int resolve(const std::string& finding, const Json& body) {
    return rig.daemon.send("POST", "/findings/" + finding + "/resolve", body).status;
  }
};

bool has(const std::string& text, const std::string& part) {
  const bool found = text.find(part) != std::string::npos;
  if (!found) MESSAGE("not in: " << text);
  return found;
}

}  // namespace

TEST_CASE("by hand: a dispute that a person closed is deliverable again, and the shop hears of it") {
  Case c;
  c.rig.daemon.register_order("sued");
  const Json made = c.make("sued", "paid");
  c.rig.daemon.wait_for("sued", [](const Json& p) { return p.at("deliverable") == true; });
  c.rig.portone.move(made, {{"status", "disputed"}});
  c.rig.daemon.wait_for("sued", [](const Json& p) { return p.at("deliverable") == false; });
  const std::string id = c.finding_of("sued");

  const Finished closed =
      c.rig.daemon.command({"resolve", id, "--note", "은행이 이의를 거두어들임"});
  CHECK(closed.status == 0);
  CHECK(has(closed.out, "finding " + id + " (dispute of sued) is closed by "));
  CHECK(has(closed.out, "은행이 이의를 거두어들임"));
  const Json payment = c.rig.daemon.same_in_shell("sued");
  CHECK(payment.at("deliverable") == true);
  CHECK(payment.at("findings")[0].at("closed_by") == "person");
  CHECK(payment.at("findings")[0].at("note") == "은행이 이의를 거두어들임");
  wait_until("the shop hears of it", [&] {
    return c.shop.types_taken("sued") ==
           std::vector<std::string>{"payment.paid", "payment.held", "payment.restored"};
  });
  CHECK(has(c.rig.daemon.command({"show", "sued"}).out, "dispute was closed by "));
  CHECK(has(c.rig.daemon.command({"findings", "--all"}).out, "closed by "));
  CHECK(c.rig.daemon.command({"findings"}).out == "no open findings\n");

  // Not by another answer, a start or a kill.
  c.rig.daemon.kill();
  c.rig.daemon.start();
  c.rig.daemon.send("POST", "/payments/sued/lookup");
  c.rig.daemon.wait_for_empty_inbox();
  CHECK(c.rig.daemon.payment("sued").at("deliverable") == true);
  CHECK(c.rig.daemon.command({"rebuild", "--check"}).status == 0);
}

TEST_CASE("by hand: what is asked for wrongly is named, and changes nothing") {
  Case c;
  c.make("stranger", "paid");
  c.rig.daemon.wait_for("stranger", [](const Json& p) { return p.at("findings").size() == 1; });
  const std::string id = c.finding_of("stranger");
  CHECK(c.resolve(id, Json::object()) == 400);
  CHECK(c.resolve(id, {{"note", 7}}) == 400);
  CHECK(c.resolve(id, {{"note", " \n\t "}}) == 400);
  CHECK(c.resolve(id, {{"note", std::string(1'001, 'x')}}) == 400);
  CHECK(c.resolve(id, {{"note", "x"}, {"by", std::string(101, 'x')}}) == 400);
  CHECK(c.resolve(id, {{"note", "x"}, {"nota", "x"}}) == 400);
  CHECK(c.resolve("777777", {{"note", "x"}}) == 404);
  CHECK(c.rig.daemon.command({"resolve", id}).status == 2);
  CHECK(has(c.rig.daemon.command({"resolve", "777777", "--note", "x"}).err, "no such finding"));
  CHECK(c.rig.daemon.payment("stranger").at("findings")[0].at("open") == true);
  // Direction marks and control characters are taken out.
  CHECK(c.resolve(id, {{"note", "a\u202Eb\nc"}}) == 200);
  const Json closed = c.rig.daemon.payment("stranger").at("findings")[0];
  CHECK(closed.at("note") == "ab c");
  CHECK(closed.at("by") == "the admin endpoint");
  // A mismatch is not lifted, as who closes it is told, and the first note stays.
  const Finished again = c.rig.daemon.command({"resolve", id, "--note", "again"});
  CHECK(has(again.out, "was closed already by the admin endpoint: ab c"));
  CHECK(has(again.out, "stranger is paid and still held: closing lifts no hold"));
  CHECK(c.resolve(id, {{"note", "again"}}) == 200);
  CHECK(c.rig.daemon.payment("stranger").at("findings")[0].at("note") == "ab c");
  CHECK(c.rig.daemon.payment("stranger").at("deliverable") == false);
}

TEST_CASE("by hand: a person corrects an order that was registered wrongly") {
  Case c;
  c.rig.daemon.register_order("typo", 1'000);
  c.make("typo", "paid");
  c.rig.daemon.wait_for("typo", [](const Json& p) { return p.at("findings").size() == 1; });
  const std::vector<std::string> order{"order", "typo", "--amount", "10000", "--currency", "KRW"};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> all = order;
    all.insert(all.end(), more.begin(), more.end());
    return c.rig.daemon.command(all);
  };
  CHECK(has(with({}).err, "--correct --note"));
  CHECK(with({"--correct"}).status == 2);
  CHECK(with({"--note", "x"}).status == 2);
  CHECK(c.rig.daemon.payment("typo").at("deliverable") == false);
  CHECK(with({"--correct", "--note", "a zero was missing"}).status == 0);
  const Json payment = c.rig.daemon.payment("typo");
  CHECK(payment.at("deliverable") == true);
  CHECK(payment.at("findings")[0].at("closed_by") == "evidence");
  CHECK(has(c.rig.daemon.command({"show", "typo"}).out, "from 1000 KRW to 10000 KRW (a zero was "
                                                        "missing)"));
  wait_until("the shop hears of it",
             [&] { return c.shop.types_taken("typo").back() == "payment.paid"; });
  CHECK(c.rig.daemon.command({"rebuild", "--check"}).status == 0);
}

TEST_CASE("by hand: what cannot be stored is not closed, and says so within ten seconds") {
  Case c;
  c.make("locked", "paid");
  c.rig.daemon.wait_for("locked", [](const Json& p) { return p.at("findings").size() == 1; });
  const std::string id = c.finding_of("locked");
  {
    const WriteLock lock(c.rig.daemon);
    const auto begun = std::chrono::steady_clock::now();
    CHECK(c.resolve(id, {{"note", "x"}}) == 503);
    CHECK(std::chrono::steady_clock::now() - begun < 11s);
  }
}
