// The JSON of interface §6, member by member.
#include "daemon/views/view_json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace reconciled;
using Json = nlohmann::ordered_json;

namespace {

const core::Time kAt = core::from_ms(1'795'000'000'123);
const std::string kText = core::to_rfc3339(kAt);
const core::PaymentId kPayment = core::PaymentId::trusted("ord-1");

storage::PaymentView paid() {
  storage::PaymentView view{.payment_id = kPayment};
  view.result = core::Result::kPaid;
  view.authority = core::Authority::kWebhook;
  view.deliverable = true;
  view.ui_state = core::UiState::kReturnedSuccess;
  view.webhook_status = core::Result::kPaid;
  view.currency = core::Currency::make("KRW");
  view.expected_amount = view.total_amount = 64'900;
  view.cancelled_amount = 0;
  view.created_at = view.updated_at = kAt;
  view.decided_at = kAt;
  view.version = 3;
  return view;
}

std::vector<std::string> keys(const Json& json) {
  std::vector<std::string> names;
  for (const auto& [key, value] : json.items()) names.push_back(key);
  return names;
}
using Keys = std::vector<std::string>;

}  // namespace

TEST_CASE("view json: a payment is spelled as the interface says") {
  CHECK(to_json(paid()) ==
        Json::parse(R"({"payment_id":"ord-1","result":"paid","authority":"webhook",
          "deliverable":true,"unverified":false,"ui_state":"returned_success",
          "webhook_status":"paid","currency":"KRW","expected_amount":64900,
          "total_amount":64900,"cancelled_amount":0,"created_at":")" +
                    kText + R"(","updated_at":")" + kText + R"(","decided_at":")" + kText +
                    R"(","next_lookup_at":null,"asking_ended_at":null,"version":3})"));
}

TEST_CASE("view json: what is not known is null, never left out") {
  storage::PaymentView view{.payment_id = kPayment};
  const Json json = to_json(view);
  CHECK(keys(json) == keys(to_json(paid())));
  for (const char* key : {"authority", "currency", "expected_amount", "total_amount",
                          "cancelled_amount", "decided_at", "next_lookup_at"}) {
    CHECK(json.at(key).is_null());
  }
  CHECK(json.at("result") == "none");
}

TEST_CASE("view json: a payment comes with attempts, findings and, where asked for, its story") {
  storage::PaymentDetail detail{paid(), {}, {}, {}};
  detail.attempts.push_back({.attempt_id = core::AttemptId::trusted("imp_1"),
                             .api = core::Api::kV1,
                             .result = core::Result::kPaid,
                             .total_amount = 64'900,
                             .pg_provider = "nice",
                             .method = "card",
                             .updated_at = kAt});
  detail.timeline.push_back({kAt, "transition", 12, "result paid", "none", "paid"});
  detail.timeline.push_back({kAt, "event", 13, "webhook paid", std::nullopt, std::nullopt});
  detail.findings.push_back(
      {1, kPayment, core::FindingKind::kLateApproval, true, "why", kAt, std::nullopt, ""});
  const Json json = to_json(detail, true);
  const Json& attempt = json.at("attempts").at(0);
  for (const char* key : {"attempt_id", "api", "result", "total_amount", "pg_provider", "method",
                          "virtual_account", "updated_at"}) {
    CHECK(attempt.contains(key));
  }
  CHECK(attempt.at("virtual_account").is_null());
  CHECK(attempt.at("api") == "v1");
  CHECK(json.at("timeline").at(0) == Json::parse(R"({"at":")" + kText +
                                                 R"(","kind":"transition","id":12,
          "summary":"result paid","from":"none","to":"paid"})"));
  CHECK(keys(json.at("timeline").at(1)) == Keys{"at", "kind", "id", "summary"});
  const Json& finding = json.at("findings").at(0);
  CHECK(finding.at("id") == 1);
  CHECK(finding.at("kind") == "late_approval");
  CHECK(finding.at("open") == true);
  CHECK(finding.at("detail") == "why");
  CHECK(finding.at("opened_at") == kText);
  CHECK_FALSE(to_json(detail, false).contains("timeline"));
}

TEST_CASE("view json: a virtual account tells bank, number, holder and when it is due") {
  storage::PaymentDetail detail{paid(), {}, {}, {}};
  detail.attempts.push_back({.attempt_id = core::AttemptId::trusted("imp_1"),
                             .api = core::Api::kV1,
                             .result = core::Result::kAwaitingDeposit});
  detail.attempts[0].virtual_account =
      core::VirtualAccount{"KB", "123", "", core::PortoneTime(kAt)};
  CHECK(to_json(detail, false).at("attempts").at(0).at("virtual_account") ==
        Json::parse(R"({"bank":"KB","number":"123","holder":null,"due_at":")" + kText + R"("})"));
}

TEST_CASE("view json: headers and body of an event only where they were read") {
  storage::EventView view{};
  view.source = core::EventSource::kWebhook;
  view.kind = core::EventKind::kPayment;
  CHECK_FALSE(to_json(view).contains("body"));
  CHECK_FALSE(to_json(view).contains("headers"));
  view.body = "{\"a\":1}";
  view.headers_json = R"({"user-agent":"x"})";
  CHECK(to_json(view).at("body") == "{\"a\":1}");
  CHECK(to_json(view).at("headers").at("user-agent") == "x");
}

TEST_CASE("view json: broken UTF-8 is mended, never thrown on") {
  storage::RejectedDelivery delivery;
  delivery.path = "/x\xff";
  const std::string line = dump_json(to_json(delivery));
  CHECK(Json::accept(line));
  CHECK(line.back() == '\n');
  CHECK(line.find('\n') == line.size() - 1);
}

TEST_CASE("view json: errors have a code and a message") {
  CHECK(Json::parse(error_json("not_found", "no \"such\" payment")) ==
        Json::parse(R"({"error":{"code":"not_found","message":"no \"such\" payment"}})"));
}

TEST_CASE("view json: an order") {
  const Json json = to_json(kPayment, {.amount = 1'050,
                                       .currency = *core::Currency::make("USD"),
                                       .name = "socks",
                                       .registered_at = kAt},
                            {{core::Api::kV1, core::PreregistrationState::kDone, "", kAt, {}},
                             {core::Api::kV2, core::PreregistrationState::kPending, "away", kAt, kAt}});
  CHECK(json == Json::parse(R"({"payment_id":"ord-1","amount":1050,"currency":"USD",
                                "name":"socks","registered_at":")" +
                            kText + R"(","preregistered":{)" +
                            R"("v1":{"state":"done","detail":null,"at":")" + kText +
                            R"(","next_at":null},"v2":{"state":"pending","detail":"away","at":")" +
                            kText + R"(","next_at":")" + kText + R"("}}})"));
}
