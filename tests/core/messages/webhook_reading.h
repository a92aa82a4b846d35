// Shorthands of the tests of core/webhook.h: a body read, refused, or made.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "daemon/core/messages/webhook.h"

namespace reconciled::test {

using namespace reconciled::core;

inline constexpr const char* kJson = "application/json";
inline constexpr const char* kForm = "application/x-www-form-urlencoded";

inline WebhookMessage read(const std::string& body, const char* type = kJson,
                           bool has_signature = false, const char* webhook_id = "") {
  const auto message = classify_webhook(type, body, has_signature, webhook_id);
  REQUIRE_MESSAGE(message.ok(), body);
  return message.value();
}
inline WebhookMessage read_signed(const std::string& body, const char* webhook_id = "msg_1") {
  return read(body, kJson, true, webhook_id);
}
inline WebhookFault fault(const std::string& body, const char* type = kJson,
                          bool has_signature = false) {
  const auto message = classify_webhook(type, body, has_signature, "msg_1");
  REQUIRE_MESSAGE(!message.ok(), body);
  return message.error().fault;
}
inline std::string v1(const std::string& status, const std::string& more = "") {
  return R"({"imp_uid":"imp_1","merchant_uid":"ord-1","status":")" + status + "\"" + more + "}";
}
inline std::string v2(const std::string& type, const std::string& data) {
  return R"({"type":")" + type + R"(","timestamp":"2026-09-01T03:00:04.812Z","data":)" + data + "}";
}
inline constexpr const char* kIds =
    R"({"storeId":"store-1","paymentId":"pay_1","transactionId":"tx_1","cancellationId":"c_1"})";

inline void check_ids(const Event& event, const char* payment, const char* attempt) {
  REQUIRE(event.payment_id.has_value());
  REQUIRE(event.attempt_id.has_value());
  CHECK(event.payment_id->str() == payment);
  CHECK(event.attempt_id->str() == attempt);
}

}  // namespace reconciled::test
