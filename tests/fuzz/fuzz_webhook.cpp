// Any bytes as a webhook's body, under each content type, with a signature and without.
//
// What is taken for a message can be stored, claims nothing that its kind may not claim, and keeps
// no bearer token.
#include <nlohmann/json.hpp>
#include <optional>

#include "daemon/core/json.h"
#include "daemon/core/webhook.h"
#include "tests/fuzz/invariant.h"

namespace {

namespace core = reconciled::core;
using nlohmann::json;
using reconciled::fuzz::invariant;
using reconciled::fuzz::is_one_line;

constexpr std::string_view kJson = "application/json; charset=utf-8";

bool names_token(std::string_view name) {
  return name == "paymentToken" || name == "billingIssueToken" || name == "payment_token" ||
         name == "billing_issue_token";
}

// What is to be kept of a document. Its depth is bounded by parse_json.
void remove_tokens(json& value) {
  for (const auto& [key, child] : value.items()) {
    if (value.is_object() && names_token(key)) {
      child = "[removed]";
    } else if (child.is_structured()) {
      remove_tokens(child);
    }
  }
}

void check_stored_json(std::string_view body, const std::string& stored) {
  auto sent = core::parse_json(body);
  if (!sent) return;  // signed, but too deep or with a repeated key
  const auto kept = core::parse_json(stored);
  invariant(kept.ok(), "JSON stays JSON when tokens are cut");
  remove_tokens(sent.value());
  invariant(core::write_json(kept.value()) == core::write_json(sent.value()),
            "the stored body is the sent one without its tokens");
}

void check_stored_form(const std::string& stored) {
  for (const auto& [name, value] : core::parse_form(stored)) {
    const std::string pair = name + "=" + value;
    invariant(pair.find("paymentToken") == std::string::npos &&
                  pair.find("billingIssueToken") == std::string::npos &&
                  pair.find("payment_token") == std::string::npos &&
                  pair.find("billing_issue_token") == std::string::npos,
              "no bearer token is stored");
  }
}

void check_texts(const core::Event& event) {
  invariant(core::is_valid_utf8(event.stored_body), "stored_body is UTF-8");
  invariant(core::is_valid_utf8(event.dedupe_text) && !event.dedupe_text.empty(), "dedupe_text");
  invariant(event.type.size() <= 64 && is_one_line(event.type), "type");
  invariant(event.asked_amount.size() <= 64 && is_one_line(event.asked_amount), "asked_amount");
  invariant(event.cancellation_id.size() <= 256 && is_one_line(event.cancellation_id),
            "cancellation_id");
  invariant(event.store_id.size() <= 256 && is_one_line(event.store_id), "store_id");
  if (event.payment_id) invariant(core::is_valid_id_text(event.payment_id->str()), "payment_id");
  if (event.attempt_id) invariant(core::is_valid_id_text(event.attempt_id->str()), "attempt_id");
}

void check_meaning(const core::WebhookMessage& message, bool has_signature) {
  const core::Event& event = message.event;
  invariant(!event.signed_by_portone, "classifying proves nothing");
  invariant(event.hint == core::UiState::kNone, "only redirects hint");
  invariant(event.source != core::EventSource::kRedirect, "a webhook is no redirect");
  invariant(!event.status || event.kind == core::EventKind::kPayment,
            "only a payment's message claims a result");
  invariant(
      (event.kind == core::EventKind::kConfirm) == (event.source == core::EventSource::kConfirm),
      "confirm calls are both a kind and a source");
  invariant(!has_signature || message.needs_signature, "a signature that came is verified");
  invariant(message.needs_signature || event.api != core::Api::kV2,
            "V2 is never believed unsigned");
  invariant(event.kind != core::EventKind::kPayment || event.payment_id || event.attempt_id,
            "a payment's message names it");
}

// As which of the two a body was read; what is no message as JSON is tried as a form.
bool is_read_as_json(std::string_view content_type, std::string_view body, bool has_signature) {
  if (content_type.empty()) {
    return core::classify_webhook(kJson, body, has_signature, "msg_1").ok();
  }
  return content_type == kJson;
}

std::optional<core::WebhookMessage> classify(std::string_view content_type, std::string_view body,
                                             bool has_signature) {
  auto message = core::classify_webhook(content_type, body, has_signature, "msg_1");
  if (!message) {
    invariant(is_one_line(message.error().detail), "a refusal is one line");
    return std::nullopt;
  }
  check_texts(message.value().event);
  check_meaning(message.value(), has_signature);
  return std::move(message.value());
}

void check_stored(std::string_view content_type, std::string_view body, bool has_signature) {
  const auto message = classify(content_type, body, has_signature);
  if (!message) return;
  if (is_read_as_json(content_type, body, has_signature)) {
    check_stored_json(body, message->event.stored_body);
  } else {
    check_stored_form(message->event.stored_body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body = reconciled::fuzz::text_of(data, size);
  for (const std::string_view type :
       {kJson, std::string_view{"application/x-www-form-urlencoded"}, std::string_view{}}) {
    check_stored(type, body, true);
    check_stored(type, body, false);
  }
  static_cast<void>(classify(body.substr(0, 64), body, false));
  return 0;
}
