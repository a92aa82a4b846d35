#include "daemon/core/messages/redirect.h"

#include <algorithm>
#include <span>

#include "daemon/core/messages/return_parameters.h"
#include "daemon/core/messages/signature.h"
#include "daemon/core/messages/stored_text.h"
#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

using Names = std::span<const std::string_view>;
constexpr std::string_view kBillingNames[]{"billingKey", "billingIssueToken"};
constexpr std::string_view kIdentityNames[]{"identityVerificationId", "identityVerificationTxId"};
constexpr std::string_view kFlags[]{"imp_success", "success"};
constexpr std::string_view kRegistrationFlags[]{"imp_status", "imp_success", "success"};
constexpr std::string_view kRegistrationNames[]{"kcp_action", "imp_status"};
constexpr std::string_view kV1Errors[]{"error_code", "error_msg"};
constexpr std::string_view kV2Errors[]{"code", "message", "pgCode", "pgMessage"};

// What the flags say together: a failure goes before a success.
std::optional<bool> flag_of(const ReturnParameters& parameters, Names names) {
  std::optional<bool> said;
  for (const std::string_view name : names) {
    const auto flag = parameters.flag(name);
    if (flag && said != false) said = flag;
  }
  return said;
}

bool has_any(const ReturnParameters& parameters, Names names) {
  return std::any_of(names.begin(), names.end(),
                     [&parameters](std::string_view name) { return parameters.has(name); });
}

bool any_says(const ReturnParameters& parameters, Names names) {
  return std::any_of(names.begin(), names.end(),
                     [&parameters](std::string_view name) { return parameters.says(name); });
}

// An explicit flag wins; without one an error that says something is a failure (interface §5).
// Some windows append an empty `error_msg` to each success. Newer SDKs send ids alone, which says
// nothing.
std::optional<bool> v1_success(const ReturnParameters& parameters, Names flags) {
  if (const auto flag = flag_of(parameters, flags)) return flag;
  if (any_says(parameters, kV1Errors)) return false;
  return std::nullopt;
}

// V2 has no flag of its own: one that says yes may stand in the shop's own address.
bool v2_fails(const ReturnParameters& parameters) {
  return any_says(parameters, kV2Errors) || flag_of(parameters, kFlags) == false;
}

UiState v1_hint(const ReturnParameters& parameters) {
  const auto success = v1_success(parameters, kFlags);
  if (!success) return UiState::kReturnedUnknown;
  return *success ? UiState::kReturnedSuccess : UiState::kReturnedFailure;
}

// KCP's quick pay: a method was registered, and "success" must not look like a paid order. Another
// action may be a payment, which is then asked about.
bool is_registration(const ReturnParameters& parameters) {
  const std::string action = parameters.text("kcp_action");
  return action.empty() ? has_any(parameters, kRegistrationNames) : action == "Register";
}

void read_v1(const ReturnParameters& parameters, Event& event) {
  event.api = Api::kV1;
  event.attempt_id = parameters.id<AttemptId>("imp_uid");
  event.payment_id = parameters.id<PaymentId>("merchant_uid");
  event.reason_code = parameters.text("error_code");
  event.reason_message = parameters.text("error_msg");
  if (is_registration(parameters)) {
    event.kind = EventKind::kPaymentMethod;
    event.type = "kcp_quickpay";
    return;
  }
  // A certification returns with the same names: only REST can tell (dossier §6).
  event.type = "v1_return";
  event.hint = v1_hint(parameters);
  if (event.payment_id || event.attempt_id) event.kind = EventKind::kPayment;
}

std::string v2_payment_id(const ReturnParameters& parameters) {
  return parameters.says("paymentId") ? "paymentId" : "payment_id";
}

// Which flow a V2 return belongs to: transactionType where it is said, else the ids' names.
EventKind v2_kind(const ReturnParameters& parameters, bool has_payment) {
  const std::string type = parameters.text("transactionType");
  if (type == "IDENTITY_VERIFICATION") return EventKind::kIdentityVerification;
  if (type == "ISSUE_BILLING_KEY") return EventKind::kBillingKey;
  if (parameters.says(v2_payment_id(parameters))) {
    return has_payment ? EventKind::kPayment : EventKind::kUnknown;
  }
  if (type == "ISSUE_BILLING_KEY_AND_PAY") return EventKind::kBillingKey;
  if (type.empty() && has_any(parameters, kBillingNames)) return EventKind::kBillingKey;
  if (type.empty() && has_any(parameters, kIdentityNames)) return EventKind::kIdentityVerification;
  return has_payment ? EventKind::kPayment : EventKind::kUnknown;
}

// An error that says something is a failure, as in V1; no `code` at all is a success (dossier
// §1.2), an empty one says nothing. A token or sentinel means that the shop has yet to approve: the
// window ended well and nothing was charged.
UiState v2_hint(const ReturnParameters& parameters, const Event& event) {
  if (v2_fails(parameters)) return UiState::kReturnedFailure;
  const std::string type = parameters.text("transactionType");
  const bool pays = type.empty() || type == "PAYMENT" || type == "ISSUE_BILLING_KEY_AND_PAY";
  const bool waits = parameters.has("paymentToken") || parameters.has("billingIssueToken") ||
                     parameters.text("txId") == kNeedsConfirmation ||
                     parameters.text("billingKey") == kNeedsConfirmation || parameters.has("code");
  return event.payment_id && pays && !waits ? UiState::kReturnedSuccess : UiState::kReturnedUnknown;
}

void read_v2(const ReturnParameters& parameters, Event& event) {
  event.api = Api::kV2;
  event.type = parameters.text("transactionType");
  if (event.type.empty()) event.type = "v2_return";
  event.reason_code = parameters.text("code");
  event.reason_message = parameters.text(parameters.says("pgMessage") ? "pgMessage" : "message");
  event.payment_id = parameters.id<PaymentId>(v2_payment_id(parameters));
  event.attempt_id = parameters.id<AttemptId>("txId");
  event.kind = v2_kind(parameters, event.payment_id || event.attempt_id);
  if (event.kind == EventKind::kPayment || event.kind == EventKind::kUnknown) {
    event.hint = v2_hint(parameters, event);
    return;
  }
  // Nothing was paid in these flows: no id of theirs may be taken for an order's.
  event.payment_id.reset();
  event.attempt_id.reset();
}

// A shop's own parameters stand in the same query (dossier §1.1), so names that only PortOne uses
// go before those that a shop may well have put there itself, and those that say something before
// those that are only there.
std::optional<Api> api_of(const ReturnParameters& parameters) {
  static constexpr std::string_view kSurelyV2[]{"transactionType",
                                                "txId",
                                                "billingKey",
                                                "billingIssueToken",
                                                "identityVerificationId",
                                                "identityVerificationTxId"};
  static constexpr std::string_view kV1[]{"merchant_uid", "imp_success", "imp_status",
                                          "kcp_action",   "error_code",  "error_msg"};
  static constexpr std::string_view kV2[]{"paymentId", "payment_id"};
  if (parameters.says("imp_uid")) return Api::kV1;
  if (has_any(parameters, kSurelyV2)) return Api::kV2;
  if (any_says(parameters, kV1)) return Api::kV1;
  const bool failed_without_ids =
      parameters.has("code") && has_any(parameters, Names(kV2Errors).subspan(1));
  if (any_says(parameters, kV2) || failed_without_ids) return Api::kV2;
  if (parameters.has("imp_uid") || has_any(parameters, kV1)) return Api::kV1;
  if (has_any(parameters, kV2)) return Api::kV2;
  return std::nullopt;
}

// The id of what is no payment, so that two buyers' returns are not copies of one event. Hashed:
// a billing key is not ours to keep.
std::string other_subject(const ReturnParameters& parameters) {
  return to_hex(sha256(
      join_fields({parameters.text("identityVerificationId"), parameters.text("billingKey")})));
}

// Whether a flow that is no payment failed.
bool flow_fails(const ReturnParameters& parameters, Api api) {
  if (api == Api::kV2) return v2_fails(parameters);
  return v1_success(parameters, kRegistrationFlags) == false;
}

std::string dedupe_text(const ReturnParameters& parameters, const Event& event) {
  const bool is_failed_registration =
      event.kind == EventKind::kPaymentMethod && flow_fails(parameters, Api::kV1);
  return std::string(is_failed_registration ? "rf" : "r") +
         join_fields({event.api ? to_word(*event.api) : "",
                      event.payment_id ? event.payment_id->str() : "",
                      event.attempt_id ? event.attempt_id->str() : "", to_word(event.hint),
                      event.reason_code, event.reason_message, to_word(event.kind),
                      other_subject(parameters)});
}

std::string stored_query(std::string_view query, std::string_view form) {
  std::string kept = cut_form_tokens(query);
  const std::string more = cut_form_tokens(form);
  if (!kept.empty() && !more.empty()) kept += '&';
  return clean_text(kept + more, kMaxStoredQueryBytes);
}

}  // namespace

Event classify_redirect(std::string_view query, std::string_view form_body) {
  const ReturnParameters parameters{query, form_body};
  Event event;
  event.source = EventSource::kRedirect;
  const auto api = api_of(parameters);
  if (!api) {
    event.hint = UiState::kReturnedUnknown;
  } else if (*api == Api::kV1) {
    read_v1(parameters, event);
  } else {
    read_v2(parameters, event);
  }
  event.type = clean_text(event.type, kMaxWordBytes);
  event.reason_code = clean_text(event.reason_code, kMaxReasonBytes);
  event.reason_message = clean_text(event.reason_message, kMaxReasonBytes);
  event.dedupe_text = dedupe_text(parameters, event);
  event.stored_body = stored_query(query, form_body);
  return event;
}

bool says_failure(std::string_view query, std::string_view form_body) {
  const ReturnParameters parameters{query, form_body};
  const auto api = api_of(parameters);
  return api && flow_fails(parameters, *api);
}

}  // namespace reconciled::core
