#include "daemon/core/messages/webhook_record.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "daemon/core/messages/answer_parts.h"
#include "daemon/core/messages/signature.h"
#include "daemon/core/messages/stored_text.h"
#include "daemon/core/words/json.h"
#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

using nlohmann::json;

constexpr const char* kJsonType = "application/json";
constexpr const char* kFormType = "application/x-www-form-urlencoded";

// REST's words and the webhooks' own (dossier §7.17).
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kTypes{
    {{"READY", "Ready"},
     {"VIRTUAL_ACCOUNT_ISSUED", "VirtualAccountIssued"},
     {"PAY_PENDING", "PayPending"},
     {"PAID", "Paid"},
     {"FAILED", "Failed"},
     {"PARTIAL_CANCELLED", "PartialCancelled"},
     {"CANCELLED", "Cancelled"}}};

std::string id_of_made(const RecordedWebhook& webhook) {
  return "msg_" + to_hex(sha256(webhook.about)).substr(0, 32);
}

RecordedWebhook made(Api api, const std::string& payment_id, std::string said, json body,
                     std::string about, PortoneTime at) {
  RecordedWebhook webhook{.api = api, .payment_id = payment_id, .said = std::move(said)};
  webhook.body = write_json(body);
  webhook.content_type = kJsonType;
  webhook.at = at;
  webhook.is_made = true;
  webhook.about = std::move(about);
  webhook.id = id_of_made(webhook);
  return webhook;
}

// --- V1
// --------------------------------------------------------------------------------------------

struct V1Row {
  std::string imp_uid;
  std::string merchant_uid;
};

void add_v1(WebhookPage& page, const V1Row& row, const char* status,
            const std::string& cancellation_id, std::optional<PortoneTime> at) {
  if (!at) return;
  json body{{"imp_uid", row.imp_uid}, {"merchant_uid", row.merchant_uid}, {"status", status}};
  if (!cancellation_id.empty()) body["cancellation_id"] = cancellation_id;
  page.webhooks.push_back(made(Api::kV1, row.merchant_uid, status, std::move(body),
                               join_fields({"v1", row.imp_uid, status, cancellation_id}), *at));
}

// What happened to the payment so far, in its order: V1 sends a webhook for an issued account, for
// money that came, and for each cancel.
void take_v1_row(WebhookPage& page, const json& payment, const Reading& reading) {
  RequiredMembers required{payment, reading.is_repaired};
  const auto merchant_uid = required.id<PaymentId>("merchant_uid");
  const auto imp_uid = required.id<AttemptId>("imp_uid");
  const std::string status = required.text("status");
  if (!required.ok()) {
    page.unreadable.push_back(
        unreadable_row(payment, {"imp_uid", "merchant_uid"}, reading, required.error()));
    return;
  }
  if (bool_member(payment, "sandbox") != true) return;
  const V1Row row{imp_uid->str(), merchant_uid->str()};
  const auto number = text_member(payment, "vbank_num");
  if (text_member(payment, "pay_method") == "vbank" && number && !number->empty()) {
    const auto issued = v1_time_member(payment, "vbank_issued_at");
    add_v1(page, row, "ready", "", issued ? issued : v1_time_member(payment, "started_at"));
  }
  add_v1(page, row, "paid", "", v1_time_member(payment, "paid_at"));
  const json* const history = member(payment, "cancel_history");
  const bool has_history = history != nullptr && history->is_array() && !history->empty();
  if (has_history) {
    for (const json& cancel : *history) {
      add_v1(page, row, "cancelled", clean_member(cancel, "cancellation_id", kMaxIdBytes),
             v1_time_member(cancel, "cancelled_at"));
    }
  } else if (status == "cancelled") {
    add_v1(page, row, "cancelled", "", v1_time_member(payment, "cancelled_at"));
  }
}

// --- V2
// --------------------------------------------------------------------------------------------

std::optional<PortoneTime> time_at(const json& object, std::string_view key) {
  return parse_rfc3339(text_member(object, key).value_or(""));
}

std::string about_v2(std::string_view type, std::string_view transaction_id,
                     std::string_view cancellation_id) {
  return join_fields({"v2", type, transaction_id, cancellation_id});
}

const json& object_at(const json& object, std::string_view key) {
  static const json kNull;
  const json* const value = member(object, key);
  return value == nullptr ? kNull : *value;
}

// What the body says of itself, in whichever form the store has its webhooks (dossier §0).
void classify(RecordedWebhook& webhook) {
  const auto document = parse_json(webhook.body);
  std::string transaction;
  std::string cancellation;
  if (!document) {
    webhook.content_type = kFormType;
    const FormPairs pairs = parse_form(webhook.body);
    webhook.said = form_value(pairs, "status").value_or("");
    transaction = form_value(pairs, "tx_id").value_or("");
  } else {
    webhook.content_type = kJsonType;
    const json& body = document.value();
    const json& data = object_at(body, "data");
    webhook.said = clean_member(body, "type", kMaxWordBytes);
    if (webhook.said.empty()) webhook.said = clean_member(body, "status", kMaxWordBytes);
    transaction = text_member(data, "transactionId").value_or("");
    if (transaction.empty()) transaction = text_member(body, "tx_id").value_or("");
    cancellation = text_member(data, "cancellationId").value_or("");
  }
  if (webhook.said.empty()) webhook.said = "webhook";
  const std::string type =
      webhook.said.starts_with("Transaction.") ? webhook.said : "Transaction." + webhook.said;
  webhook.about = about_v2(type, transaction, cancellation);
}

struct V2Row {
  std::string payment_id;
  std::string transaction_id;
  Api version = Api::kV2;
};

// False where the record holds no body.
bool take_recorded(WebhookPage& page, const json& record, const json& payment, const V2Row& row) {
  const json& request = object_at(record, "request");
  RecordedWebhook webhook{.api = row.version, .payment_id = row.payment_id};
  webhook.id = clean_member(record, "id", kMaxIdBytes);
  webhook.body = text_member(request, "body").value_or("");
  if (webhook.id.empty() || webhook.body.empty()) return false;
  if (webhook.body.size() > kMaxRecordedBytes) {
    page.unreadable.push_back({row.payment_id, "a webhook's body is longer than 64 KiB"});
    return true;
  }
  classify(webhook);
  for (const auto& at : {time_at(record, "triggeredAt"), time_at(request, "requestedAt"),
                         time_at(payment, "statusChangedAt"), time_at(payment, "updatedAt")}) {
    if (!at) continue;
    webhook.at = *at;
    break;
  }
  page.webhooks.push_back(std::move(webhook));
  return true;
}

// As PortOne sends it since 2024-04-25.
void add_v2(WebhookPage& page, const json& payment, const V2Row& row) {
  const std::string status = text_member(payment, "status").value_or("");
  const auto* const known = std::find_if(kTypes.begin(), kTypes.end(),
                                         [&](const auto& type) { return type.first == status; });
  const auto at = time_at(payment, "statusChangedAt");
  if (known == kTypes.end() || !at) return;
  const std::string type = "Transaction." + std::string(known->second);
  json data{{"paymentId", row.payment_id}, {"transactionId", row.transaction_id}};
  if (const auto store_id = text_member(payment, "storeId")) data["storeId"] = *store_id;
  std::string cancellation;
  const json& cancellations = object_at(payment, "cancellations");
  if (cancellations.is_array() && status.ends_with("CANCELLED")) {
    for (const json& one : cancellations) {
      if (text_member(one, "status") != "SUCCEEDED") continue;
      cancellation = clean_member(one, "id", kMaxIdBytes);
    }
    if (!cancellation.empty()) data["cancellationId"] = cancellation;
  }
  json body{{"type", type}, {"timestamp", to_rfc3339(to_time(*at))}, {"data", std::move(data)}};
  page.webhooks.push_back(made(Api::kV2, row.payment_id, type, std::move(body),
                               about_v2(type, row.transaction_id, cancellation), *at));
}

void take_v2_row(WebhookPage& page, const json& payment, const Reading& reading) {
  RequiredMembers required{payment, reading.is_repaired};
  const auto payment_id = required.id<PaymentId>("id");
  const auto transaction_id = required.id<AttemptId>("transactionId");
  if (!required.ok()) {
    page.unreadable.push_back(
        unreadable_row(payment, {"id", "transactionId"}, reading, required.error()));
    return;
  }
  const auto channel = text_member(object_at(payment, "channel"), "type");
  if (channel && *channel != "TEST") return;
  const Api version = text_member(payment, "version") == "V1" ? Api::kV1 : Api::kV2;
  const V2Row row{payment_id->str(), transaction_id->str(), version};
  const json& records = object_at(payment, "webhooks");
  bool has_record = false;
  if (records.is_array()) {
    for (const json& record : records) has_record |= take_recorded(page, record, payment, row);
  }
  if (!has_record && version == Api::kV2) add_v2(page, payment, row);
}

}  // namespace

Outcome<WebhookPage, AnswerError> read_v1_webhooks(int status, std::string_view body) {
  WebhookPage page;
  bool is_repaired = false;
  const auto response = open_v1_answer(status, body, is_repaired);
  if (!response) return response.error();
  if (const auto next = integer_member(response.value(), "next")) page.has_next = *next > 0;
  const json* const list = member(response.value(), "list");
  if (list == nullptr && integer_member(response.value(), "total") == 0) return page;
  if (list == nullptr || !list->is_array()) {
    return AnswerError{AnswerFault::kMalformed, "no list of payments"};
  }
  page.rows = list->size();
  for (auto row = list->rbegin(); row != list->rend(); ++row) {
    take_v1_row(page, *row, {{}, is_repaired});
  }
  return page;
}

Outcome<WebhookPage, AnswerError> read_v2_webhooks(int status, std::string_view body) {
  WebhookPage page;
  bool is_repaired = false;
  const auto answer = open_v2_answer(status, body, is_repaired);
  if (!answer) return answer.error();
  const json* const items = member(answer.value(), "items");
  if (items == nullptr || !items->is_array()) {
    return AnswerError{AnswerFault::kMalformed, "items is no list"};
  }
  page.rows = items->size();
  for (auto row = items->rbegin(); row != items->rend(); ++row) {
    take_v2_row(page, *row, {{}, is_repaired});
  }
  return page;
}

}  // namespace reconciled::core
