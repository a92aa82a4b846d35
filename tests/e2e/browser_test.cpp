// The buyer's way through the payment window and the waiting page, in a real browser.
#include <doctest/doctest.h>

#include "daemon/redirect/page_token.h"
#include "tests/e2e/buyer.h"

using namespace reconciled::e2e;

namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// A shop that takes PortOne's webhook's word alone: the page waits for it.
Settings waiting_for_webhooks() {
  Settings settings = shop_settings();
  settings.reconcile_lines = "missing_webhook = \"wait\"\nlookup_schedule = [\"1s\", \"2s\"]";
  return settings;
}

// Refused resources and script errors; the browser says both in its console.
std::vector<std::string> faults(Browser& browser) {
  std::vector<std::string> found;
  for (const std::string& line : browser.console()) {
    if (holds(line, "Content Security Policy") || holds(line, "Uncaught")) found.push_back(line);
  }
  return found;
}

}  // namespace

TEST_CASE("browser: from the window over the page and a late webhook to the shop's thanks") {
  Buyer buyer(waiting_for_webhooks());
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "paid-" + version;
    buyer.open_window(id, version, 2'500);
    buyer.browser.click("button.main");
    buyer.wait_for_state("confirming");
    CHECK(buyer.browser.title() == "결제를 확인하고 있습니다 – 달빛 서점");
    CHECK(buyer.browser.shows(".spin"));
    CHECK(buyer.browser.run("return getComputedStyle(document.querySelector('.spin'))"
                            ".animationName") == "spin");
    const std::string thanks = buyer.address_of("/thanks?id=" + id);
    wait_until("the shop thanks", [&] { return buyer.browser.url() == thanks; });
    CHECK(buyer.rig.daemon.payment(id).at("deliverable") == true);
    CHECK(faults(buyer.browser).empty());
    // Who goes back sees that it is paid, and the way on.
    buyer.come_back({{"redirect_query", "paymentId=" + id}}, "paid");
    CHECK(buyer.browser.text("h1") == "결제가 완료되었습니다");
    buyer.browser.click("a.go");
    CHECK(buyer.browser.url() == thanks);
  }
}

TEST_CASE("browser: who closes the window is told so, and can pay again") {
  Buyer buyer;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "left-" + version;
    buyer.open_window(id, version, 0);
    buyer.browser.click("button[value=cancel]");
    buyer.wait_for_state("failed");
    CHECK(buyer.browser.text("h1") == "결제가 완료되지 않았습니다");
    CHECK(holds(buyer.browser.text(".why"), "사용자가 결제를 취소하셨습니다"));
    CHECK(buyer.browser.text("a.go") == "다시 결제하기");
    buyer.browser.click("a.go");
    CHECK(buyer.browser.url() == buyer.address_of("/cart?id=" + id));
  }
}

TEST_CASE("browser: a virtual account is shown, copied, paid into, and the page follows") {
  Buyer buyer;
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    const std::string id = "account-" + version;
    buyer.open_window(id, version, 0);
    buyer.browser.click("button[value=vbank]");
    buyer.wait_for_state("awaiting_deposit");
    CHECK(buyer.browser.text(".sum") == "33,000원");
    CHECK(holds(buyer.browser.text(".account"), "신한은행"));
    CHECK(holds(buyer.browser.text(".due"), "까지, "));
    CHECK(holds(buyer.browser.text(".due"), " 남음"));
    const Json attempt = buyer.rig.daemon.payment(id).at("attempts")[0];
    const std::string number = attempt.at("virtual_account").at("number");
    CHECK(buyer.browser.text("#number") == number);
    buyer.browser.click("#copy");
    wait_until("it is copied", [&] { return buyer.browser.text("#said") == "복사했습니다"; });
    buyer.rig.portone.move(attempt, {{"status", "paid"}});
    const std::string thanks = buyer.address_of("/thanks?id=" + id);
    wait_until("the shop thanks", [&] { return buyer.browser.url() == thanks; });
    CHECK(faults(buyer.browser).empty());
  }
}

TEST_CASE("browser: a window that never opened, and a forged return") {
  Buyer buyer;
  buyer.rig.daemon.register_order("shut", kPrice);
  buyer.browser.open(buyer.address("merchant_uid=shut&imp_success=false&error_code=E1&error_msg=" +
                                   encode("결제창을 열 수 없습니다")));
  buyer.wait_for_state("failed");
  CHECK(buyer.browser.text(".why") == "결제창에서 보낸 메시지: 결제창을 열 수 없습니다");
  CHECK(buyer.browser.shows("a.go"));

  const Json open = buyer.order("forged", {{"webhook", false}});
  buyer.browser.open(buyer.address("merchant_uid=forged&imp_success=true&imp_uid=" + id_of(open)));
  buyer.rig.daemon.wait_for_result("forged", "ready");
  buyer.browser.reload();
  CHECK(buyer.state() == "confirming");
  CHECK_FALSE(holds(buyer.browser.text("body"), "감사"));
  // Of another's account a stranger sees nothing, nor an id that nobody but the query names.
  const Json account = buyer.order("other", {{"status", "virtual_account_issued"}});
  buyer.rig.daemon.wait_for_result("other", "awaiting_deposit");
  buyer.browser.open(buyer.address("merchant_uid=other&imp_success=true&imp_uid=imp_invented"));
  buyer.wait_for_state("awaiting_deposit");
  CHECK_FALSE(buyer.browser.shows(".account"));
  CHECK_FALSE(buyer.browser.shows(".sum"));
  buyer.browser.open(buyer.address("merchant_uid=" + encode("전화 1588-1234") + "&imp_uid=imp_x"));
  CHECK_FALSE(buyer.browser.shows("dl"));
}

TEST_CASE("browser: a hostile message runs nothing, names nobody and stays short") {
  Buyer buyer;
  buyer.rig.daemon.register_order("bad", kPrice);
  const std::string message =
      "<script>stolen=1</script><img src=x onerror=stolen=1>\u202E승인\u202C 전화 "
      "010-1234-5678 evil.example " +
      std::string(10'000, 'a');
  // As a form: a query of this size is refused by the edge.
  buyer.browser.open(buyer.rig.portone.base_url());
  buyer.browser.run(
      "const f=document.createElement('form');f.method='post';f.action=arguments[0];"
      "for(const [n,v] of arguments[1]){const i=document.createElement('input');i.type='hidden';"
      "i.name=n;i.value=v;f.append(i)}document.body.append(f);f.submit()",
      {buyer.address_of("/payments/complete"),
       Json::array({{"merchant_uid", "bad"}, {"imp_success", "false"}, {"error_msg", message}})});
  buyer.wait_for_state("failed");
  const std::string shown = buyer.browser.text(".why");
  CHECK(shown.starts_with("결제창에서 보낸 메시지: <script>"));
  CHECK(buyer.browser.run("return window.stolen===undefined") == true);
  CHECK(buyer.browser.run("return document.querySelectorAll('.why *').length") == 1);  // bdi
  for (const char* gone : {"5678", "evil", "\u202E", "\u202C"}) CHECK_FALSE(holds(shown, gone));
  CHECK(buyer.browser.run("return document.querySelector('.why bdi').textContent.length") <= 100);
  CHECK(faults(buyer.browser).empty());
}

TEST_CASE("browser: without JavaScript the page still follows, and offers no button that needs it") {
  Buyer buyer(waiting_for_webhooks());
  const Json paid = buyer.order("still", {{"status", "paid"}, {"webhook_delay_ms", 2'500}});
  buyer.browser.allow_scripts(false);
  buyer.browser.open(buyer.address(paid.at("redirect_query")));
  CHECK(holds(buyer.browser.html(), "data-state=\"confirming\""));
  wait_until("the page says paid",
             [&] { return holds(buyer.browser.html(), "data-state=\"paid\""); });
  const Json account =
      buyer.order("still-account", {{"status", "virtual_account_issued"}, {"version", "v2"}});
  buyer.rig.daemon.wait_for_result("still-account", "awaiting_deposit");
  buyer.browser.open(buyer.address(account.at("redirect_query")));
  const std::string html = buyer.browser.html();
  CHECK(holds(html, "id=\"copy\" hidden=\"\""));
  CHECK(holds(html, "id=\"number\""));
}

TEST_CASE("browser: when the token's time is over the page stops, says so, and keeps the account") {
  Buyer buyer;
  const auto event_of = [&](const Json& attempt, const std::string& state) {
    buyer.browser.open(buyer.address("imp_success=true&merchant_uid=" +
                                     attempt.at("payment_id").get<std::string>() +
                                     "&imp_uid=" + id_of(attempt)));
    buyer.wait_for_state(state);
    return std::stoll(buyer.rig.daemon.sqlite("SELECT max(event_id) FROM event"));
  };
  std::string key = buyer.rig.daemon.sqlite("SELECT value FROM meta WHERE key = 'page_token_key'");
  key.pop_back();  // the shell's line end
  const auto address_with = [&](std::int64_t event, std::chrono::seconds left) {
    const auto now = std::chrono::time_point_cast<reconciled::core::Time::duration>(
        std::chrono::system_clock::now());
    return buyer.address_of(
        "/payments/complete/status?token=" +
        reconciled::PageTokens(key).make(reconciled::core::EventId{event},
                                         now + left - reconciled::PageTokens::kLife));
  };
  // A page that cannot ask in between: it hears of the end from its own clock.
  const std::int64_t open = event_of(buyer.order("open", {{"webhook", false}}), "confirming");
  buyer.browser.open(address_with(open, std::chrono::seconds(9)));
  CHECK(buyer.browser.shows("#live"));
  buyer.browser.run("window.fetch=()=>new Promise(()=>{})");
  wait_until("the page says that it stopped", [&] { return buyer.browser.shows("#over"); });
  CHECK_FALSE(buyer.browser.shows("#live"));
  CHECK(buyer.browser.text("h1") == "결제를 확인하지 못했습니다");
  CHECK(holds(buyer.browser.text("main"), "1588-1234"));
  // One that asks is told while the token still opens the page once more.
  const Json account = buyer.order("late", {{"status", "virtual_account_issued"}});
  buyer.rig.daemon.wait_for_result("late", "awaiting_deposit");
  const std::int64_t deposit = event_of(account, "awaiting_deposit");
  buyer.browser.open(address_with(deposit, std::chrono::seconds(33)));
  CHECK(buyer.browser.shows("#live"));
  wait_until("the page was loaded anew", [&] { return !buyer.browser.shows("#live"); });
  CHECK(buyer.browser.shows("#over"));
  CHECK(buyer.browser.shows("#number"));
  CHECK(buyer.browser.run("return document.body.dataset.status") == "");
  // A token that is over opens nothing.
  buyer.browser.open(address_with(deposit, std::chrono::seconds(-1)));
  CHECK(buyer.browser.text("h1") == "이 화면은 만료되었습니다");
  CHECK_FALSE(holds(buyer.browser.html(), "id=\"number\""));
}
