#include "tests/bench/messages.h"

#include <chrono>
#include <ctime>

#include "daemon/core/messages/signature.h"
#include "daemon/core/words/time.h"
#include "tests/e2e/sandbox_process.h"

namespace reconciled::bench {
namespace {

std::string head(const Wire& wire, const std::string& method, const std::string& target) {
  return method + " " + target + " HTTP/1.1\r\nHost: " + wire.address +
         (wire.keep_alive ? "\r\n" : "\r\nConnection: close\r\n");
}

std::string with_body(std::string head, const std::string& body) {
  return std::move(head) +
         "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

std::string signed_post(const Wire& wire, const std::string& target, const std::string& webhook_id,
                        const std::string& body) {
  static const std::string key = core::decode_webhook_secret(e2e::SandboxProcess::kSecret).value();
  const std::string timestamp = std::to_string(std::time(nullptr));
  return with_body(head(wire, "POST", target) +
                       "User-Agent: PortOne/webhook\r\nwebhook-id: " + webhook_id +
                       "\r\nwebhook-timestamp: " + timestamp + "\r\nwebhook-signature: " +
                       core::sign_webhook(key, webhook_id, timestamp, body) + "\r\n",
                   body);
}

}  // namespace

std::string IdMill::hex(std::size_t digits) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (i % 16 == 0) bits = random_();
    text += kDigits[bits & 15U];
    bits >>= 4U;
  }
  return text;
}

Ids IdMill::make() {
  const auto uuid = [this] {
    return hex(8) + "-" + hex(4) + "-4" + hex(3) + "-a" + hex(3) + "-" + hex(12);
  };
  return {uuid(), uuid()};
}

Ids IdMill::make_v1() {
  return {"order-" + hex(16),
          "imp_" + std::to_string(100'000'000'000 + random_() % 900'000'000'000)};
}

std::string v2_body(const Ids& ids) {
  const auto now =
      std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
  return R"({"type":"Transaction.Paid","timestamp":")" + core::to_rfc3339(now) +
         R"(","data":{"storeId":")" + e2e::SandboxProcess::kStoreId + R"(","paymentId":")" +
         ids.payment_id + R"(","transactionId":")" + ids.attempt_id + R"("}})";
}

std::string v2_request(const Wire& wire, const Ids& ids, const std::string& webhook_id) {
  return signed_post(wire, "/webhooks/portone", webhook_id, v2_body(ids));
}

std::string confirm_request(const std::string& api, const Wire& wire, const Ids& ids) {
  const char* const path = "/confirm/portone";
  if (api == "v1") {
    return with_body(head(wire, "POST", path), R"({"imp_uid":")" + ids.attempt_id +
                                                   R"(","merchant_uid":")" + ids.payment_id +
                                                   R"(","amount":10000})");
  }
  return signed_post(wire, path, "msg_" + ids.attempt_id,
                     R"({"type":"Transaction.Confirm","timestamp":"2026-01-02T03:04:05Z","data":)"
                     R"({"paymentId":")" +
                         ids.payment_id + R"(","transactionId":")" + ids.attempt_id +
                         R"(","totalAmount":10000}})");
}

std::string v1_request(const Wire& wire, const Ids& ids) {
  return with_body(head(wire, "POST", "/webhooks/portone"),
                   R"({"imp_uid":")" + ids.attempt_id + R"(","merchant_uid":")" + ids.payment_id +
                       R"(","status":"paid"})");
}

std::string redirect_request(const Wire& wire, const Ids& ids) {
  return head(wire, "GET",
              "/payments/complete?paymentId=" + ids.payment_id + "&transactionId=" +
                  ids.attempt_id + "&transactionType=PAYMENT&txId=" + ids.attempt_id) +
         "Accept: text/html\r\nAccept-Language: ko\r\n\r\n";
}

std::string json_request(const Wire& wire, const std::string& method, const std::string& target,
                         const std::string& body) {
  if (body.empty()) return head(wire, method, target) + "\r\n";
  return with_body(head(wire, method, target), body);
}

std::string_view Belt::next() {
  if (at_ == requests_.size()) {
    if (!repeats_ || requests_.empty()) return {};
    at_ = 0;
  }
  return requests_[at_++];
}

}  // namespace reconciled::bench
