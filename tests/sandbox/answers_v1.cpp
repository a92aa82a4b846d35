#include <nlohmann/json.hpp>

#include "daemon/core/words/money.h"
#include "tests/sandbox/answers.h"

namespace reconciled::sandbox {
namespace {

Json seconds_or_zero(const std::optional<PortoneTime>& time) {
  return time ? to_seconds(*time) : 0;
}

Json text_or_null(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

std::string pg_tid(const Attempt& attempt) { return "SANDBOX" + attempt.attempt_id; }

Json history(const Attempt& attempt) {
  Json rows = Json::array();
  for (const Cancellation& one : attempt.cancellations) {
    if (!one.cancelled_at) continue;  // V1 shows a cancel only when it is done
    rows.push_back(Json{{"pg_tid", pg_tid(attempt)},
                        {"amount", v1_amount(one.amount, attempt.currency)},
                        {"cancelled_at", to_seconds(*one.cancelled_at)},
                        {"reason", one.reason},
                        {"cancellation_id", one.id},
                        {"receipt_url", nullptr}});
  }
  return rows;
}

void add_card(Json& payment, const Attempt& attempt) {
  const bool card = attempt.method == "card" && attempt.paid_at.has_value();
  payment["apply_num"] = card ? Json("30012345") : Json(nullptr);
  payment["bank_code"] = attempt.method == "trans" ? Json("088") : Json(nullptr);
  payment["bank_name"] = attempt.method == "trans" ? Json("신한은행") : Json(nullptr);
  payment["card_code"] = card ? Json("366") : Json(nullptr);
  payment["card_name"] = card ? Json("신한카드") : Json(nullptr);
  for (const char* name :
       {"card_issuer_code", "card_issuer_name", "card_publisher_code", "card_publisher_name"}) {
    payment[name] = nullptr;
  }
  payment["card_quota"] = 0;
  payment["card_number"] = card ? Json("510737******1234") : Json(nullptr);
  payment["card_type"] = card ? Json(0) : Json(nullptr);
}

void add_account(Json& payment, const Attempt& attempt) {
  const std::optional<VirtualAccount>& account = attempt.account;
  payment["vbank_code"] = account ? Json("088") : Json(nullptr);
  payment["vbank_name"] = account ? Json("신한") : Json(nullptr);
  payment["vbank_num"] = account ? Json(account->number) : Json(nullptr);
  payment["vbank_holder"] = account ? Json("샌드박스상점") : Json(nullptr);
  payment["vbank_date"] = account ? to_seconds(account->due_at) : 0;
  payment["vbank_issued_at"] = account ? to_seconds(account->issued_at) : 0;
}

void add_buyer(Json& payment) {
  payment["buyer_name"] = "홍길동";
  payment["buyer_email"] = "buyer@example.com";
  payment["buyer_tel"] = "01000000000";
  payment["buyer_addr"] = nullptr;
  payment["buyer_postcode"] = nullptr;
  payment["custom_data"] = nullptr;
  payment["user_agent"] = "Mozilla/5.0";
}

}  // namespace

Json v1_amount(std::int64_t minor, const std::string& currency) {
  const std::optional<core::Currency> known = core::Currency::make(currency);
  std::int64_t unit = 1;
  for (int i = 0; known && i < known->minor_digits(); ++i) unit *= 10;
  if (minor % unit == 0) return minor / unit;
  return static_cast<double>(minor) / static_cast<double>(unit);
}

Json v1_payment(const Attempt& attempt) {
  Json payment{{"imp_uid", attempt.attempt_id},
               {"merchant_uid", attempt.payment_id},
               {"pay_method", attempt.method},
               {"channel", "pc"},
               {"pg_provider", attempt.method == "paypal" ? "paypal_v2" : "html5_inicis"},
               {"emb_pg_provider", nullptr},
               {"pg_tid", attempt.status == Status::kReady ? Json("") : Json(pg_tid(attempt))},
               {"pg_id", "MOIsandbox"},
               {"sandbox", attempt.test},
               {"escrow", false}};
  add_card(payment, attempt);
  add_account(payment, attempt);
  payment["name"] = attempt.order_name;
  payment["amount"] = v1_amount(attempt.amount, attempt.currency);
  payment["cancel_amount"] = v1_amount(attempt.cancelled_amount(), attempt.currency);
  payment["currency"] = attempt.currency;
  add_buyer(payment);
  payment["status"] = v1_word(attempt.status);
  payment["started_at"] = to_seconds(attempt.started_at);
  payment["paid_at"] = seconds_or_zero(attempt.paid_at);
  payment["failed_at"] = seconds_or_zero(attempt.failed_at);
  payment["cancelled_at"] = seconds_or_zero(attempt.cancelled_at);
  payment["fail_reason"] = text_or_null(attempt.failure_reason);
  const Json rows = history(attempt);
  payment["cancel_reason"] = rows.empty() ? Json(nullptr) : rows.back()["reason"];
  payment["receipt_url"] =
      attempt.paid_at ? Json("https://receipt.example/" + attempt.attempt_id) : Json(nullptr);
  payment["cancel_history"] = rows;
  payment["deposit_history"] = Json::array();
  payment["cancel_receipt_urls"] = Json::array();
  payment["cash_receipt_issued"] = false;
  payment["customer_uid"] = attempt.scheduled ? Json("sandbox_customer") : Json(nullptr);
  payment["customer_uid_usage"] = attempt.scheduled ? Json("payment.scheduled") : Json(nullptr);
  payment["promotion"] = nullptr;
  return payment;
}

Json v1_certification(const Identity& identity) {
  const bool verified = identity.status == "verified";
  return Json{{"imp_uid", identity.id},
              {"merchant_uid", identity.merchant_uid},
              {"pg_tid", "SANDBOX" + identity.id},
              {"pg_provider", "danal"},
              {"name", verified ? Json("홍길동") : Json(nullptr)},
              {"gender", nullptr},
              {"birthday", verified ? Json("1990-01-01") : Json(nullptr)},
              {"foreigner", false},
              {"phone", nullptr},
              {"carrier", nullptr},
              {"certified", verified},
              {"certified_at", verified ? to_seconds(identity.at) : 0},
              {"unique_key", nullptr},
              {"unique_in_site", nullptr},
              {"origin", "http://localhost/"},
              {"foreigner_v2", nullptr}};
}

}  // namespace reconciled::sandbox
