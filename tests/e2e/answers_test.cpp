// PortOne's answers as the field has seen them: what is odd in one stops no other, and what nobody
// decides on stops nothing.
#include <doctest/doctest.h>

#include <chrono>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

bool names(const Json& request, const std::string& id) {
  return request.at("target").get<std::string>().find(id) != std::string::npos;
}

}  // namespace

TEST_CASE("answers: twenty payments are decided at once beside one whose amount is no money") {
  Rig rig(scheduled("\"1h\"", "lookups_in_flight = 1"));
  // All of them wait for one answer, so that they are asked about together.
  rig.portone.rest_fault({{"mode", "slow"}, {"delay_ms", 700}, {"where", "login"}});
  std::vector<Json> attempts;
  for (int i = 0; i < 21; ++i) {
    const std::string id = i == 20 ? "odd" : "good-" + std::to_string(i);
    rig.daemon.register_order(id);
    attempts.push_back(rig.portone.make(made("v1", id, "paid")));
  }
  const std::string odd = id_of(attempts.back());
  rig.portone.add_fault({{"answers", {{"payment", odd}, {"merge", {{"amount", 1000.5}}}}}});
  const auto begun = Clock::now();
  for (const Json& attempt : attempts) rig.acknowledged(paid_webhook(attempt));
  wait_until("the others are decided", [&] {
    return rig.daemon.sqlite("SELECT count(*) FROM payment WHERE deliverable = 1") == "20\n";
  });
  CHECK(Clock::now() - begun < 20s);
  CHECK(rig.daemon.payment("odd").at("result") == "none");
  wait_until("the odd one is asked about by itself, again", [&] {
    int alone = 0;
    for (const Json& request : rig.portone.requests()) {
      if (!names(request, odd)) continue;
      alone += 1;
      for (const Json& attempt : attempts) {
        if (id_of(attempt) != odd && names(request, id_of(attempt))) {
          alone -= 1;
          break;
        }
      }
    }
    return alone >= 2;
  });
  CHECK(rig.daemon.get("/stats").json().at("lookups").at("failing") == 1);
  rig.portone.clear_faults();
  CHECK(rig.daemon.wait_for_result("odd", "paid").at("deliverable") == true);
}

TEST_CASE("answers: an abandoned window that cannot be read hides no paid attempt beside it") {
  Rig rig;
  rig.daemon.register_order("beside-v1");
  const Json left = rig.portone.make(made("v1", "beside-v1", "ready"));
  rig.portone.fault({{"answers", {{"payment", id_of(left)}, {"merge", {{"amount", 1000.5}}}}}});
  const Json paid = rig.portone.make(made("v1", "beside-v1", "paid"));
  const Json p = rig.daemon.wait_for_result("beside-v1", "paid");
  CHECK(p.at("attempts").size() == 1);
  CHECK(p.at("attempts")[0].at("attempt_id") == id_of(paid));
  // V2: the side question about the other attempts holds a row without money.
  rig.daemon.register_order("beside-v2");
  const Json failed = rig.portone.make(made("v2", "beside-v2", "failed"));
  rig.portone.make(made("v2", "beside-v2", "paid"));
  rig.portone.add_fault(
      {{"answers",
        {{"where", "transactions"}, {"payment", "beside-v2"}, {"rows", {{{"amount", nullptr}}}}}}});
  rig.acknowledged(v2_webhook("Transaction.Failed", "beside-v2", id_of(failed)));
  CHECK(rig.daemon.wait_for_result("beside-v2", "paid").at("deliverable") == true);
}

TEST_CASE("answers: what nobody decides on may be broken, and the payment is decided") {
  struct Odd {
    const char* version;
    const char* member;
    const char* raw;  // JSON text; hexadecimal where it begins with '#'
  };
  const Odd all[] = {{"v1", "name", "#b0a1c0e5"},
                     {"v2", "orderName", R"("gift \ud83d")"},
                     {"v2", "orderName", "#c1d6b9ae"},
                     {"v1", "name", R"("\u0000\u0007\u001b[31m\u202e")"},
                     {"v1", "name", "null"},
                     {"v1", "pg_provider", "\"pg_of_tomorrow\""},
                     {"v1", "pay_method", "[1,{}]"},
                     {"v1", "pg_tid", "1e400"},
                     {"v1", "custom_data", "\"{\\\"a\\\":\""},
                     {"v1", "buyer_tel", "821012345678"},
                     {"v2", "method", R"({"type":"PaymentMethodOfTomorrow","x":[null]})"},
                     {"v2", "customer", R"({"name":"\udc00"})"},
                     {"v2", "customData", "#ff00fe"},
                     {"v2", "channel/name", R"("\ud800")"}};
  Rig rig;
  int number = 0;
  for (const Odd& odd : all) {
    CAPTURE(odd.member);
    CAPTURE(odd.raw);
    const std::string id = "odd-" + std::to_string(++number);
    const std::string raw = odd.raw;
    const bool is_hex = raw.starts_with("#");
    std::string member = odd.member;
    if (member.find('/') != std::string::npos) member = "/" + member;
    rig.portone.fault({{"answers",
                        {{"payment", id},
                         {"member", member},
                         {is_hex ? "raw_hex" : "raw_json", is_hex ? raw.substr(1) : raw}}}});
    rig.daemon.register_order(id);
    Json paid = made(odd.version, id, "paid");
    paid["webhook"] = true;
    rig.portone.make(paid);
    const Json p = rig.daemon.wait_for_result(id, "paid");
    CHECK(p.at("deliverable") == true);
    CHECK(open_findings(p).empty());
  }
  CHECK(rig.daemon.log().find("malformed") == std::string::npos);
}

TEST_CASE("answers: where PortOne does not name the channel, it is paid and held, with a finding") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "nowhere-" + version;
    const Json patch = version == "v1" ? Json{{"sandbox", nullptr}} : Json{{"channel", nullptr}};
    rig.portone.fault({{"answers", {{"payment", id}, {"merge", patch}}}});
    rig.daemon.register_order(id);
    rig.portone.make(made(version, id, "paid"));
    Json p = rig.daemon.wait_for_result(id, "paid");
    CHECK(p.at("deliverable") == false);
    CHECK(open_findings(p) == std::vector<std::string>{"test_channel"});
    CHECK(p.at("findings")[0].at("detail").get<std::string>().find("does not say") !=
          std::string::npos);
  }
}

TEST_CASE("answers: a status that goes on while its time goes back is believed the second time") {
  Rig rig(scheduled("\"10m\""));
  rig.daemon.register_order("back");
  const Json attempt = rig.portone.make(made("v2", "back", "ready"));
  rig.daemon.send("POST", "/payments/back/lookup");
  rig.daemon.wait_for_result("back", "ready");
  rig.portone.fault(
      {{"answers", {{"payment", "back"}, {"shift_s", -3600}, {"times", {"updatedAt"}}}}});
  const auto begun = Clock::now();
  rig.portone.move(attempt, {{"status", "paid"}});
  const Json p = rig.daemon.wait_for(
      "back", [](const Json& shown) { return shown.at("deliverable") == true; });
  CHECK(Clock::now() - begun < 20s);
  // The status itself never went back.
  CHECK(open_findings(p).empty());
}

TEST_CASE("answers: paid and then failed is asked about again at once, whatever the schedule") {
  Rig rig(scheduled("\"10m\""));
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "fails-" + version;
    rig.daemon.register_order(id);
    const Json attempt =
        rig.portone.make({{"version", version}, {"payment_id", id}, {"status", "paid"}});
    CHECK(rig.daemon.wait_for_result(id, "paid").at("deliverable") == true);
    const auto begun = Clock::now();
    rig.portone.move(attempt, {{"status", "failed"}, {"webhook", false}});
    rig.acknowledged(version == "v1" ? v1_webhook(id_of(attempt), id, "failed")
                                     : v2_webhook("Transaction.Failed", id, id_of(attempt)));
    const Json p = rig.daemon.wait_for_result(id, "failed");
    CHECK(Clock::now() - begun < 20s);
    CHECK(p.at("deliverable") == false);
    CHECK(open_findings(p) == std::vector<std::string>{"went_backwards"});
  }
}

TEST_CASE("answers: where they lag behind a webhook they are asked again, by the schedule") {
  for (const std::string version : {"v1", "v2"}) {
    CAPTURE(version);
    Rig rig(scheduled("\"1s\", \"2s\", \"4s\""));
    rig.daemon.register_order("ours");
    Json paid = made(version, "ours", "paid");
    paid["webhook"] = true;
    const Json attempt = rig.portone.make(paid);
    CHECK(rig.daemon.wait_for_result("ours", "paid").at("deliverable") == true);
    rig.portone.add_fault({{"answers", {{"payment", id_of(attempt)}, {"frozen", true}}}});
    rig.portone.control("POST", "/payments/" + encode(id_of(attempt)) + "/status",
                        {{"status", "cancelled"}, {"webhook", true}});
    rig.daemon.wait_for(
        "ours", [](const Json& p) { return p.at("webhook_status") == "cancelled"; });
    rig.daemon.wait_for_empty_inbox();
    CHECK(rig.daemon.payment("ours").at("result") == "paid");
    CHECK_FALSE(rig.daemon.payment("ours").at("next_lookup_at").is_null());
    rig.portone.clear_faults();
    CHECK(rig.daemon.wait_for_result("ours", "cancelled").at("deliverable") == false);
    CHECK(rig.daemon.payment("ours").at("next_lookup_at").is_null());
  }
}

TEST_CASE("answers: a signed webhook that they contradict to the end of the schedule is told") {
  Rig rig(scheduled("\"1s\", \"2s\""));
  rig.daemon.register_order("ours");
  const Json attempt = rig.portone.make(made("v2", "ours", "paid"));
  rig.acknowledged(paid_webhook(attempt));
  rig.daemon.wait_for_result("ours", "paid");
  rig.acknowledged(v2_webhook("Transaction.Cancelled", "ours", id_of(attempt), {"msg_lie"}));
  rig.daemon.wait_for("ours", [](const Json& p) {
    return p.at("findings").size() == 1 &&
           p.at("findings")[0].at("kind") == "webhook_contradicts";
  });
}
