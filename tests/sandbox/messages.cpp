#include "tests/sandbox/messages.h"

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "daemon/core/words/text.h"
#include "tests/sandbox/call.h"

namespace reconciled::sandbox {
namespace {

constexpr std::array<std::pair<Happened, std::string_view>, 11> kTypes{
    {{Happened::kReady, "Ready"},
     {Happened::kVirtualAccountIssued, "VirtualAccountIssued"},
     {Happened::kPayPending, "PayPending"},
     {Happened::kPaid, "Paid"},
     {Happened::kFailed, "Failed"},
     {Happened::kPartialCancelled, "PartialCancelled"},
     {Happened::kCancelled, "Cancelled"},
     {Happened::kCancelPending, "CancelPending"},
     {Happened::kDisputeCreated, "DisputeCreated"},
     {Happened::kDisputeResolved, "DisputeResolved"},
     {Happened::kReverted, "Paid"}}};

std::string form_body(const std::vector<std::pair<std::string, std::string>>& pairs) {
  std::string body;
  for (const auto& [name, value] : pairs) {
    if (!body.empty()) body += '&';
    body += name + "=" + core::percent_encode(value);
  }
  return body;
}

bool is_cancel(Happened happened) {
  return happened == Happened::kPartialCancelled || happened == Happened::kCancelled ||
         happened == Happened::kCancelPending;
}

void fill_v1(Message& message, const Attempt& attempt, const Occurrence& occurrence,
             const MessageForm& form) {
  message.what = form.said.empty() ? std::string(v1_word(attempt.status)) : form.said;
  std::vector<std::pair<std::string, std::string>> pairs{{"imp_uid", attempt.attempt_id},
                                                         {"merchant_uid", attempt.payment_id},
                                                         {"status", message.what}};
  if (message.what == "cancelled" && !occurrence.cancellation_id.empty()) {
    pairs.emplace_back("cancellation_id", occurrence.cancellation_id);
  }
  if (form.v1_format == "form") {
    message.content_type = "application/x-www-form-urlencoded";
    message.body = form_body(pairs);
    return;
  }
  Json body = Json::object();
  for (const auto& [name, value] : pairs) body[name] = value;
  message.content_type = "application/json";
  message.body = dump(body);
}

void fill_v2(Message& message, const Attempt& attempt, const Occurrence& occurrence,
             const MessageForm& form) {
  message.is_signed = true;
  message.content_type = "application/json";
  message.what = form.said.empty() ? "Transaction." + std::string(v2_type_word(occurrence.happened))
                                   : form.said;
  if (form.v2_version == "2024-01-01") {
    const std::string word = message.what.substr(message.what.find('.') + 1);
    message.body = dump(
        Json{{"payment_id", attempt.payment_id}, {"tx_id", attempt.attempt_id}, {"status", word}});
    return;
  }
  Json data{{"paymentId", attempt.payment_id},
            {"storeId", attempt.shown_store_id},
            {"transactionId", attempt.attempt_id}};
  if (is_cancel(occurrence.happened) && !occurrence.cancellation_id.empty()) {
    data["cancellationId"] = occurrence.cancellation_id;
  }
  message.body =
      dump(Json{{"type", message.what}, {"timestamp", to_text(occurrence.at)}, {"data", data}});
}

// What set a webhook off that no payment window did; MANUAL is said where it is sent again.
std::string trigger_of(const Attempt& attempt, Happened happened) {
  switch (happened) {
    case Happened::kPaid:
      return attempt.account ? "VIRTUAL_ACCOUNT_DEPOSIT" : "";
    case Happened::kPayPending:
      return "ASYNC_PAY_PENDING";
    case Happened::kDisputeCreated:
      return "DISPUTE_CREATED";
    case Happened::kDisputeResolved:
      return "DISPUTE_RESOLVED";
    case Happened::kReady:
    case Happened::kVirtualAccountIssued:
    case Happened::kFailed:
    case Happened::kPartialCancelled:
    case Happened::kCancelled:
    case Happened::kCancelPending:
    case Happened::kReverted:
      return "";
  }
  return "";
}

bool redirect_says_success(const Attempt& attempt) {
  return attempt.status != Status::kReady && attempt.status != Status::kFailed;
}

std::string reason_of(const Attempt& attempt) {
  return attempt.failure_reason.empty() ? "사용자가 결제를 취소하셨습니다" : attempt.failure_reason;
}

std::string code_of(const Attempt& attempt) {
  return attempt.failure_code.empty() ? "PAY_PROCESS_CANCELED" : attempt.failure_code;
}

}  // namespace

std::string_view v2_type_word(Happened happened) {
  for (const auto& [what, word] : kTypes) {
    if (what == happened) return word;
  }
  return "";
}

std::optional<Happened> happened_from_type(std::string_view type) {
  for (const auto& [what, word] : kTypes) {
    if (type.substr(type.find('.') + 1) == word) return what;
  }
  return std::nullopt;
}

Occurrence present_occurrence(const Attempt& attempt) {
  Occurrence result;
  result.at = attempt.changed_at;
  if (!attempt.cancellations.empty()) result.cancellation_id = attempt.cancellations.back().id;
  switch (attempt.status) {
    case Status::kReady:
      result.happened = Happened::kReady;
      break;
    case Status::kVirtualAccountIssued:
      result.happened = Happened::kVirtualAccountIssued;
      break;
    case Status::kPayPending:
      result.happened = Happened::kPayPending;
      break;
    case Status::kPaid:
      result.happened = Happened::kPaid;
      break;
    case Status::kFailed:
      result.happened = Happened::kFailed;
      break;
    case Status::kPartialCancelled:
      result.happened = Happened::kPartialCancelled;
      break;
    case Status::kCancelled:
      result.happened = Happened::kCancelled;
      break;
  }
  return result;
}

bool announced_by_default(const Attempt& attempt, Happened happened, bool by_api) {
  if (happened == Happened::kReverted) return false;
  if (attempt.version == Api::kV2) return true;
  switch (happened) {
    case Happened::kPaid:
    case Happened::kVirtualAccountIssued:
      return true;
    case Happened::kFailed:
      return attempt.scheduled;
    case Happened::kPartialCancelled:
    case Happened::kCancelled:
      return !by_api;
    case Happened::kReady:
    case Happened::kPayPending:
    case Happened::kCancelPending:
    case Happened::kDisputeCreated:
    case Happened::kDisputeResolved:
    case Happened::kReverted:
      return false;
  }
  return false;
}

Message make_message(const Attempt& attempt, const Occurrence& occurrence,
                     const MessageForm& form) {
  Message message;
  message.version = attempt.version;
  message.payment_id = attempt.payment_id;
  message.attempt_id = attempt.attempt_id;
  message.at = occurrence.at;
  message.status = attempt.status;
  message.trigger = trigger_of(attempt, occurrence.happened);
  if (attempt.version == Api::kV1) {
    fill_v1(message, attempt, occurrence, form);
  } else {
    fill_v2(message, attempt, occurrence, form);
  }
  return message;
}

std::string redirect_query(const Attempt& attempt) {
  const bool success = redirect_says_success(attempt);
  std::vector<std::pair<std::string, std::string>> pairs;
  if (attempt.version == Api::kV1) {
    pairs = {{"imp_uid", attempt.attempt_id}, {"merchant_uid", attempt.payment_id}};
    if (attempt.success_flag != "none") {
      pairs.emplace_back(attempt.success_flag, success ? "true" : "false");
    }
    if (!success) {
      pairs.emplace_back("error_code", code_of(attempt));
      pairs.emplace_back("error_msg", reason_of(attempt));
    }
  } else {
    pairs = {{"transactionType", "PAYMENT"},
             {"txId", attempt.attempt_id},
             {"paymentId", attempt.payment_id}};
    if (!success) {
      pairs.emplace_back("code", "FAILURE_TYPE_PG");
      pairs.emplace_back("message", reason_of(attempt));
      pairs.emplace_back("pgCode", code_of(attempt));
      pairs.emplace_back("pgMessage", reason_of(attempt));
    }
  }
  return form_body(pairs);
}

std::string with_query(const std::string& url, const std::string& query) {
  const std::size_t hash = url.find('#');
  const std::string base = url.substr(0, hash);
  const std::string fragment = hash == std::string::npos ? "" : url.substr(hash);
  return base + (base.find('?') == std::string::npos ? "?" : "&") + query + fragment;
}

}  // namespace reconciled::sandbox
