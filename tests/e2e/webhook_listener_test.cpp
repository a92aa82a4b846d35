// What the webhook listener answers to the genuine, the forged and the malformed.
#include <doctest/doctest.h>

#include <map>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

constexpr const char* kOtherSecret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";

Call paid(const std::string& id, SignedHeaders headers = {}) {
  if (headers.id == "msg_1") headers.id = "msg_" + id;
  return v2_webhook("Transaction.Paid", id, "tx-" + id, headers);
}

void set_header(Call& call, const std::string& name, const std::string& value) {
  for (auto& header : call.headers) {
    if (header.first == name) header.second = value;
  }
}

void drop_header(Call& call, const std::string& name) {
  std::erase_if(call.headers, [&](const auto& header) { return header.first == name; });
}

// One line of text; nothing of secrets or internals.
void check_line(const Answer& answer, int status) {
  CHECK(answer.status == status);
  CHECK(answer.body.find('\n') == answer.body.size() - 1);
  CHECK(answer.body.find("sandbox") == std::string::npos);
  if (status == 503) CHECK(!answer.header("Retry-After").empty());
}

int stored_events(const Rig& rig) {
  return std::stoi(rig.daemon.sqlite("SELECT count(*) FROM event"));
}

// The refused deliveries; they are written behind their answers.
Json wait_for_rejected(const Rig& rig, std::size_t count) {
  Json rejected;
  wait_until("refused deliveries are listed", [&] {
    rejected = rig.daemon.get("/rejected").json().at("rejected");
    return rejected.size() >= count;
  });
  return rejected;
}

}  // namespace

TEST_CASE("webhook: every message that PortOne may send is acknowledged and stored") {
  Rig rig;
  const Json unknown{{"type", "Transaction.Invented"}, {"data", {{"paymentId", "p"}}}};
  const Json strange{{"weather", "fine"}};
  const std::vector<std::pair<const char*, Call>> messages{
      {"an unknown type", signed_call(unknown, {"m1"})},
      {"signed JSON about nothing", signed_call(strange, {"m2"})},
      {"a billing key", signed_call({{"type", "BillingKey.Issued"},
                                     {"timestamp", "2026-01-02T03:04:05Z"},
                                     {"data", {{"storeId", "s"}, {"billingKey", "billing-key-1"}}}},
                                    {"m3"})},
      {"a V1 test call", v1_webhook("imp_1234567890", "merchant_1234567890", "ready")},
      {"empty ids", v1_webhook("", "", "paid")},
      {"an unsigned tax invoice",
       {"POST",
        "/webhooks/portone",
        R"({"type":"TaxInvoice.Issued","timestamp":"2026-01-02T03:04:05Z","data":{}})",
        {{"Content-Type", "application/json"}}}},
      {"an escrow event",
       {"POST",
        "/webhooks/portone",
        R"({"imp_uid":"imp_1","merchant_uid":"m1","status":"paid","event":"Inicis.Escrow.Changed",)"
        R"("extra":{"escrow_status":"3","changed_at":1}})",
        {{"Content-Type", "application/json"}}}},
      {"a V1 form",
       {"POST",
        "/webhooks/portone",
        "imp_uid=imp_2&merchant_uid=m2&status=paid",
        {{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"}}}},
  };
  int expected = 0;
  for (const auto& [name, call] : messages) {
    CAPTURE(name);
    check_line(rig.deliver(call), 200);
    CHECK(stored_events(rig) == ++expected);
    check_line(rig.deliver(call), 200);  // a copy
    CHECK(stored_events(rig) == expected);
  }
  rig.daemon.wait_for_empty_inbox();
  CHECK(rig.daemon.get("/payments?deliverable=true").json().at("payments").empty());
}

TEST_CASE("webhook: what is no message is refused with its status, and kept for people") {
  Rig rig;
  const std::string json = "application/json";
  const std::string target = "/webhooks/portone";
  const std::string big = R"({"imp_uid":")" + std::string(70'000, 'x') + "\"}";
  check_line(ask(rig.daemon.webhook(), {"POST", target, "{", {{"Content-Type", json}}}), 400);
  check_line(ask(rig.daemon.webhook(), {"POST", target, "[]", {{"Content-Type", json}}}), 400);
  check_line(ask(rig.daemon.webhook(), {"POST", target, "", {{"Content-Type", json}}}), 400);
  check_line(ask(rig.daemon.webhook(), {"POST", target, R"({"a":1})", {{"Content-Type", json}}}),
             400);
  check_line(ask(rig.daemon.webhook(), {"POST", target, "<a/>", {{"Content-Type", "text/xml"}}}),
             415);
  check_line(ask(rig.daemon.webhook(), {"GET", target}), 405);
  CHECK(ask(rig.daemon.webhook(), {"GET", target}).header("Allow").find("POST") !=
        std::string::npos);
  check_line(ask(rig.daemon.webhook(), {"PUT", target, "{}", {{"Content-Type", json}}}), 405);
  check_line(ask(rig.daemon.webhook(), {"POST", target, big, {{"Content-Type", json}}}), 413);
  const std::string head = "POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Type: " + json;
  check_line(ask_raw(rig.daemon.webhook(), head + "\r\n\r\n"), 411);
  check_line(ask(rig.daemon.webhook(), {"POST", "/", "{}", {{"Content-Type", json}}}), 404);
  CHECK(stored_events(rig) == 0);

  check_line(ask_raw(rig.daemon.webhook(), "NONSENSE\r\n\r\n"), 400);
  check_line(ask_raw(rig.daemon.webhook(), "GET /" + std::string(9'000, 'a') + " HTTP/1.1\r\n"),
             414);
  check_line(
      ask_raw(rig.daemon.webhook(), head + "\r\nX: " + std::string(20'000, 'a') + "\r\n\r\n"), 431);
  check_line(ask(rig.daemon.webhook(),
                 {"POST", target, "{}", {{"Content-Type", json}, {"Content-Encoding", "gzip"}}}),
             415);

  std::map<int, int> statuses;
  const Json rejected = wait_for_rejected(rig, 15);
  for (const Json& row : rejected) ++statuses[row.at("status").get<int>()];
  CHECK(statuses ==
        std::map<int, int>{
            {400, 5}, {404, 1}, {405, 3}, {411, 1}, {413, 1}, {414, 1}, {415, 2}, {431, 1}});
  CHECK(rig.daemon.get("/metrics").body.find("outcome=\"malformed\",source=\"webhook\"} 15\n") !=
        std::string::npos);
  CHECK(rejected[0].at("remote_ip") == "127.0.0.1");
  CHECK(rejected[0].at("path") == target);
  CHECK(rejected[0].at("body_sha256").get<std::string>().size() == 64);
  CHECK(rig.daemon.get("/rejected?limit=2").json().at("rejected").size() == 2);
}

TEST_CASE("webhook: a V2 signature that is missing, wrong, old or ambiguous is refused") {
  Rig rig;
  rig.daemon.register_order("p");
  rig.portone.make(
      {{"payment_id", "p"}, {"version", "v2"}, {"attempt_id", "tx-p"}, {"webhook", false}});
  std::vector<Call> refused;
  refused.push_back(paid("p", {"msg_p", kOtherSecret}));
  refused.push_back(paid("p", {"msg_p", SandboxProcess::kSecret, 330}));
  refused.push_back(paid("p", {"msg_p", SandboxProcess::kSecret, -330}));
  for (const char* name : {"webhook-id", "webhook-timestamp", "webhook-signature"}) {
    refused.push_back(paid("p"));
    drop_header(refused.back(), name);
    refused.push_back(paid("p"));
    const auto headers = refused.back().headers;
    for (const auto& [key, value] : headers) {
      if (key == name) refused.back().headers.emplace_back(key, value);
    }
    refused.push_back(paid("p"));
    set_header(refused.back(), name, "");
  }
  refused.push_back(paid("p"));
  refused.back().body += " ";
  refused.push_back(paid("p"));
  set_header(refused.back(), "webhook-signature", "v2,AAAA v1,%%% v1");
  refused.push_back(paid("p"));
  refused.back().headers.resize(1);  // no signature at all
  for (std::size_t i = 0; i < refused.size(); ++i) {
    CAPTURE(i);
    check_line(rig.deliver(refused[i]), 401);
  }
  CHECK(stored_events(rig) == 0);
  CHECK(wait_for_rejected(rig, refused.size()).size() == refused.size());
  CHECK(rig.daemon.payment("p").at("webhook_status") == "none");
  // Inside of the tolerance, and beside signatures of others.
  check_line(rig.deliver(paid("p", {"msg_p", SandboxProcess::kSecret, 240})), 200);
  Call several = paid("q");
  set_header(several, "webhook-signature", "v2,AAAA v1,AAAA " + several.headers.back().second);
  check_line(rig.deliver(several), 200);
}

TEST_CASE("webhook: while a secret is rotated either is good") {
  Settings settings;
  settings.v2_lines = "store_id = \"" + std::string(SandboxProcess::kStoreId) +
                      "\"\nwebhook_secrets = [\"" + kOtherSecret + "\", \"" +
                      SandboxProcess::kSecret + "\"]";
  Rig rig(settings);
  check_line(rig.deliver(paid("a", {"m1", SandboxProcess::kSecret})), 200);
  check_line(rig.deliver(paid("b", {"m2", kOtherSecret})), 200);
  check_line(rig.deliver(paid("c", {"m3", "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"})), 401);
}

TEST_CASE("webhook: an API version that is not configured answers 503 with Retry-After") {
  for (const std::string& version : kVersions) {
    CAPTURE(version);
    Settings settings;
    settings.v1 = version == "v1";
    settings.v2 = version == "v2";
    Rig rig(settings);
    const Call v1 = v1_webhook("imp_1", "m1", "paid");
    check_line(rig.deliver(v1), version == "v1" ? 200 : 503);
    check_line(rig.deliver(paid("p")), version == "v2" ? 200 : 503);
    CHECK(wait_for_rejected(rig, 1)[0].at("status") == 503);
  }
}

TEST_CASE("webhook: with enforce only PortOne's addresses may deliver, also behind a proxy") {
  Settings settings;
  settings.webhook_lines = "source_ips = [\"52.78.5.241\"]\nsource_ip_policy = \"enforce\"";
  Rig rig(settings);
  Call call = v1_webhook("imp_1", "m1", "paid");
  check_line(rig.deliver(call), 403);
  call.headers.emplace_back("X-Forwarded-For", "52.78.5.241, 10.0.0.1");
  check_line(rig.deliver(call), 403);
  set_header(call, "X-Forwarded-For", "10.0.0.1, 52.78.5.241");
  check_line(rig.deliver(call), 200);
  const Json events = rig.daemon.get("/events").json().at("events");
  REQUIRE(events.size() == 1);
  CHECK(events[0].at("remote_ip") == "52.78.5.241");
  CHECK(events[0].at("known_source") == true);
  const Json rejected = wait_for_rejected(rig, 2);
  CHECK(rejected[0].at("status") == 403);
  CHECK(rejected[0].at("remote_ip") == "10.0.0.1");
}

TEST_CASE("webhook: of the headers an allow-list is stored, and tokens are cut out of bodies") {
  Rig rig;
  Call call = signed_call(
      {{"type", "Transaction.Paid"},
       {"timestamp", "2026-01-02T03:04:05Z"},
       {"data",
        {{"paymentId", "p"}, {"transactionId", "t"}, {"paymentToken", "token-of-the-buyer"}}}});
  for (const char* name : {"Cookie", "Authorization", "Referer", "X-Other"}) {
    call.headers.emplace_back(name, "do-not-keep-me");
  }
  call.headers.emplace_back("User-Agent", "PortOne/1");
  rig.acknowledged(call);
  CHECK(rig.come_back("paymentId=p&paymentToken=token-of-the-buyer",
                      {{"Cookie", "do-not-keep-me"}, {"Referer", "do-not-keep-me"}})
            .status == 200);
  rig.daemon.wait_for_empty_inbox();
  const Json event = rig.daemon.get("/events/1").json();
  CHECK(event.at("headers").at("user-agent") == "PortOne/1");
  CHECK(event.at("body").is_string());
  const std::string dump =
      run({{"sqlite3", "file:" + rig.daemon.database_path() + "?mode=ro", ".dump"}}).out;
  CHECK(dump.find("PortOne/1") != std::string::npos);
  CHECK(dump.find("do-not-keep-me") == std::string::npos);
  CHECK(dump.find("token-of-the-buyer") == std::string::npos);
}
