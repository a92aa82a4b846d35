// Drives every recorded message in tests/fixtures/portone.json through the function that reads it,
// and refuses a fixture that no case covers.
#include <doctest/doctest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>

#include "daemon/core/messages/portone_answer.h"
#include "daemon/core/messages/redirect.h"
#include "daemon/core/messages/signature.h"
#include "daemon/core/messages/webhook.h"

using namespace reconciled::core;
using nlohmann::json;

namespace {

const Time kAsked = from_ms(1788240000000);

const json& document() {
  static const json loaded = [] {
    std::ifstream file(RECONCILED_PORTONE_FIXTURES);
    return json::parse(file);
  }();
  return loaded;
}

const json& fixture(std::string_view id) {
  for (const json& item : document().at("fixtures")) {
    if (item.at("id") == id) return item;
  }
  FAIL("no fixture " << id);
  return document();
}

std::string header(const json& item, const char* name) {
  return item.at("request").at("headers").value(name, "");
}

WebhookMessage classified(const std::string& id) {
  const json& item = fixture(id);
  const std::string body = item.at("request").at("body");
  const std::string signature = header(item, "webhook-signature");
  const auto message = classify_webhook(header(item, "content-type"), body, !signature.empty(),
                                        header(item, "webhook-id"));
  REQUIRE_MESSAGE(message.ok(), id);
  CHECK(message.value().needs_signature == !signature.empty());
  CHECK(message.value().event.stored_body == body);
  return message.value();
}

SignatureVerdict verdict(const std::string& id, const std::vector<std::string>& names = {"A"}) {
  const json& item = fixture(id);
  std::vector<std::string> secrets;
  for (const std::string& name : names) secrets.push_back(document()["meta"]["secrets"][name]);
  const std::string webhook_id = header(item, "webhook-id");
  const std::string timestamp = header(item, "webhook-timestamp");
  const std::string signature = header(item, "webhook-signature");
  return SignatureVerifier{secrets}.verify(
      {webhook_id, timestamp, signature}, item.at("request").at("body").get<std::string>(),
      from_ms(item.at("verify_at").get<std::int64_t>() * 1000));
}

Event returned(const std::string& id) {
  const json& request = fixture(id).at("request");
  const std::string target = request.at("target");
  const std::string body = request.at("body");
  return classify_redirect(target.substr(target.find('?') + 1), body);
}

Snapshot answered(const std::string& id) {
  const json& item = fixture(id);
  const json& response = item.at("response");
  const std::string body = response.at("body");
  const auto snapshot = item.at("version") == "v1"
                            ? read_v1_payment(response.at("status"), body, kAsked)
                            : read_v2_payment(response.at("status"), body, kAsked);
  REQUIRE_MESSAGE(snapshot.ok(), id);
  CHECK(snapshot.value().stored_body.find("buyer@example.com") == std::string::npos);
  return snapshot.value();
}

void check_webhook(const std::string& id, EventKind kind, std::optional<Result> status) {
  const Event event = classified(id).event;
  CHECK(event.source == EventSource::kWebhook);
  CHECK(event.kind == kind);
  CHECK(event.status == status);
  CHECK(event.api == (fixture(id).at("version") == "v1" ? Api::kV1 : Api::kV2));
}

void check_signed(const std::string& id, EventKind kind, std::optional<Result> status) {
  CHECK(verdict(id) == SignatureVerdict::kValid);
  check_webhook(id, kind, status);
}

void check_v1_return(const std::string& id, UiState hint) {
  const Event event = returned(id);
  CHECK(event.kind == EventKind::kPayment);
  CHECK(event.api == Api::kV1);
  CHECK(event.hint == hint);
  CHECK(event.attempt_id.has_value());
  CHECK(event.payment_id.has_value());
}

void check_amounts(const Snapshot& snapshot, std::int64_t total, std::int64_t cancelled,
                   const char* currency) {
  CHECK(snapshot.total_amount == total);
  CHECK(snapshot.cancelled_amount == cancelled);
  CHECK(snapshot.currency.code() == currency);
}

void redirect_r1() {
  check_v1_return("r1-v1-classic-success", UiState::kReturnedSuccess);
  const Event event = returned("r1-v1-classic-success");
  CHECK(event.attempt_id->str() == "imp_301847265910");
  CHECK(event.payment_id->str() == "ord-20260901-0001");
}
void redirect_r3() {
  check_v1_return("r3-v1-user-cancel", UiState::kReturnedFailure);
  CHECK(returned("r3-v1-user-cancel").reason_message ==
        fixture("r3-v1-user-cancel")["expect"]["error_msg"].get<std::string>());
  CHECK(returned("r3-v1-user-cancel").reason_code == "F400");
}
void redirect_r11() {
  const Event event = returned("r11-v2-success");
  CHECK(event.kind == EventKind::kPayment);
  CHECK(event.api == Api::kV2);
  CHECK(event.hint == UiState::kReturnedSuccess);
  CHECK(event.payment_id->str() == "pay_20260901_0001");
  CHECK(event.attempt_id->str() == "0198f2c1-6a10-7d3e-9b1c-2f5a7d9e0011");
}
void redirect_r14() {
  const Event event = returned("r14-v2-failure");
  CHECK(event.kind == EventKind::kPayment);
  CHECK(event.hint == UiState::kReturnedFailure);
  CHECK(event.reason_code == "FAILURE_TYPE_PG");
  CHECK(event.reason_message == "사용자가 결제를 취소하였습니다");
}
void redirect_r18() {
  const Event event = returned("r18-v2-identity-verification");
  CHECK(event.kind == EventKind::kIdentityVerification);
  CHECK_FALSE(event.payment_id.has_value());
}

void webhook_w4() {
  check_webhook("w4-v1-cancelled", EventKind::kPayment, Result::kCancelled);
  CHECK(classified("w4-v1-cancelled").event.cancellation_id == "06KR4Z8TQ2YB7M1X9D3E");
}
void webhook_w12() {
  check_signed("w12-v2-paid", EventKind::kPayment, Result::kPaid);
  const Event event = classified("w12-v2-paid").event;
  CHECK(event.payment_id->str() == "pay_20260901_0001");
  CHECK(event.store_id == "store-0f3a6b1e-2c47-4d58-9a10-6f7e8d9c0b1a");
  CHECK(event.said_at == parse_rfc3339("2026-09-01T03:00:04.812Z"));
}
void webhook_w13() {
  check_signed("w13-v2-paid-redelivery", EventKind::kPayment, Result::kPaid);
  CHECK(classified("w13-v2-paid-redelivery").event.dedupe_text ==
        classified("w12-v2-paid").event.dedupe_text);
}
void webhook_w15() {
  const char* const id = "w15-v2-partial-cancelled-rotation";
  check_signed(id, EventKind::kPayment, Result::kPartiallyCancelled);
  CHECK(verdict(id, {"B"}) == SignatureVerdict::kValid);
  CHECK(verdict(id, {"A", "B"}) == SignatureVerdict::kValid);
  CHECK(classified(id).event.dedupe_text != classified("w12-v2-paid").event.dedupe_text);
}
void webhook_w21() {
  CHECK(verdict("w21-v2-tampered") == SignatureVerdict::kNoMatch);
  CHECK(verdict("w21-v2-tampered", {"A", "B"}) == SignatureVerdict::kNoMatch);
  check_webhook("w21-v2-tampered", EventKind::kPayment, Result::kPaid);
}
void webhook_w22() {
  CHECK(verdict("w22-v2-stale") == SignatureVerdict::kTimestampTooOld);
  check_webhook("w22-v2-stale", EventKind::kPayment, Result::kPaid);
}
void webhook_w27() {
  check_signed("w27-v2-old-json", EventKind::kPayment, Result::kPaid);
  CHECK(classified("w27-v2-old-json").event.store_id.empty());
}
void check_confirm(const char* id, const char* amount) {
  const Event event = classified(id).event;
  CHECK(event.source == EventSource::kConfirm);
  CHECK(event.kind == EventKind::kConfirm);
  CHECK(event.asked_amount == amount);
  CHECK(event.payment_id.has_value());
  CHECK(event.attempt_id.has_value());
}
void confirm_c2() {
  CHECK(verdict("c2-v2-confirm") == SignatureVerdict::kValid);
  check_confirm("c2-v2-confirm", "1000");
}

void check_paid(const char* id, std::int64_t total, const char* currency, Channel channel) {
  const Snapshot snapshot = answered(id);
  CHECK(snapshot.result == Result::kPaid);
  check_amounts(snapshot, total, 0, currency);
  CHECK(snapshot.channel == channel);
  CHECK(snapshot.paid_at == parse_rfc3339("2026-09-01T03:00:04Z"));
}
void answer_a3() {
  const Snapshot snapshot = answered("a3-v1-ready-vbank");
  CHECK(snapshot.result == Result::kAwaitingDeposit);
  CHECK(snapshot.virtual_account->number == "56211100000001");
  CHECK(snapshot.virtual_account->due_at == from_v1_seconds(1788447599));
}
void check_partial(const char* id) {
  const Snapshot snapshot = answered(id);
  CHECK(snapshot.result == Result::kPartiallyCancelled);
  check_amounts(snapshot, 64900, 10000, "KRW");
  CHECK(snapshot.chargebacks.empty());
}
void answer_a8() {
  const json& response = fixture("a8-v1-sandbox-hidden")["response"];
  const auto answer =
      read_v1_payment(response["status"], response["body"].get<std::string>(), kAsked);
  REQUIRE_FALSE(answer.ok());
  CHECK(answer.error().fault == AnswerFault::kNotFound);
}
void answer_a12() {
  const json& response = fixture("a12-v1-findall")["response"];
  const auto list = read_v1_list(response["status"], response["body"].get<std::string>(), kAsked);
  REQUIRE(list.ok());
  REQUIRE(list.value().snapshots.size() == 2);
  CHECK(list.value().has_next == false);
  CHECK(list.value().snapshots[0].result == Result::kPaid);
  CHECK(list.value().snapshots[0].attempt_id.str() == "imp_301847265972");
  CHECK(list.value().snapshots[1].result == Result::kFailed);
  CHECK(list.value().snapshots[1].failure_reason == "한도초과");
}
void answer_b5() {
  const Snapshot snapshot = answered("b5-v2-va-issued");
  CHECK(snapshot.result == Result::kAwaitingDeposit);
  CHECK(snapshot.virtual_account->number == "56211100000002");
  CHECK(snapshot.virtual_account->due_at == parse_rfc3339("2026-09-03T14:59:59Z"));
}
void answer_b8() {
  const Snapshot snapshot = answered("b8-v2-failed");
  CHECK(snapshot.result == Result::kFailed);
  CHECK(snapshot.failure_reason == "결제포기");
  CHECK(snapshot.status_at == parse_rfc3339("2026-09-01T03:01:00Z"));
}

using Check = void (*)();
const std::map<std::string, Check>& checks() {
  static const std::map<std::string, Check> all{
      {"r1-v1-classic-success", redirect_r1},
      {"r2-v1-new-sdk-success",
       [] { check_v1_return("r2-v1-new-sdk-success", UiState::kReturnedUnknown); }},
      {"r3-v1-user-cancel", redirect_r3},
      {"r4-v1-false-negative",
       [] { check_v1_return("r4-v1-false-negative", UiState::kReturnedFailure); }},
      {"r6-v1-inicis-trans-ios-post",
       [] { check_v1_return("r6-v1-inicis-trans-ios-post", UiState::kReturnedUnknown); }},
      // The query alone cannot tell a certification from a payment: REST does.
      {"r9-v1-certification",
       [] { check_v1_return("r9-v1-certification", UiState::kReturnedSuccess); }},
      {"r11-v2-success", redirect_r11},
      {"r14-v2-failure", redirect_r14},
      {"r18-v2-identity-verification", redirect_r18},
      {"w1-v1-paid-json",
       [] { check_webhook("w1-v1-paid-json", EventKind::kPayment, Result::kPaid); }},
      {"w2-v1-ready-form",
       [] { check_webhook("w2-v1-ready-form", EventKind::kPayment, Result::kAwaitingDeposit); }},
      {"w4-v1-cancelled", webhook_w4},
      {"w6-v1-late-paid",
       [] { check_webhook("w6-v1-late-paid", EventKind::kPayment, Result::kPaid); }},
      {"w7-v1-console-test-call",
       [] { check_webhook("w7-v1-console-test-call", EventKind::kTestCall, std::nullopt); }},
      {"w8-v1-inicis-escrow",
       [] { check_webhook("w8-v1-inicis-escrow", EventKind::kEscrow, std::nullopt); }},
      {"c1-v1-confirm", [] { check_confirm("c1-v1-confirm", "64900"); }},
      {"w12-v2-paid", webhook_w12},
      {"w13-v2-paid-redelivery", webhook_w13},
      {"w15-v2-partial-cancelled-rotation", webhook_w15},
      {"w18-v2-unknown-type",
       [] { check_signed("w18-v2-unknown-type", EventKind::kUnknown, std::nullopt); }},
      {"w21-v2-tampered", webhook_w21},
      {"w22-v2-stale", webhook_w22},
      {"w27-v2-old-json", webhook_w27},
      {"c2-v2-confirm", confirm_c2},
      {"a2-v1-paid", [] { check_paid("a2-v1-paid", 64900, "KRW", Channel::kLive); }},
      {"a3-v1-ready-vbank", answer_a3},
      {"a6-v1-partial-cancel", [] { check_partial("a6-v1-partial-cancel"); }},
      {"a8-v1-sandbox-hidden", answer_a8},
      {"a12-v1-findall", answer_a12},
      {"b1-v2-paid", [] { check_paid("b1-v2-paid", 64900, "KRW", Channel::kLive); }},
      {"b2-v2-paid-usd", [] { check_paid("b2-v2-paid-usd", 1050, "USD", Channel::kLive); }},
      {"b4-v2-test-channel",
       [] { check_paid("b4-v2-test-channel", 64900, "KRW", Channel::kTest); }},
      {"b5-v2-va-issued", answer_b5},
      {"b8-v2-failed", answer_b8},
      {"b9-v2-partial", [] { check_partial("b9-v2-partial"); }}};
  return all;
}

}  // namespace

TEST_CASE("fixtures: every recorded message is read as expected") {
  std::set<std::string> seen;
  for (const json& item : document().at("fixtures")) {
    const std::string id = item.at("id");
    CAPTURE(id);
    CHECK(seen.insert(id).second);
    const auto check = checks().find(id);
    REQUIRE_MESSAGE(check != checks().end(), "no check covers this fixture");
    check->second();
  }
  CHECK(seen.size() == checks().size());
}
