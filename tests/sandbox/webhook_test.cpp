#include <doctest/doctest.h>

#include <set>

#include "daemon/core/words/text.h"
#include "tests/sandbox/support.h"

using namespace reconciled;
using namespace reconciled::sandbox_tests;
using core::SignatureVerdict;

namespace {

const std::vector<std::string> kDefaultSecret{"whsec_AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="};
const std::string kOtherSecret = "whsec_ZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/gIGCg4Q=";

// What V1 or V2 webhooks said, in the order of their arrival.
std::string said(const std::vector<Receiver::Received>& all) {
  std::string text;
  for (const auto& one : all) {
    const Json body = one.json();
    const std::string word =
        body.contains("type") ? body["type"].get<std::string>() : body["status"].get<std::string>();
    text += (text.empty() ? "" : " ") + word.substr(word.find('.') + 1);
  }
  return text;
}

}  // namespace

TEST_CASE("V2 webhooks: every change is announced, in order, signed") {
  Receiver receiver;
  Rig rig({receiver.url()});
  const Json attempt = rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"attempt_id", "tx-1"}});
  for (const char* status : {"pay_pending", "failed", "virtual_account_issued", "paid", "disputed",
                             "dispute_resolved", "cancel_pending", "cancelled"}) {
    rig.move(attempt, {{"status", status}});
  }
  const auto all = receiver.wait_for(9);
  CHECK(said(all) ==
        "Ready PayPending Failed VirtualAccountIssued Paid DisputeCreated DisputeResolved "
        "CancelPending Cancelled");
  std::set<std::string> ids;
  for (const auto& one : all) {
    CHECK(verify(one, kDefaultSecret) == SignatureVerdict::kValid);
    CHECK(verify(one, {kOtherSecret}) == SignatureVerdict::kNoMatch);
    CHECK(one.content_type == "application/json");
    CHECK(one.json()["data"]["paymentId"] == "p1");
    CHECK(one.json()["data"]["transactionId"] == "tx-1");
    CHECK(one.json()["data"].contains("storeId"));
    ids.insert(one.id);
  }
  CHECK(ids.size() == 9);
  CHECK(all[8].json()["data"]["cancellationId"] == all[7].json()["data"]["cancellationId"]);
  CHECK_FALSE(all[4].json()["data"].contains("cancellationId"));
}

TEST_CASE("V2 webhooks: carry a signature of every secret while one is rotated") {
  Receiver receiver;
  sandbox::Options options;
  options.webhook_secrets.push_back(kOtherSecret);
  Rig rig({receiver.url()}, options);
  rig.make({{"payment_id", "p1"}, {"version", "v2"}});
  const auto all = receiver.wait_for(1);
  CHECK(verify(all[0], kDefaultSecret) == SignatureVerdict::kValid);
  CHECK(verify(all[0], {kOtherSecret}) == SignatureVerdict::kValid);
}

TEST_CASE("V1 webhooks: silence for declines and cancels by API, word for the rest") {
  Receiver receiver;
  Rig rig({receiver.url()});
  const Json card = rig.make({{"payment_id", "o1"}, {"attempt_id", "imp_1"}, {"amount", 900}});
  CHECK(card["announced"] == false);
  CHECK(rig.move(card, {{"status", "failed"}})["announced"] == false);
  CHECK(rig.move(card, {{"status", "paid"}})["announced"] == true);
  CHECK(rig.v1("POST", "/payments/cancel", R"({"imp_uid":"imp_1","amount":100})").status == 200);
  CHECK(rig.v1("POST", "/payments/cancel",
               R"({"imp_uid":"imp_1","amount":100,"enable_webhook":true})")
            .status == 200);
  CHECK(rig.move(card, {{"status", "cancelled"}, {"cancel_amount", 100}})["announced"] == true);
  const Json account = rig.make({{"payment_id", "o2"}, {"status", "virtual_account_issued"}});
  CHECK(account["announced"] == true);
  const Json scheduled =
      rig.make({{"payment_id", "o3"}, {"scheduled", true}, {"status", "failed"}});
  CHECK(scheduled["announced"] == true);
  CHECK(rig.make({{"payment_id", "o4"}, {"status", "paid"}, {"webhook", false}})["announced"] ==
        false);
  rig.settle();
  const auto all = receiver.wait_for(5);
  CHECK(all.size() == 5);
  std::multiset<std::string> words;
  for (const auto& one : all) {
    words.insert(one.json()["status"]);
    CHECK(one.id.empty());
    CHECK(one.signature.empty());
    CHECK(one.json().contains("cancellation_id") == (one.json()["status"] == "cancelled"));
  }
  CHECK(words == std::multiset<std::string>{"cancelled", "cancelled", "failed", "paid", "ready"});
}

TEST_CASE("V1 webhooks: are forms where the store is set so") {
  Receiver receiver;
  sandbox::Options options;
  options.v1_webhook_format = "form";
  Rig rig({receiver.url()}, options);
  rig.make({{"payment_id", "주문 1"}, {"attempt_id", "imp_1"}, {"status", "paid"}});
  const auto all = receiver.wait_for(1);
  CHECK(all[0].content_type == "application/x-www-form-urlencoded");
  const core::FormPairs form = core::parse_form(all[0].body);
  CHECK(core::form_value(form, "merchant_uid") == "주문 1");
  CHECK(core::form_value(form, "status") == "paid");
}

TEST_CASE("V2 webhooks: skipWebhook suppresses, the 2024-01-01 form is flat and signed too") {
  Receiver receiver;
  sandbox::Options options;
  options.v2_webhook_version = "2024-01-01";
  Rig rig({receiver.url()}, options);
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"attempt_id", "tx"}, {"status", "paid"}});
  CHECK(rig.v2("POST", "/payments/p1/cancel", R"({"reason":"r","amount":1,"skipWebhook":true})")
            .status == 200);
  CHECK(rig.v2("POST", "/payments/p1/cancel", R"({"reason":"r"})").status == 200);
  rig.settle();
  const auto all = receiver.wait_for(2);
  CHECK(said(all) == "Paid Cancelled");
  CHECK(all[0].json() == Json{{"payment_id", "p1"}, {"tx_id", "tx"}, {"status", "Paid"}});
  CHECK(verify(all[0], kDefaultSecret) == SignatureVerdict::kValid);
}

TEST_CASE("V2 webhooks: are tried five times more, with one id and one body, until a 2xx") {
  Receiver receiver([](std::size_t before) { return before < 5 ? 503 : 200; });
  sandbox::Options options;
  options.webhook_retry = std::chrono::milliseconds(1);
  Rig rig({receiver.url()}, options);
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}});
  const auto all = receiver.wait_for(6);
  rig.settle();
  CHECK(receiver.count() == 6);
  for (const auto& one : all) {
    CHECK(one.id == all[0].id);
    CHECK(one.body == all[0].body);
    CHECK(verify(one, kDefaultSecret) == SignatureVerdict::kValid);
  }
  const Json deliveries = rig.control("GET", "/webhooks")["deliveries"];
  REQUIRE(deliveries.size() == 6);
  CHECK(deliveries[0]["response_status"] == 503);
  CHECK(deliveries[5]["response_status"] == 200);
  CHECK(deliveries[5]["execution"] == 6);
  const Json shown = rig.v2("GET", "/payments/p1").body["webhooks"];
  REQUIRE(shown.size() == 1);
  CHECK(shown[0]["status"] == "SUCCEEDED");
  CHECK(shown[0]["currentExecutionCount"] == 6);
}

TEST_CASE("webhooks: give up after the last try, and V1 after its only one") {
  Receiver receiver([](std::size_t) { return 500; });
  sandbox::Options options;
  options.webhook_retry = std::chrono::milliseconds(0);
  Rig rig({receiver.url()}, options);
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}});
  rig.settle();
  CHECK(receiver.count() == 6);
  rig.make({{"payment_id", "o1"}, {"status", "paid"}});
  rig.settle();
  CHECK(receiver.count() == 7);
}

TEST_CASE("resend-webhook: sends the newest message again under its id, or 404") {
  Receiver receiver;
  Rig rig({receiver.url()});
  rig.make({{"payment_id", "p0"}, {"version", "v2"}, {"webhook", false}});
  CHECK(rig.v2("POST", "/payments/p0/resend-webhook", "{}").body["type"] == "WEBHOOK_NOT_FOUND");
  CHECK(rig.v2("POST", "/payments/p9/resend-webhook", "{}").body["type"] == "PAYMENT_NOT_FOUND");
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}});
  const std::string id = receiver.wait_for(1)[0].id;
  rig.settle();
  const Answer again = rig.v2("POST", "/payments/p1/resend-webhook", "{}");
  CHECK(again.status == 200);
  CHECK(again.body["webhook"]["id"] == id);
  CHECK(receiver.wait_for(2)[1].id == id);
}

TEST_CASE("webhooks/send: copies, types, ids and missing signatures on demand") {
  Receiver receiver([](std::size_t before) { return before == 1 ? 418 : 200; });
  Rig rig({receiver.url()});
  const Json attempt =
      rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}, {"webhook", false}});
  const Json sent = rig.control("POST", "/webhooks/send",
                                {{"attempt_id", attempt["attempt_id"]},
                                 {"copies", 2},
                                 {"type", "Transaction.SomethingNew"},
                                 {"webhook_id", "msg_1"}});
  CHECK(sent["deliveries"][0]["response_status"] == 200);
  CHECK(sent["deliveries"][1]["response_status"] == 418);
  rig.control("POST", "/webhooks/send",
              {{"attempt_id", attempt["attempt_id"]}, {"unsigned", true}, {"status", "Failed"}});
  const auto all = receiver.wait_for(3);
  CHECK(said(all) == "SomethingNew SomethingNew Failed");
  CHECK(all[1].id == "msg_1");
  CHECK(verify(all[1], kDefaultSecret) == SignatureVerdict::kValid);
  CHECK(all[2].signature.empty());
  rig.control("POST", "/webhooks/raw", {{"body", "{\"type\":\"BillingKey.Issued\"}"}});
  CHECK(verify(receiver.wait_for(4)[3], kDefaultSecret) == SignatureVerdict::kValid);
}

TEST_CASE("webhooks/target: later messages go to the new URLs") {
  Receiver old_receiver;
  Receiver first;
  Receiver second;
  Rig rig({old_receiver.url()});
  rig.control("PUT", "/webhooks/target", {{"urls", {first.url(), second.url()}}});
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}});
  CHECK(first.wait_for(1)[0].id != second.wait_for(1)[0].id);
  CHECK(old_receiver.count() == 0);
}

TEST_CASE("webhooks/send: signed by another secret, by two, or at another time") {
  Receiver receiver;
  Rig rig({receiver.url()});
  const Json attempt =
      rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}, {"webhook", false}});
  const auto send = [&](Json body) {
    body["attempt_id"] = attempt["attempt_id"];
    rig.control("POST", "/webhooks/send", body);
  };
  send({{"secrets", kOtherSecret}});
  send({{"secrets", {kOtherSecret, kDefaultSecret[0]}}});
  send({{"timestamp_shift_s", -600}});
  send({{"webhook_id", std::string(300, 'm')}});
  const auto all = receiver.wait_for(4);
  CHECK(verify(all[0], kDefaultSecret) == SignatureVerdict::kNoMatch);
  CHECK(verify(all[0], {kOtherSecret}) == SignatureVerdict::kValid);
  CHECK(verify(all[1], kDefaultSecret) == SignatureVerdict::kValid);
  CHECK(verify(all[1], {kOtherSecret}) == SignatureVerdict::kValid);
  CHECK(verify(all[2], kDefaultSecret) != SignatureVerdict::kValid);
  CHECK(std::stoll(all[2].timestamp) + 500 < std::stoll(all[1].timestamp));
  CHECK(all[3].id.size() == 300);
}

TEST_CASE("webhooks/send: members of another kind, broken bytes and labels that lie") {
  Receiver receiver;
  Rig rig({receiver.url()});
  const Json attempt = rig.make(
      {{"payment_id", "o1"}, {"attempt_id", "imp_1"}, {"status", "paid"}, {"webhook", false}});
  const std::string form = "application/x-www-form-urlencoded";
  const auto send = [&](Json body) {
    body["attempt_id"] = "imp_1";
    rig.control("POST", "/webhooks/send", body);
    return receiver.wait_for(receiver.count()).back();
  };
  const auto number = send({{"merge", {{"merchant_uid", 20261125}, {"status", nullptr}}}});
  CHECK(number.body == R"({"imp_uid":"imp_1","merchant_uid":20261125})");
  const auto as_form = send({{"content_type", form}});
  CHECK(as_form.content_type == form);
  CHECK(as_form.json()["merchant_uid"] == "o1");
  const auto as_json = send({{"format", "form"}, {"content_type", "application/json"}});
  CHECK(as_json.content_type == "application/json");
  CHECK(as_json.body == "imp_uid=imp_1&merchant_uid=o1&status=paid");
  const auto euc_kr = send({{"format", "form"}, {"member", "merchant_uid"}, {"raw_hex", "c1d6"}});
  CHECK(euc_kr.body == "imp_uid=imp_1&merchant_uid=%C1%D6&status=paid");
  CHECK(send({{"member", "merchant_uid"}, {"raw_hex", "c1d6"}}).body ==
        "{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"\xc1\xd6\",\"status\":\"paid\"}");
  const auto merged = send({{"format", "form"}, {"merge", {{"status", nullptr}, {"extra", 1}}}});
  CHECK(merged.body == "imp_uid=imp_1&merchant_uid=o1&extra=1");
  rig.control("POST", "/webhooks/raw",
              {{"body_hex", "613dc1d6"}, {"content_type", form}, {"unsigned", true}});
  CHECK(receiver.wait_for(7)[6].body == "a=\xc1\xd6");
  Receiver other;
  rig.control("POST", "/webhooks/raw", {{"body", "{}"}, {"url", other.url()}});
  CHECK(verify(other.wait_for(1)[0], kDefaultSecret) == SignatureVerdict::kValid);
  CHECK(receiver.count() == 7);
  CHECK(rig.call("POST", "/sandbox/webhooks/send", R"({"attempt_id":"imp_1","secrets":"?"})")
            .status == 400);
}

TEST_CASE("faults: a sandbox that signs with another secret is right again at the next try") {
  Receiver receiver([](std::size_t before) { return before == 0 ? 401 : 200; });
  sandbox::Options options;
  options.webhook_retry = std::chrono::milliseconds(500);
  Rig rig({receiver.url()}, options);
  rig.control("PUT", "/faults",
              {{"webhooks", {{"secrets", kOtherSecret}, {"content_type", "text/plain"}}}});
  rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "paid"}});
  CHECK(verify(receiver.wait_for(1)[0], {kOtherSecret}) == SignatureVerdict::kValid);
  rig.control("DELETE", "/faults");
  const auto all = receiver.wait_for(2);
  CHECK(all[0].content_type == "text/plain");
  CHECK(verify(all[1], kDefaultSecret) == SignatureVerdict::kValid);
  CHECK(all[1].id == all[0].id);
}

TEST_CASE("faults: webhooks of one payment are lost, for a count of them") {
  Receiver receiver;
  Rig rig({receiver.url()});
  rig.control("PUT", "/faults",
              {{"webhooks", {{"mode", "lost"}, {"payment", "p1"}, {"count", 1}}}});
  const Json attempt = rig.make({{"payment_id", "p1"}, {"version", "v2"}, {"status", "failed"}});
  rig.make({{"payment_id", "p2"}, {"version", "v2"}, {"status", "failed"}});
  receiver.wait_for(1);
  rig.move(attempt, {{"status", "paid"}});
  CHECK(said(receiver.wait_for(2)) == "Failed Paid");
}
