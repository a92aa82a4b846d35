// What the buyer sees, where he is sent, and what a stranger's redirect may not see.
#include <doctest/doctest.h>

#include "daemon/redirect/page_token.h"
#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

struct Situation {
  std::string name;
  Json payment;         // for the sandbox
  std::string page;     // the state that the page shows
  std::string forward;  // where `forward` leads
};

// Every state that PortOne's answers lead to, at once; orders are 10 000 KRW.
const std::vector<Situation> kSituations{
    {"open", {{"status", "ready"}}, "confirming", "pending"},
    {"paid", {{"status", "paid"}}, "paid", "success"},
    {"held", {{"status", "paid"}, {"amount", 1}}, "review", "pending"},
    {"failed", {{"status", "failed"}, {"reason", "한도 초과"}}, "failed", "failure"},
    {"deposit", {{"status", "virtual_account_issued"}}, "awaiting_deposit", "pending"},
};

Json make(Rig& rig, const Situation& situation, const std::string& version) {
  Json members = situation.payment;
  members["payment_id"] = situation.name + "-" + version;
  members["version"] = version;
  rig.daemon.register_order(members["payment_id"]);
  return rig.portone.make(members);
}

void wait_until_settled(const Rig& rig, const std::string& payment_id) {
  rig.daemon.send("POST", "/payments/" + payment_id + "/lookup");
  rig.daemon.wait_for(payment_id, [](const Json& p) { return p.at("result") != "none"; });
}

Settings forwarding() {
  Settings settings;
  settings.redirect_lines =
      "mode = \"forward\"\nsuccess_url = \"https://shop.test/thanks?id={payment_id}&r={result}\"\n"
      "failure_url = \"https://shop.test/again?id={payment_id}\"\n"
      "pending_url = \"https://shop.test/wait?id={payment_id}&r={result}\"";
  return settings;
}

}  // namespace

TEST_CASE("page: shows the state that PortOne's answer leads to, whatever the query says") {
  Rig rig;
  for (const std::string& version : kVersions) {
    for (const Situation& situation : kSituations) {
      CAPTURE(version);
      CAPTURE(situation.name);
      const Json attempt = make(rig, situation, version);
      wait_until_settled(rig, attempt.at("payment_id"));
      const Answer page = rig.come_back(attempt.at("redirect_query"));
      CHECK(page.status == 200);
      CHECK(page.header("Content-Type") == "text/html; charset=utf-8");
      CHECK(page.header("Cache-Control") == "no-store");
      CHECK(page.header("Content-Security-Policy").find("default-src 'none'") != std::string::npos);
      CHECK(state_in(page) == situation.page);
      CHECK(page.body.find("http://") == std::string::npos);  // nothing from outside
      CHECK(page.body.find("https://") == std::string::npos);
      if (situation.name == "failed") CHECK(page.body.find("한도 초과") != std::string::npos);
    }
  }
}

TEST_CASE("page: forward answers 303 by what is decided, never by what the query says") {
  Rig rig(forwarding());
  for (const std::string& version : kVersions) {
    for (const Situation& situation : kSituations) {
      CAPTURE(version);
      CAPTURE(situation.name);
      const Json attempt = make(rig, situation, version);
      const std::string id = attempt.at("payment_id");
      wait_until_settled(rig, id);
      const Answer answer = rig.come_back(attempt.at("redirect_query"));
      CHECK(answer.status == 303);
      const std::map<std::string, std::string> pages{
          {"success", "thanks"}, {"failure", "again"}, {"pending", "wait"}};
      CHECK(answer.header("Location")
                .starts_with("https://shop.test/" + pages.at(situation.forward) + "?id=" + id));
    }
  }
  const std::string odd = "a&b=c/주문";
  const Answer unknown = rig.come_back("paymentId=" + encode(odd));
  CHECK(unknown.header("Location") == "https://shop.test/wait?id=" + encode(odd) + "&r=none");
  CHECK(rig.come_back("").status == 303);
}

TEST_CASE("page: after cancels it says cancelled, and forward leads to the failure page") {
  Rig rig;
  Rig forward(forwarding());
  for (Rig* one : {&rig, &forward}) {
    one->daemon.register_order("c");
    const Json attempt = one->portone.make({{"payment_id", "c"}, {"status", "paid"}});
    one->daemon.wait_for_result("c", "paid");
    one->portone.move(attempt, {{"status", "cancelled"}});
    one->daemon.wait_for_result("c", "cancelled");
    const Answer answer = one->come_back(attempt.at("redirect_query"));
    if (one == &rig) {
      CHECK(state_in(answer) == "cancelled");
    } else {
      CHECK(answer.header("Location") == "https://shop.test/again?id=c");
    }
  }
}

TEST_CASE("page: its status follows the payment, over a restart and without JavaScript") {
  Settings settings;
  settings.redirect_lines = "success_url = \"/thanks?id={payment_id}\"";
  Rig rig(settings);
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "s-" + version;
    // An answer of PortOne would say that the window was closed, and nothing is paid.
    rig.portone.rest_fault({{"mode", "status"}, {"status", 503}});
    rig.daemon.register_order(id);
    const Json attempt =
        rig.portone.make({{"payment_id", id}, {"version", version}, {"webhook", false}});
    const Answer page = rig.come_back(attempt.at("redirect_query"));
    CHECK(state_in(page) == "confirming");
    const std::string target = status_target(page);
    REQUIRE(target.starts_with("/payments/complete/status?token="));
    CHECK(page.body.find("http-equiv=\"refresh\"") != std::string::npos);
    const Json before = ask(rig.daemon.redirect(), {"GET", target}).json();
    CHECK(before.at("state") == "confirming");
    CHECK(before.at("payment_id") == id);
    CHECK(before.at("message").is_string());
    CHECK(before.at("next_url") == "");

    rig.portone.move(attempt, {{"status", "paid"}, {"webhook", false}});
    rig.portone.rest_fault({{"mode", "normal"}});
    CHECK(rig.daemon.stop() == 0);
    rig.restart();
    Json after;
    wait_until("the page's status is paid", [&] {
      after = ask(rig.daemon.redirect(), {"GET", target}).json();
      return after.at("state") == "paid";
    });
    CHECK(after.at("next_url") == "/thanks?id=" + id);
    const Answer refreshed =
        ask(rig.daemon.redirect(), {"GET", target, "", {{"Accept", "text/html"}}});
    CHECK(refreshed.status == 200);
    CHECK(state_in(refreshed) == "paid");
    CHECK(refreshed.body.find("href=\"/thanks?id=" + id + "\"") != std::string::npos);
  }
}

TEST_CASE("page: a redirect that is not bound to the payment sees no account, amount or reason") {
  Rig rig;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "secret-" + version;
    rig.daemon.register_order(id);
    const Json attempt = rig.portone.make({{"payment_id", id},
                                           {"version", version},
                                           {"amount", 10'000},
                                           {"status", "virtual_account_issued"}});
    const Json p = rig.daemon.wait_for_result(id, "awaiting_deposit");
    const Json account = p.at("attempts")[0].at("virtual_account");
    const std::string stranger =
        version == "v1" ? "merchant_uid=" + id : "paymentId=" + id + "&txId=invented";
    for (const Answer& seen :
         {rig.come_back(stranger),
          ask(rig.daemon.redirect(), {"GET", status_target(rig.come_back(stranger))})}) {
      CHECK(seen.status == 200);
      CHECK(seen.body.find(account.at("number")) == std::string::npos);
      CHECK(seen.body.find(account.at("holder")) == std::string::npos);
      CHECK(seen.body.find("10,000") == std::string::npos);
    }
    const Answer own = rig.come_back(attempt.at("redirect_query"));
    CHECK(own.body.find(account.at("number")) != std::string::npos);
    CHECK(own.body.find("10,000원") != std::string::npos);
  }
}

TEST_CASE("page: tokens that are forged, cut or of another daemon open nothing") {
  Rig rig;
  Rig other;
  rig.daemon.register_order("t");
  other.daemon.register_order("t");
  const std::string target = status_target(rig.come_back("paymentId=t"));
  const std::string foreign = status_target(other.come_back("paymentId=t"));
  std::string flipped = target;
  flipped.back() = flipped.back() == 'A' ? 'B' : 'A';
  for (const std::string& bad : {flipped, target.substr(0, target.size() - 1), foreign,
                                 std::string("/payments/complete/status?token="),
                                 std::string("/payments/complete/status")}) {
    CAPTURE(bad);
    const Answer json = ask(rig.daemon.redirect(), {"GET", bad});
    CHECK(json.status == 404);
    CHECK(json.json().at("error").at("code") == "not_found");
    const Answer html = ask(rig.daemon.redirect(), {"GET", bad, "", {{"Accept", "text/html"}}});
    CHECK(html.status == 404);
    CHECK(html.header("Content-Type") == "text/html; charset=utf-8");
  }
  CHECK(ask(rig.daemon.redirect(), {"GET", target}).status == 200);
}

TEST_CASE("page: a token lives for half an hour") {
  Rig rig;
  CHECK(rig.come_back("paymentId=t").status == 200);
  std::string key = rig.daemon.sqlite("SELECT value FROM meta WHERE key = 'page_token_key'");
  key.pop_back();  // the shell's line end
  const reconciled::PageTokens tokens(key);
  const auto now = std::chrono::time_point_cast<reconciled::core::Time::duration>(
      std::chrono::system_clock::now());
  const auto status_of = [&](std::chrono::minutes age) {
    const std::string token = tokens.make(reconciled::core::EventId{1}, now - age);
    return ask(rig.daemon.redirect(), {"GET", "/payments/complete/status?token=" + token}).status;
  };
  CHECK(status_of(std::chrono::minutes(0)) == 200);
  CHECK(status_of(std::chrono::minutes(25)) == 200);
  CHECK(status_of(std::chrono::minutes(31)) == 404);
}

TEST_CASE("page: speaks Korean or English, escapes what came, and also answers POST and errors") {
  Rig rig;
  const std::string query =
      "imp_uid=imp_1&merchant_uid=x%3Cscript%3E&imp_success=false&"
      "error_msg=%3Cb%3Eno%3C%2Fb%3E";
  const Answer korean = rig.come_back(query, {{"Accept-Language", "ko-KR,ko;q=0.9,en;q=0.8"}});
  CHECK(korean.body.find("<html lang=\"ko\">") != std::string::npos);
  const Answer english = rig.come_back(query, {{"Accept-Language", "en-GB,en;q=0.9"}});
  CHECK(english.body.find("<html lang=\"en\">") != std::string::npos);
  for (const Answer& page : {korean, english}) {
    CHECK(page.body.find("x<script>") == std::string::npos);
    CHECK(page.body.find("<b>no") == std::string::npos);
    CHECK(page.body.find("&lt;b&gt;no") != std::string::npos);
  }
  CHECK(english.body.find("The payment window said:") != std::string::npos);
  const Answer posted = ask(rig.daemon.redirect(), {"POST", "/payments/complete?" + query});
  CHECK(posted.status == 200);
  const Answer form =
      ask(rig.daemon.redirect(), {"POST",
                                  "/payments/complete",
                                  "imp_uid=imp_9&merchant_uid=form",
                                  {{"Content-Type", "application/x-www-form-urlencoded"}}});
  CHECK(form.status == 200);
  CHECK(rig.daemon.get("/events?payment_id=form").json().at("events").size() == 1);
  const Answer nothing = rig.come_back("");
  CHECK(nothing.status == 400);
  CHECK(nothing.body.find("<h1>") != std::string::npos);
  CHECK(ask(rig.daemon.redirect(), {"PUT", "/payments/complete"}).status == 405);
  CHECK(ask(rig.daemon.redirect(), {"GET", "/elsewhere"}).status == 404);
}
