// The operator's pages over HTTP: who may see them, what a form needs, and what hostile texts do.
#include <doctest/doctest.h>

#include <map>

#include "tests/e2e/rig.h"
#include "tests/e2e/shop_backend.h"
#include "tests/e2e/visitor.h"

using namespace reconciled::e2e;

namespace {

constexpr const char* kToken = "let-me-in-0123456789";

Settings with_token() {
  Settings settings;
  settings.admin_lines = std::string("token = \"") + kToken + "\"";
  return settings;
}

}  // namespace

TEST_CASE("dashboard: with a token nobody sees a page without signing in, and who does sees all") {
  Rig rig(with_token());
  Visitor visitor(rig);
  for (const char* target : {"/", "/dashboard/payments", "/dashboard/findings", "/dashboard/search?q=a",
                             "/dashboard/payments/x", "/dashboard/nothing"}) {
    CAPTURE(target);
    const Answer answer = visitor.get(target);
    CHECK(answer.status == 303);
    CHECK(answer.header("Location") == "/dashboard/sign-in?back=" + encode(target));
  }
  CHECK(visitor.sign_in("let-me-in").status == 401);
  CHECK(visitor.cookie().empty());
  const Answer entered = visitor.sign_in(kToken);
  CHECK(entered.status == 303);
  const std::string cookie = entered.header("Set-Cookie");
  CHECK(cookie.find("; HttpOnly; SameSite=Strict") != std::string::npos);
  CHECK(cookie.find("Secure") == std::string::npos);
  CHECK(cookie.find("Max-Age=43200") != std::string::npos);
  CHECK(cookie.find(kToken) == std::string::npos);
  CHECK(visitor.get("/").status == 200);
  CHECK(visitor.get("/payments").status == 200);  // the cookie opens the JSON, too
  // Over a restart; not with a letter of it changed.
  rig.restart();
  CHECK(visitor.get("/").status == 200);
  Visitor forger(rig);
  forger.take(visitor.cookie().substr(0, visitor.cookie().size() - 1) + "_");
  CHECK(forger.get("/").status == 303);
  CHECK(forger.get("/payments").status == 401);
  // Where it was asked for leads back to what was wanted, and never elsewhere.
  for (const auto& [wanted, led_to] : std::map<std::string, std::string>{
           {"/dashboard/payments/x", "/dashboard/payments/x"}, {"https://evil.test/", "/"},
           {"//evil.test", "/"}, {"/dashboard/sign-in", "/"}}) {
    Visitor other(rig);
    const std::string page = "/dashboard/sign-in?back=" + encode(wanted);
    CHECK(says(other.get(page), "name=\"back\" value=\"" + led_to + "\""));
    const std::string form = other.form_of(page) + "&token=" + kToken + "&back=" + encode(wanted);
    CHECK(other.post("/dashboard/sign-in", form).header("Location") == led_to);
  }
  // Signing out ends it, also for a copy of the cookie.
  const std::string copy = visitor.cookie();
  CHECK(visitor.post("/dashboard/sign-out", visitor.form_of("/")).status == 303);
  visitor.take(copy);
  CHECK(visitor.get("/").status == 303);
  // A changed token ends all sessions.
  CHECK(visitor.sign_in(kToken).status == 303);
  rig.daemon.stop();
  rig.daemon.settings().admin_lines = "token = \"another-0123456789\"";
  rig.daemon.configure(rig.daemon.settings());
  rig.daemon.start();
  CHECK(visitor.get("/").status == 303);
  CHECK(rig.daemon.log().find(kToken) == std::string::npos);
}

TEST_CASE("dashboard: wrong tokens are limited, and a Secure cookie goes over TLS alone") {
  Settings settings = with_token();
  Rig rig(settings);
  Visitor visitor(rig);
  for (int i = 0; i < 5; ++i) CHECK(visitor.sign_in("wrong").status == 401);
  const Answer limited = visitor.sign_in(kToken);  // right, and too late
  CHECK(limited.status == 429);
  CHECK(limited.header("Retry-After") == "60");
  // A trusted proxy says who asks: another one may.
  const std::string form = visitor.form_of("/dashboard/sign-in") + "&token=" + kToken;
  const Answer other = ask(rig.daemon.admin(), {"POST", "/dashboard/sign-in", form,
                                                {{"Content-Type", "application/x-www-form-urlencoded"},
                                                 {"X-Forwarded-For", "203.0.113.9"},
                                                 {"X-Forwarded-Proto", "https"}}});
  CHECK(other.status == 303);
  CHECK(other.header("Set-Cookie").find("; Secure") != std::string::npos);
}

TEST_CASE("dashboard: a button works from its page alone") {
  Rig rig;
  rig.daemon.register_order("o/1");
  rig.acknowledged(v2_webhook("Transaction.Paid", "o/1", "tx-1"));
  Visitor visitor(rig);
  const std::string page = "/dashboard/payments/o%2F1";
  const std::string form = visitor.form_of(page);
  REQUIRE_FALSE(form.empty());
  for (const std::string& target : {page + "/lookup", std::string("/dashboard/events/1/replay")}) {
    CAPTURE(target);
    CHECK(visitor.post(target, "").status == 403);
    CHECK(visitor.post(target, "form=guessed").status == 403);
    CHECK(visitor.post(target, form, "text/plain").status == 403);
    CHECK(visitor.post(target, form + "&payment=" + encode("o/1")).status == 303);
    CHECK(visitor.get(target).status == 404);
  }
  CHECK(visitor.post("/dashboard/events/1/replay", form + "&payment=" + encode("o/1"))
            .header("Location") == page + "?done=replay");
  CHECK(visitor.post("/dashboard/events/999/replay", form).status == 404);
  CHECK(visitor.post("/dashboard/events/99999999999999999999999/replay", form).status == 404);
  CHECK(visitor.post("/dashboard/notifications/1/resend", form).status == 409);  // nobody to send to
  CHECK(says(visitor.get(page + "?done=lookup"), "PortOne에 물었습니다"));
  // A form opens none of the JSON API's writes.
  CHECK(visitor.post("/payments/o%2F1/lookup", form).status == 415);
  // Foreign hosts are refused before anything.
  CHECK(visitor.get("/", {{"Host", "evil.test"}}).status == 403);
}

TEST_CASE("dashboard: a message is sent again") {
  ShopBackend shop;
  Settings settings;
  settings.notify_lines = shop.lines();
  Rig rig(settings);
  rig.daemon.register_order("again");
  rig.portone.make({{"payment_id", "again"}, {"amount", 10'000}, {"status", "paid"}});
  rig.daemon.wait_for_result("again", "paid");
  shop.wait_for_taken(1);
  Visitor visitor(rig);
  const std::string form = visitor.form_of("/dashboard/payments/again");
  CHECK(says(visitor.get("/dashboard/payments/again"), "/dashboard/notifications/1/resend"));
  CHECK(visitor.post("/dashboard/notifications/1/resend", form + "&payment=again")
            .header("Location") == "/dashboard/payments/again?done=resend");
  shop.wait_for_taken(2);
}

TEST_CASE("dashboard: a person closes a finding with a note, and nothing without one") {
  Rig rig;
  rig.daemon.register_order("late", 10'000);
  const Json attempt =
      rig.portone.make({{"payment_id", "late"}, {"amount", 10'000}, {"status", "failed"}});
  rig.daemon.wait_for_result("late", "failed");
  rig.portone.move(attempt, {{"status", "paid"}});
  rig.daemon.wait_for_result("late", "paid");
  Visitor visitor(rig);
  const std::string page = "/dashboard/payments/late";
  const std::string form = visitor.form_of(page) + "&payment=late";
  CHECK(says(visitor.get(page), "/dashboard/findings/1/resolve"));
  CHECK(visitor.post("/dashboard/findings/1/resolve", form + "&note=+").status == 400);
  CHECK(visitor.post("/dashboard/findings/1/resolve", "payment=late&note=x").status == 403);
  CHECK(open_findings(rig.daemon.payment("late")).size() == 1);
  const std::string full = form + "&by=kim&note=" + encode("<b>고객과 통화함</b>");
  CHECK(visitor.post("/dashboard/findings/1/resolve", full).header("Location") ==
        page + "?done=resolved");
  CHECK(open_findings(rig.daemon.payment("late")).empty());
  CHECK(says(visitor.get(page), "&lt;b&gt;고객과 통화함"));
  CHECK(visitor.post("/dashboard/findings/1/resolve", full).header("Location") ==
        page + "?done=closed");
  CHECK(visitor.post("/dashboard/findings/99/resolve", full).status == 404);
}

TEST_CASE("dashboard: the story says who corrected an order, and why a closed finding still holds it") {
  Rig rig;
  rig.daemon.register_order("typo", 1'000);
  rig.portone.make({{"payment_id", "typo"}, {"amount", 10'000}, {"status", "paid"}});
  rig.daemon.wait_for("typo", [](const Json& p) { return !open_findings(p).empty(); });
  Visitor visitor(rig);
  visitor.take("reconciled_language=en");
  const std::string page = "/dashboard/payments/typo";
  CHECK(says(visitor.get(page), "The reason stands above."));
  CHECK(rig.daemon.command({"resolve", "1", "--note", "seen"}).status == 0);
  const Answer closed = visitor.get(page);
  CHECK_FALSE(says(closed, "The reason stands above."));
  CHECK(says(closed, "Closing lifts no hold"));
  CHECK(says(closed, "Order registered: ₩1,000"));
  const Finished done = rig.daemon.command({"order", "typo", "--amount", "10000", "--currency", "KRW",
                                            "--correct", "--note", "a 0 was missing"});
  CHECK_MESSAGE(done.status == 0, done.err);
  rig.daemon.wait_for("typo", [](const Json& p) { return p.at("deliverable") == true; });
  const Answer corrected = visitor.get(page);
  CHECK(says(corrected, "Order changed: ₩1,000 → ₩10,000"));
  CHECK(says(corrected, "a 0 was missing"));
  CHECK(says(corrected, "corrected by"));
}

TEST_CASE("dashboard: a payment is found by its number, by an attempt's, and by a part of it") {
  Rig rig;
  for (const char* id : {"2026-abc-001", "2026-abc-002", "2026-xyz-003"}) rig.daemon.register_order(id);
  const Json paid = rig.portone.make({{"payment_id", "2026-xyz-003"}, {"amount", 10'000}, {"status", "paid"}});
  rig.daemon.wait_for_result("2026-xyz-003", "paid");
  Visitor visitor(rig);
  const auto leads_to = [&](const std::string& text) {
    return visitor.get("/dashboard/search?q=" + encode(text)).header("Location");
  };
  CHECK(leads_to("2026-abc-001") == "/dashboard/payments/2026-abc-001");
  CHECK(leads_to("  2026-abc-001 ") == "/dashboard/payments/2026-abc-001");
  CHECK(leads_to("\"2026-abc-001\",\n") == "/dashboard/payments/2026-abc-001");
  CHECK(leads_to("\u00a02026-abc-001\u200b") == "/dashboard/payments/2026-abc-001");
  CHECK(leads_to("2026-x") == "/dashboard/payments/2026-xyz-003");
  CHECK(leads_to(id_of(paid)) == "/dashboard/payments/2026-xyz-003");
  CHECK(leads_to(id_of(paid).substr(0, id_of(paid).size() - 2)) == "/dashboard/payments/2026-xyz-003");
  CHECK(leads_to("yz-00") == "/dashboard/payments/2026-xyz-003");
  CHECK(leads_to("SANDBOX" + id_of(paid)) == "/dashboard/payments/2026-xyz-003");
  CHECK(leads_to("SANDBOX" + id_of(paid).substr(0, 9)) == "/dashboard/payments/2026-xyz-003");
  CHECK(rig.daemon.get("/payments?q=SANDBOX" + id_of(paid)).json().at("payments").size() == 1);
  CHECK(rig.daemon.get("/payments?q=%C2%A0SANDBOX" + id_of(paid)).json().at("payments").size() == 1);
  CHECK(rig.daemon.command({"show", "SANDBOX" + id_of(paid)}).status == 0);
  CHECK(rig.daemon.command({"show", "\u00a0SANDBOX" + id_of(paid) + ","}).status == 0);
  const Answer two = visitor.get("/dashboard/search?q=abc");
  CHECK(two.status == 200);
  CHECK(says(two, "2026-abc-001"));
  CHECK(says(two, "2026-abc-002"));
  CHECK_FALSE(says(two, "2026-xyz-003"));
  CHECK(says(visitor.get("/dashboard/search?q=none"), "찾지 못했습니다"));
  CHECK(says(visitor.get("/dashboard/search?q="), "찾지 못했습니다"));
  CHECK(says(visitor.get("/dashboard/search?q=" + std::string(5'000, 'a')), "찾지 못했습니다"));
  CHECK(says(visitor.get("/dashboard/payments?result=paid"), "2026-xyz-003"));
  CHECK_FALSE(says(visitor.get("/dashboard/payments?result=paid"), "2026-abc-001"));
  CHECK(says(visitor.get("/dashboard/payments?day=2001-01-01"), "해당하는 결제가 없습니다"));
  CHECK(says(visitor.get("/dashboard/payments?cursor=2"), "2026-abc-001"));
  CHECK_FALSE(says(visitor.get("/dashboard/payments?cursor=2"), "2026-abc-002"));
  // Both languages, and the switch leads to pages of ours alone.
  CHECK(says(visitor.get("/", {{"Accept-Language", "en"}}), "Payments by result"));
  for (const char* foreign : {"https://evil.test/", "//evil.test", "/dashboard/\\evil", "javascript:alert(1)"}) {
    CHECK(visitor.get(std::string("/dashboard/language?to=en&back=") + encode(foreign)).header("Location") == "/");
  }
  CHECK(says(visitor.get("/"), "Payments by result"));  // the cookie keeps it
}

TEST_CASE("dashboard: hostile texts stand on the page as text, and nobody frames it") {
  Rig rig;
  const std::string id = "<script>alert(1)</script>\"'\xE2\x80\xAE";
  rig.daemon.register_order(id);
  rig.come_back("merchant_uid=" + encode(id) + "&imp_success=false&error_code=X&error_msg=" +
                encode("<img src=x onerror=alert(2)>" + std::string(5'000, 'z')));
  Visitor visitor(rig);
  for (const std::string& target : {std::string("/"), std::string("/dashboard/payments"),
                                    "/dashboard/payments/" + encode(id), "/dashboard/search?q=" + encode("zz<script>")}) {
    CAPTURE(target);
    const Answer answer = visitor.get(target);
    CHECK_FALSE(says(answer, "<script"));
    CHECK_FALSE(says(answer, "<img"));
    CHECK_FALSE(says(answer, "\xE2\x80\xAE"));
    CHECK_FALSE(says(answer, std::string(1'000, 'z')));
    const std::string policy = answer.header("Content-Security-Policy");
    CHECK(policy.starts_with("default-src 'none'; style-src 'sha256-"));
    CHECK(policy.find("frame-ancestors 'none'") != std::string::npos);
    CHECK(policy.find("unsafe") == std::string::npos);
    CHECK(answer.header("X-Frame-Options") == "DENY");
    CHECK(answer.header("Cache-Control") == "no-store");
  }
  CHECK(visitor.get("/dashboard/payments/%FF").status == 404);
  CHECK(visitor.get("/dashboard/nothing").status == 404);
}

TEST_CASE("dashboard: the hours live through a restart") {
  Rig rig;
  for (int i = 0; i < 3; ++i) rig.acknowledged(v2_webhook("Transaction.Paid", "h-" + std::to_string(i), "t"));
  Visitor visitor(rig);
  const auto received = [&] { return says(visitor.get("/"), "받음 3"); };
  CHECK(received());
  rig.daemon.stop();
  rig.restart();
  CHECK(received());
}
