#include "daemon/core/redirect.h"

#include <algorithm>
#include <array>

#include "daemon/core/signature.h"
#include "daemon/core/stored_text.h"
#include "daemon/core/text.h"

namespace reconciled::core {
namespace {

// PortOne puts this where an id belongs while a manual approval is still to be given.
constexpr std::string_view kNeedsConfirmation = "NEEDS_CONFIRMATION";

// The parameters of the query, then of the form. A nested return URL can turn a name into an
// array (`merchant_uid[]`) or repeat it; the first value that says something counts.
class Parameters {
 public:
  Parameters(std::string_view query, std::string_view form)
      : query_(parse_form(query)), form_(parse_form(form)) {}

  [[nodiscard]] std::optional<std::string> get(std::string_view name) const {
    auto value = find(query_, name);
    if (value && !value->empty()) return value;
    auto second = find(form_, name);
    return second && !(second->empty() && value) ? second : value;
  }
  [[nodiscard]] bool has(std::string_view name) const { return get(name).has_value(); }
  [[nodiscard]] bool says(std::string_view name) const { return !text(name).empty(); }
  [[nodiscard]] std::string text(std::string_view name) const { return get(name).value_or(""); }

  // An id, or nothing where it is absent, unfit, or a stringified nothing (dossier §1.1: imp_uid
  // is null when the request failed before a window opened).
  template <class Id>
  [[nodiscard]] std::optional<Id> id(std::string_view name) const {
    const std::string value = text(name);
    if (value == "null" || value == "undefined" || value == kNeedsConfirmation) return {};
    return Id::make(value);
  }

 private:
  static std::optional<std::string> find(const FormPairs& pairs, std::string_view name) {
    std::optional<std::string> found;
    for (const auto& [key, value] : pairs) {
      const bool is_array =
          key.starts_with(name) && key.size() > name.size() && key[name.size()] == '[';
      if (key != name && !is_array) continue;
      if (!value.empty()) return value;
      found = value;
    }
    return found;
  }

  FormPairs query_;
  FormPairs form_;
};

// What a flag of V1 says; nothing for anything but true, false, 1 and 0.
std::optional<bool> read_flag(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  return std::nullopt;
}

// error_* present means failure, even empty (dossier §7.26); so does either flag saying false.
// Newer SDKs send ids alone, which says nothing.
UiState v1_hint(const Parameters& parameters) {
  const auto old_flag = read_flag(parameters.text("imp_success"));
  const auto new_flag = read_flag(parameters.text("success"));
  if (parameters.has("error_code") || parameters.has("error_msg") || old_flag == false ||
      new_flag == false) {
    return UiState::kReturnedFailure;
  }
  return old_flag || new_flag ? UiState::kReturnedSuccess : UiState::kReturnedUnknown;
}

void read_v1(const Parameters& parameters, Event& event) {
  event.api = Api::kV1;
  event.attempt_id = parameters.id<AttemptId>("imp_uid");
  event.payment_id = parameters.id<PaymentId>("merchant_uid");
  event.reason_code = parameters.text("error_code");
  event.reason_message = parameters.text("error_msg");
  if (parameters.has("kcp_action") || parameters.has("imp_status")) {
    // A method was registered: "success" here must not look like a paid order.
    event.kind = EventKind::kPaymentMethod;
    event.type = "kcp_quickpay";
    return;
  }
  // A certification returns with the same names: only REST can tell (dossier §6).
  event.type = "v1_return";
  event.hint = v1_hint(parameters);
  if (event.payment_id || event.attempt_id) event.kind = EventKind::kPayment;
}

std::string v2_payment_id(const Parameters& parameters) {
  return parameters.says("paymentId") ? "paymentId" : "payment_id";
}

// Which flow a V2 return belongs to: transactionType where it is said, else the ids' names.
EventKind v2_kind(const Parameters& parameters, bool has_payment) {
  const std::string type = parameters.text("transactionType");
  if (type == "IDENTITY_VERIFICATION") return EventKind::kIdentityVerification;
  if (type == "ISSUE_BILLING_KEY") return EventKind::kBillingKey;
  if (parameters.says(v2_payment_id(parameters))) {
    return has_payment ? EventKind::kPayment : EventKind::kUnknown;
  }
  if (type == "ISSUE_BILLING_KEY_AND_PAY") return EventKind::kBillingKey;
  if (type.empty() && parameters.has("billingKey")) return EventKind::kBillingKey;
  if (type.empty() && parameters.has("identityVerificationId")) {
    return EventKind::kIdentityVerification;
  }
  return has_payment ? EventKind::kPayment : EventKind::kUnknown;
}

// `code` present means failure, empty or not (dossier §1.2). A token or sentinel means that the
// shop has yet to approve: the window ended well and nothing was charged.
UiState v2_hint(const Parameters& parameters, const Event& event) {
  if (parameters.has("code")) return UiState::kReturnedFailure;
  const std::string type = parameters.text("transactionType");
  const bool pays = type.empty() || type == "PAYMENT" || type == "ISSUE_BILLING_KEY_AND_PAY";
  const bool waits = parameters.has("paymentToken") || parameters.has("billingIssueToken") ||
                     parameters.text("txId") == kNeedsConfirmation ||
                     parameters.text("billingKey") == kNeedsConfirmation;
  return event.payment_id && pays && !waits ? UiState::kReturnedSuccess : UiState::kReturnedUnknown;
}

void read_v2(const Parameters& parameters, Event& event) {
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

template <std::size_t N>
bool has_any(const Parameters& parameters, const std::array<std::string_view, N>& names) {
  return std::any_of(names.begin(), names.end(),
                     [&parameters](std::string_view name) { return parameters.has(name); });
}

// A shop's own parameters stand in the same query (dossier §1.1), so names that only PortOne uses
// go before those that a shop may well have put there itself.
void read_parameters(const Parameters& parameters, Event& event) {
  static constexpr std::array<std::string_view, 2> kSurelyV2{"transactionType", "txId"};
  static constexpr std::array<std::string_view, 6> kV1{"merchant_uid", "imp_success", "imp_status",
                                                       "kcp_action",   "error_code",  "error_msg"};
  static constexpr std::array<std::string_view, 4> kV2{"paymentId", "payment_id", "billingKey",
                                                       "identityVerificationId"};
  static constexpr std::array<std::string_view, 3> kV2Reasons{"message", "pgCode", "pgMessage"};
  if (parameters.has("imp_uid")) return read_v1(parameters, event);
  if (has_any(parameters, kSurelyV2)) return read_v2(parameters, event);
  if (has_any(parameters, kV1)) return read_v1(parameters, event);
  const bool failed_without_ids = parameters.has("code") && has_any(parameters, kV2Reasons);
  if (has_any(parameters, kV2) || failed_without_ids) return read_v2(parameters, event);
  event.hint = UiState::kReturnedUnknown;
}

// The id of what is no payment, so that two buyers' returns are not copies of one event. Hashed:
// a billing key is not ours to keep.
std::string other_subject(const Parameters& parameters) {
  return to_hex(sha256(
      join_fields({parameters.text("identityVerificationId"), parameters.text("billingKey")})));
}

std::string dedupe_text(const Parameters& parameters, const Event& event) {
  return "r" + join_fields({event.api ? to_word(*event.api) : "",
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
  const Parameters parameters{query, form_body};
  Event event;
  event.source = EventSource::kRedirect;
  read_parameters(parameters, event);
  event.type = clean_text(event.type, kMaxWordBytes);
  event.reason_code = clean_text(event.reason_code, kMaxReasonBytes);
  event.reason_message = clean_text(event.reason_message, kMaxReasonBytes);
  event.dedupe_text = dedupe_text(parameters, event);
  event.stored_body = stored_query(query, form_body);
  return event;
}

}  // namespace reconciled::core
