// Messages and requests as the field sends them: each once went wrong for somebody.
#include <doctest/doctest.h>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

constexpr const char* kHook = "/webhooks/portone";
constexpr const char* kJson = "application/json";
constexpr const char* kForm = "application/x-www-form-urlencoded";

Call post(const std::string& target, const std::string& body, const std::string& type) {
  return {"POST", target, body, {{"Content-Type", type}}};
}

void set_header(Call& call, const std::string& name, const std::string& value) {
  for (auto& header : call.headers) {
    if (header.first == name) header.second = value;
  }
}

int stored_events(const Rig& rig) {
  return std::stoi(rig.daemon.sqlite("SELECT count(*) FROM event"));
}

// The newest event's column.
std::string newest(const Rig& rig, const std::string& column) {
  std::string text =
      rig.daemon.sqlite("SELECT " + column + " FROM event ORDER BY event_id DESC LIMIT 1");
  if (!text.empty()) text.pop_back();  // the shell's line end
  return text;
}

bool warns(const Rig& rig, const std::string& kind) {
  return rig.daemon.get("/metrics").body.find("reconciled_warning{kind=\"" + kind + "\"} 1") !=
         std::string::npos;
}

std::size_t count_in(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

}  // namespace

TEST_CASE("messages: JSON and forms are told by the body, whatever their label says") {
  Rig rig;
  const std::string json = R"({"imp_uid":"imp_1","merchant_uid":"o1","status":"paid"})";
  const std::string form = "imp_uid=imp_2&merchant_uid=o2&status=paid";
  for (const char* type : {kJson, kForm, "", "text/plain", "Application/JSON;charset=UTF-8"}) {
    CAPTURE(type);
    CHECK(rig.deliver(post(kHook, json, type)).status == 200);
    CHECK(rig.deliver(post(kHook, "\xEF\xBB\xBF" + json, type)).status == 200);
    CHECK(rig.deliver(post(kHook, form, type)).status == 200);
  }
  CHECK(stored_events(rig) == 2);
  Call v2 = v2_webhook("Transaction.Paid", "p1", "tx-1", {"m1"});
  set_header(v2, "Content-Type", "text/plain");
  CHECK(rig.deliver(v2).status == 200);
  CHECK(newest(rig, "signed || kind || payment_id") == "1paymentp1");
  CHECK(rig.deliver(post(kHook, "\x89PNG", "image/png")).status == 415);
}

TEST_CASE(
    "messages: an id that is a number is its digits, one in EUC-KR leaves the rest standing") {
  Rig rig;
  CHECK(rig.deliver(
               post(kHook, R"({"imp_uid":"imp_1","merchant_uid":20261125,"status":"paid"})", kJson))
            .status == 200);
  CHECK(newest(rig, "payment_id") == "20261125");
  rig.daemon.register_order("euc");
  const Json attempt = rig.portone.make(
      {{"payment_id", "euc"}, {"version", "v1"}, {"status", "paid"}, {"webhook", false}});
  const std::string imp_uid = id_of(attempt);
  CHECK(rig.deliver(
               post(kHook, "imp_uid=" + imp_uid + "&merchant_uid=%C1%D6%B9%AE&status=paid", kForm))
            .status == 200);
  CHECK(newest(rig, "attempt_id || coalesce(payment_id, '-')") == imp_uid + "-");
  rig.daemon.wait_for_result("euc", "paid");
  CHECK(
      rig.deliver(post(kHook,
                       "{\"imp_uid\":\"imp_3\",\"merchant_uid\":\"\xC1\xD6\",\"status\":\"paid\"}",
                       kJson))
          .status == 200);
}

TEST_CASE("messages: a webhook-id of 300 bytes is verified, stored once and told apart") {
  Rig rig;
  const std::string id(300, 'w');
  const Call call = v2_webhook("Transaction.Paid", "p1", "tx-1", {id});
  CHECK(rig.deliver(call).status == 200);
  CHECK(rig.deliver(call).status == 200);
  CHECK(stored_events(rig) == 1);
  CHECK(rig.deliver(v2_webhook("Transaction.Paid", "p1", "tx-1", {id + "x"})).status == 200);
  CHECK(stored_events(rig) == 2);
  CHECK(
      rig.deliver(v2_webhook("Transaction.Paid", "p1", "tx-1", {std::string(1025, 'w')})).status ==
      401);
}

TEST_CASE("messages: signed JSON is stored whatever it means, and moves nothing it cannot say") {
  Rig rig;
  int expected = 0;
  for (const char* body : {R"({"type":"Transaction.New","data":{"n":1}})", R"({"a":1})", "[]",
                           R"({"type":"BillingKey.Issued","data":{"billingKey":"b"}})"}) {
    CAPTURE(body);
    Call call = signed_call(Json::parse(body), {"m" + std::to_string(expected)});
    set_header(call, "Content-Type", "application/octet-stream");
    CHECK(rig.deliver(call).status == 200);
    CHECK(stored_events(rig) == ++expected);
  }
  rig.daemon.wait_for_empty_inbox();
  CHECK(rig.daemon.get("/payments").json().at("payments").empty());
}

TEST_CASE("messages: a forwarded address may carry a port, and addresses may be ranges") {
  Settings settings;
  settings.webhook_lines = "source_ips = [\"52.78.0.0/16\"]\nsource_ip_policy = \"enforce\"";
  settings.http_lines = "trusted_proxies = [\"127.0.0.0/8\"]";
  Rig rig(settings);
  Call call = v1_webhook("imp_1", "m1", "paid");
  call.headers.emplace_back("X-Forwarded-For", "52.78.5.241:50123");
  CHECK(rig.deliver(call).status == 200);
  CHECK(newest(rig, "remote_ip") == "52.78.5.241");
  set_header(call, "X-Forwarded-For", "\"[::ffff:52.78.5.241]:443\"");
  CHECK(rig.deliver(call).status == 200);
  set_header(call, "X-Forwarded-For", "\"[2001:db8::1]:443\"");
  CHECK(rig.deliver(call).status == 403);
}

TEST_CASE("messages: a trailing slash is the same path on every listener") {
  Rig rig;
  rig.daemon.register_order("o1");
  CHECK(rig.deliver(post("/webhooks/portone/",
                         R"({"imp_uid":"imp_1","merchant_uid":"o1","status":"paid"})", kJson))
            .status == 200);
  // A confirm call is one at either path, and what is strange is no approval.
  const std::string question = R"({"imp_uid":"imp_1","merchant_uid":"o1","amount":10000})";
  const std::string too_much = R"({"imp_uid":"imp_1","merchant_uid":"o1","amount":10001})";
  for (const char* target :
       {"/webhooks/portone", "/webhooks/portone/", "/confirm/portone", "/confirm/portone/"}) {
    CAPTURE(target);
    CHECK(rig.deliver(post(target, question, kJson)).status == 200);
    CHECK(rig.deliver(post(target, too_much, kForm)).status == 409);
    Call strange = signed_call({{"type", "Transaction.Invented"}}, {std::string("m") + target});
    strange.target = target;
    const bool may_charge = std::string(target).starts_with("/confirm");
    CHECK(rig.deliver(strange).status == (may_charge ? 409 : 200));
  }
  CHECK(ask(rig.daemon.redirect(), {"GET", "/payments/complete/?merchant_uid=o1"}).status == 200);
  CHECK(ask(rig.daemon.redirect(), {"GET", "/payments/complete/status/?token="}).status == 404);
  CHECK(ask(rig.daemon.redirect(), {"GET", "/payments/complete/status/?token="})
            .json()
            .at("error")
            .at("code") == "not_found");
  for (const char* target : {"/healthz/", "/payments/", "/stats/", "/metrics/", "/findings/"}) {
    CAPTURE(target);
    CHECK(rig.daemon.get(target).status == 200);
  }
}

TEST_CASE("messages: absolute targets, OPTIONS, HEAD, empty lines and codings as HTTP has them") {
  Rig rig;
  const Endpoint& hook = rig.daemon.webhook();
  const std::string body = R"({"imp_uid":"imp_1","merchant_uid":"o1","status":"paid"})";
  const auto head = [&](const std::string& target, const std::string& more) {
    return "POST " + target + " HTTP/1.1\r\nHost: " + hook.host() + "\r\nConnection: close\r\n" +
           more + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  };
  CHECK(ask_raw(hook, head("http://" + hook.host() + kHook, "")).status == 200);
  CHECK(ask_raw(hook, head(std::string("http://evil.test") + kHook, "")).status == 400);
  CHECK(ask_raw(hook, "\r\n\r\n" + head(kHook, "")).status == 200);
  CHECK(ask_raw(hook, head(kHook, "Content-Encoding: gzip\r\n")).status == 415);
  const std::pair<const Endpoint&, const char*> paths[] = {
      {hook, kHook},
      {hook, "/confirm/portone/"},
      {rig.daemon.redirect(), "/payments/complete"},
      {rig.daemon.redirect(), "/payments/complete/status"},
      {rig.daemon.admin(), "/healthz"},
      {rig.daemon.admin(), "/payments/o1"},
      {rig.daemon.admin(), "/orders/o1"}};
  for (const auto& [endpoint, path] : paths) {
    CAPTURE(path);
    const Answer options = ask(endpoint, {"OPTIONS", path});
    CHECK(options.status == 405);
    CHECK_FALSE(options.header("Allow").empty());
    CHECK(options.header("Date").ends_with(" GMT"));
    CHECK(ask(endpoint, {"PATCH", path}).status == 405);
  }
  CHECK(ask(rig.daemon.admin(), {"OPTIONS", "/healthz"}).header("Allow") == "GET, HEAD");
  CHECK(ask(rig.daemon.admin(), {"HEAD", "/healthz"}).status == 200);
  CHECK(ask(hook, {"GET", "/nowhere"}).header("Date").ends_with(" GMT"));
}

TEST_CASE("messages: what a buyer's return says, by its flag, its errors and its last ids") {
  Rig rig;
  struct Return {
    const char* query;
    const char* payment_id;
    const char* hint;
  };
  for (const Return& one :
       {Return{"imp_uid=imp_1&imp_success=true&merchant_uid=o1&error_msg=", "o1",
               "returned_success"},
        Return{"imp_uid=&imp_success=true&merchant_uid=o2&error_msg=", "o2", "returned_success"},
        Return{"merchant_uid=o3?imp_success=true&imp_uid=imp_3&merchant_uid=o3", "o3",
               "returned_success"},
        Return{"order=1?imp_uid=imp_4&merchant_uid=o4&error_msg=undefined", "o4",
               "returned_unknown"},
        Return{"merchant_uid=mine&imp_uid=imp_5&merchant_uid=o5&error_code=F400", "o5",
               "returned_failure"},
        Return{"paymentId=o6&txId=t6&code=", "o6", "returned_unknown"}}) {
    CAPTURE(one.query);
    CHECK(rig.come_back(one.query).status == 200);
    CHECK(newest(rig, "payment_id") == one.payment_id);
    CHECK(newest(rig, "hint") == one.hint);
  }
  const Answer posted =
      ask(rig.daemon.redirect(),
          post("/payments/complete?lang=ko", "imp_uid=imp_7&merchant_uid=o7&imp_success=false",
               "Application/X-WWW-Form-Urlencoded; Charset=UTF-8"));
  CHECK(posted.status == 200);
  CHECK(newest(rig, "payment_id || hint") == "o7returned_failure");
}

TEST_CASE("messages: a buyer whose success is not approved yet waits") {
  Rig rig;
  rig.daemon.register_order("o1");
  rig.portone.make(
      {{"payment_id", "o1"}, {"version", "v1"}, {"status", "ready"}, {"webhook", false}});
  const std::string query = "imp_uid=&imp_success=true&merchant_uid=o1&error_msg=";
  CHECK(state_in(rig.come_back(query)) == "confirming");
  rig.daemon.send("POST", "/payments/o1/lookup");
  rig.daemon.wait_for("o1", [](const Json& p) { return p.at("result") == "ready"; });
  CHECK(state_in(rig.come_back(query)) == "confirming");
}

TEST_CASE(
    "messages: flows that are no payment have a page of their own, which says if they failed") {
  Settings forward;
  forward.redirect_lines = "mode = \"forward\"\npending_url = \"/wait\"";
  for (const Settings& settings : {Settings{}, forward}) {
    Rig rig(settings);
    struct Flow {
      const char* query;
      const char* title;
    };
    for (const Flow& flow :
         {Flow{"transactionType=ISSUE_BILLING_KEY&billingKey=bk-1", "method registration received"},
          Flow{"transactionType=ISSUE_BILLING_KEY&code=X", "Registering the payment method failed"},
          Flow{"identityVerificationId=i", "Identity verification received"},
          Flow{"transactionType=IDENTITY_VERIFICATION&code=X&message=no",
               "Identity verification failed"},
          Flow{"kcp_action=Register&imp_status=false", "Registering the payment method failed"},
          Flow{"merchant_uid=o1&kcp_action=Register&imp_status=false",
               "Registering the payment method failed"},
          Flow{"kcp_action=Register&imp_status=true", "method registration received"}}) {
      CAPTURE(flow.query);
      const Answer page = rig.come_back(flow.query, {{"Accept-Language", "en"}});
      CHECK(page.status == 200);
      CHECK(page.body.find(flow.title) != std::string::npos);
      CHECK(page.body.find("Done") == std::string::npos);
      CHECK(page.body.find("not found") == std::string::npos);
    }
  }
}

TEST_CASE("messages: HEAD on the return path stores nothing") {
  Rig rig;
  const Answer head =
      ask(rig.daemon.redirect(), {"HEAD", "/payments/complete?imp_uid=imp_1&merchant_uid=o1"});
  CHECK(head.status == 200);
  CHECK(head.header("Content-Type") == "text/html; charset=utf-8");
  CHECK(head.body.empty());
  CHECK(stored_events(rig) == 0);
}

TEST_CASE("messages: a stretch of refused signatures is one warning, until a good one comes") {
  Rig rig;
  const std::string other = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
  for (int i = 0; i < 12; ++i) {
    CHECK(warns(rig, "webhook_signature") == (i >= 5));
    CHECK(rig.deliver(v2_webhook("Transaction.Paid", "p1", "t", {"m", other})).status == 401);
  }
  CHECK(count_in(rig.daemon.log(), "kind=webhook_signature") == 1);
  CHECK(rig.deliver(v2_webhook("Transaction.Paid", "p1", "t", {"m"})).status == 200);
  CHECK_FALSE(warns(rig, "webhook_signature"));
}

TEST_CASE("messages: webhooks for an API that is not configured are a warning") {
  Settings settings;
  settings.v1 = false;
  Rig rig(settings);
  CHECK_FALSE(warns(rig, "webhook_not_configured"));
  CHECK(rig.deliver(v1_webhook("imp_1", "m1", "paid")).status == 503);
  CHECK(rig.deliver(v1_webhook("imp_1", "m1", "paid")).status == 503);
  CHECK(warns(rig, "webhook_not_configured"));
  CHECK(count_in(rig.daemon.log(), "kind=webhook_not_configured") == 1);
}
