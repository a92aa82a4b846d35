// Any bytes as a webhook's body, under several content types, with a signature and without.
//
// What is taken for a message can be stored, claims nothing that its kind may not claim, and keeps
// no bearer token.
#include <nlohmann/json.hpp>
#include <optional>

#include "daemon/core/messages/webhook.h"
#include "daemon/core/words/json.h"
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

void check_stored_json(json sent, const std::string& stored) {
  bool is_repaired = false;
  auto kept = core::parse_json_tolerantly(stored, is_repaired);
  invariant(kept.ok() && !is_repaired, "what is stored is JSON");
  remove_tokens(sent);
  remove_tokens(kept.value());  // where one stood twice
  invariant(core::write_json(kept.value()) == core::write_json(sent),
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

// A label decides how what is no message is refused, and nothing else.
void check_label(std::string_view label, std::string_view body, bool has_signature,
                 const std::optional<core::WebhookMessage>& unlabelled) {
  const auto labelled = classify(label, body, has_signature);
  invariant(labelled.has_value() == unlabelled.has_value(), "the body says what it is");
  if (!labelled) return;
  invariant(labelled->event.dedupe_text == unlabelled->event.dedupe_text &&
                labelled->event.stored_body == unlabelled->event.stored_body,
            "a label changes no message");
}

void check_stored(std::string_view body, bool has_signature) {
  const auto message = classify({}, body, has_signature);
  check_label(kJson, body, has_signature, message);
  check_label("application/x-www-form-urlencoded", body, has_signature, message);
  check_label(body.substr(0, 64), body, has_signature, message);
  if (!message) return;
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  bool is_repaired = false;
  auto sent = core::parse_json_tolerantly(body, is_repaired);
  if (sent && (sent.value().is_structured() || !is_repaired)) {
    check_stored_json(std::move(sent.value()), message->event.stored_body);
  } else {
    check_stored_form(message->event.stored_body);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body = reconciled::fuzz::text_of(data, size);
  check_stored(body, true);
  check_stored(body, false);
  return 0;
}
