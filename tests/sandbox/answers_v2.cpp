#include <nlohmann/json.hpp>

#include "tests/sandbox/answers.h"

namespace reconciled::sandbox {
namespace {

constexpr const char* kMerchantId = "merchant-00000000-0000-4000-8000-000000000000";

Json channel(const Attempt& attempt) {
  const bool paypal = attempt.method == "paypal";
  return Json{{"type", attempt.test ? "TEST" : "LIVE"},
              {"id", attempt.test ? "channel-id-sandbox-test" : "channel-id-sandbox-live"},
              {"key", attempt.test ? "channel-key-00000000-0000-4000-8000-000000000001"
                                   : "channel-key-00000000-0000-4000-8000-000000000000"},
              {"name", "샌드박스"},
              {"pgProvider", paypal ? "PAYPAL_V2" : "TOSSPAYMENTS"},
              {"pgMerchantId", "sandbox_mid"}};
}

Json method(const Attempt& attempt) {
  if (attempt.method == "vbank" && attempt.account) {
    return Json{{"type", "PaymentMethodVirtualAccount"},
                {"bank", "SHINHAN"},
                {"accountNumber", attempt.account->number},
                {"accountType", "NORMAL"},
                {"remitteeName", "샌드박스상점"},
                {"expiredAt", to_text(attempt.account->due_at)},
                {"issuedAt", to_text(attempt.account->issued_at)}};
  }
  if (attempt.method == "trans")
    return Json{{"type", "PaymentMethodTransfer"}, {"bank", "SHINHAN"}};
  if (attempt.method == "paypal") {
    return Json{{"type", "PaymentMethodEasyPay"}, {"provider", "PAYPAL"}};
  }
  return Json{{"type", "PaymentMethodCard"},
              {"card", Json{{"publisher", "SHINHAN_CARD"},
                            {"issuer", "SHINHAN_CARD"},
                            {"brand", "LOCAL"},
                            {"type", "CREDIT"},
                            {"ownerType", "PERSONAL"},
                            {"bin", "510737"},
                            {"name", "신한카드"},
                            {"number", "510737******1234"}}},
              {"approvalNumber", "30012345"},
              {"installment", Json{{"month", 0}, {"isInterestFree", false}}},
              {"pointUsed", false}};
}

Json amount(const Attempt& attempt) {
  const bool paid = attempt.paid_at.has_value();
  return Json{{"total", attempt.amount},
              {"taxFree", 0},
              {"vat", attempt.amount / 11},
              {"supply", attempt.amount - attempt.amount / 11},
              {"discount", 0},
              {"paid", paid ? attempt.amount : 0},
              {"cancelled", attempt.cancelled_amount()},
              {"cancelledTaxFree", 0}};
}

Json origin() { return Json{{"platformType", "PC"}, {"ipAddress", "198.51.100.7"}}; }

Json cancellations(const Attempt& attempt) {
  Json rows = Json::array();
  for (const Cancellation& one : attempt.cancellations) rows.push_back(v2_cancellation(one));
  return rows;
}

Json disputes(const Attempt& attempt) {
  Json rows = Json::array();
  for (const Dispute& one : attempt.disputes) {
    Json row{{"status", one.resolved_at ? "RESOLVED" : "UNRESOLVED"},
             {"pgDisputeId", one.id},
             {"reason", one.reason},
             {"createdAt", to_text(one.created_at)}};
    if (one.resolved_at) row["resolvedAt"] = to_text(*one.resolved_at);
    rows.push_back(std::move(row));
  }
  return rows;
}

// The fields that a Payment and a PaymentTransaction share, behind their ids.
void add_common(Json& body, const Attempt& attempt) {
  body["merchantId"] = kMerchantId;
  body["storeId"] = attempt.shown_store_id;
  const bool has_method = attempt.status != Status::kReady && attempt.status != Status::kFailed;
  if (has_method) body["method"] = method(attempt);
  body["channel"] = channel(attempt);
  body["version"] = attempt.version == Api::kV1 ? "V1" : "V2";
  body["requestedAt"] = to_text(attempt.started_at);
  body["updatedAt"] = to_text(attempt.updated_at);
  body["statusChangedAt"] = to_text(attempt.changed_at);
  body["orderName"] = attempt.order_name;
  body["amount"] = amount(attempt);
  body["currency"] = attempt.currency;
  body["customer"] = Json{{"name", "홍길동"}, {"email", "buyer@example.com"}};
}

void add_status_fields(Json& body, const Attempt& attempt, bool is_transaction) {
  if (attempt.status == Status::kFailed) {
    body["failedAt"] = to_text(attempt.failed_at.value_or(attempt.changed_at));
    body["failure"] = Json{{"reason", attempt.failure_reason},
                           {"pgCode", attempt.failure_code},
                           {"pgMessage", attempt.failure_reason}};
    return;
  }
  if (attempt.status == Status::kReady) return;
  body["pgTxId"] = "sandbox-" + attempt.attempt_id;
  if (attempt.paid_at) body["paidAt"] = to_text(*attempt.paid_at);
  const bool paid = attempt.status == Status::kPaid;
  if (paid && !is_transaction) body["disputes"] = disputes(attempt);
  // PaidPaymentTransaction has no place for a cancellation that is only requested.
  const bool has_place = !paid || !is_transaction;
  if (has_place && !attempt.cancellations.empty()) body["cancellations"] = cancellations(attempt);
  if (attempt.cancelled_at) body["cancelledAt"] = to_text(*attempt.cancelled_at);
}

}  // namespace

Json v2_payment(const Attempt& attempt) {
  Json body{{"status", v2_word(attempt.status)},
            {"id", attempt.payment_id},
            {"transactionId", attempt.attempt_id}};
  add_common(body, attempt);
  body["origin"] = origin();
  add_status_fields(body, attempt, false);
  return body;
}

Json v2_transaction(const Attempt& attempt) {
  Json body{{"status", v2_word(attempt.status)},
            {"id", attempt.attempt_id},
            {"paymentId", attempt.payment_id}};
  add_common(body, attempt);
  add_status_fields(body, attempt, true);
  return body;
}

Json v2_cancellation(const Cancellation& cancellation) {
  Json row{{"status", cancellation.cancelled_at ? "SUCCEEDED" : "REQUESTED"},
           {"id", cancellation.id},
           {"totalAmount", cancellation.amount},
           {"taxFreeAmount", 0},
           {"vatAmount", cancellation.amount / 11},
           {"reason", cancellation.reason},
           {"requestedAt", to_text(cancellation.requested_at)},
           {"trigger", cancellation.trigger}};
  if (cancellation.cancelled_at) row["cancelledAt"] = to_text(*cancellation.cancelled_at);
  return row;
}

Json v2_event(const MoneyEvent& event, const Attempt& attempt) {
  Json body{{"type", event.type},
            {"id", "event-" + std::to_string(event.sequence)},
            {"paymentId", attempt.payment_id},
            {"transactionId", attempt.attempt_id},
            {"merchantId", kMerchantId},
            {"storeId", attempt.shown_store_id},
            {"method", method(attempt)},
            {"channel", channel(attempt)},
            {"version", attempt.version == Api::kV1 ? "V1" : "V2"},
            {"requestedAt", to_text(attempt.started_at)},
            {"createdAt", to_text(event.at)},
            {"orderName", attempt.order_name},
            {"totalAmount", amount(attempt)},
            {"currency", attempt.currency},
            {"customer", Json::object()},
            {"eventAmount", event.amount},
            {"origin", origin()}};
  if (event.type == "PAID") body["disputes"] = disputes(attempt);
  if (event.cancellation) body["cancellation"] = v2_cancellation(*event.cancellation);
  return body;
}

Json v2_webhook(const SentMessage& sent, int max_executions) {
  const Message& message = sent.message;
  Json body{{"id", message.id}};
  // Of a V1 payment's webhooks PortOne tells no more than this.
  if (message.version == Api::kV2) {
    body["paymentStatus"] = v2_word(message.status);
    body["url"] = message.url;
    body["isAsync"] = !message.trigger.empty() && message.trigger != "MANUAL";
  }
  body["currentExecutionCount"] = sent.executions;
  body["maxExecutionCount"] = max_executions;
  if (!message.trigger.empty()) body["trigger"] = message.trigger;
  body["request"] = Json{{"header", "content-type: " + message.content_type},
                         {"body", message.body}};
  body["triggeredAt"] = to_text(message.at);
  if (!sent.last) return body;
  const Delivery& last = *sent.last;
  body["request"]["requestedAt"] = to_text(last.at);
  body["status"] = last.succeeded()            ? "SUCCEEDED"
                   : last.response_status == 0 ? "FAILED_UNEXPECTED_ERROR"
                                               : "FAILED_NOT_OK_RESPONSE";
  if (last.response_status != 0) {
    body["response"] = Json{{"code", std::to_string(last.response_status)},
                            {"header", ""},
                            {"body", last.response_body},
                            {"respondedAt", to_text(last.answered_at)}};
  }
  return body;
}

Json v2_identity(const Identity& identity) {
  const std::string at = to_text(identity.at);
  Json body{{"status", identity.status == "verified" ? "VERIFIED"
                       : identity.status == "failed" ? "FAILED"
                                                     : "READY"},
            {"id", identity.id},
            {"requestedAt", at},
            {"updatedAt", at},
            {"statusChangedAt", at},
            {"version", "V2"}};
  if (identity.status == "verified") {
    body["verifiedCustomer"] = Json{{"name", "홍길동"}};
    body["verifiedAt"] = at;
    body["pgTxId"] = "sandbox-" + identity.id;
    body["pgRawResponse"] = "{}";
  } else {
    body["requestedCustomer"] = Json::object();
    if (identity.status == "failed") body["failure"] = Json{{"reason", "취소"}};
  }
  return body;
}

}  // namespace reconciled::sandbox
