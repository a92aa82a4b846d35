#include "daemon/core/messages/webhook.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "daemon/core/messages/media_type.h"
#include "daemon/core/messages/message_fields.h"
#include "daemon/core/messages/signature.h"
#include "daemon/core/messages/stored_text.h"
#include "daemon/core/words/json.h"
#include "daemon/core/words/json_repair.h"
#include "daemon/core/words/text.h"

namespace reconciled::core {
namespace {

using nlohmann::json;

// A byte order mark says nothing here; some proxies and hand-made senders put one.
std::string_view without_byte_order_mark(std::string_view body) {
  constexpr std::string_view kMark{"\xEF\xBB\xBF"};
  if (body.starts_with(kMark)) body.remove_prefix(kMark.size());
  return body;
}

// Whether JSON may begin so; spares a form the failing parser.
bool may_be_json(std::string_view body) {
  const std::size_t at = body.find_first_not_of(" \t\r\n");
  constexpr std::string_view kStarts = "{[\"-0123456789tfn";
  return at != body.npos && kStarts.find(body[at]) != kStarts.npos;
}

struct Word {
  std::string_view word;
  std::optional<Result> result;
};

// Dossier §2.1. `ready` is sent when a virtual account was issued, and then only.
constexpr std::array<Word, 4> kV1Words{{{"paid", Result::kPaid},
                                        {"cancelled", Result::kCancelled},
                                        {"failed", Result::kFailed},
                                        {"ready", Result::kAwaitingDeposit}}};

// Dossier §2.2: the end of a type since 2024-04-25, the status before. Those without a result
// only say that PortOne should be asked again.
constexpr std::array<Word, 10> kV2Words{{{"Ready", Result::kReady},
                                         {"Paid", Result::kPaid},
                                         {"VirtualAccountIssued", Result::kAwaitingDeposit},
                                         {"PartialCancelled", Result::kPartiallyCancelled},
                                         {"Cancelled", Result::kCancelled},
                                         {"Failed", Result::kFailed},
                                         {"PayPending", Result::kPending},
                                         {"CancelPending", std::nullopt},
                                         {"DisputeCreated", std::nullopt},
                                         {"DisputeResolved", std::nullopt}}};

template <std::size_t N>
const Word* find_word(const std::array<Word, N>& words, std::string_view text) {
  const auto* const found = std::find_if(words.begin(), words.end(),
                                         [text](const Word& word) { return word.word == text; });
  return found == words.end() ? nullptr : found;
}

// What every reader of a shape is given.
struct Delivery {
  bool has_signature = false;
  std::string_view webhook_id;
  bool is_repaired = false;  // JSON that was mended first
};

// A shape's reader gives a message, or nothing where the shape is not there or is spoilt.
using Reading = std::optional<WebhookMessage>;

// What names the copies of a message: a prefix for its shape and its fields. Bytes that are no
// UTF-8 and fields of any length are named by their digest.
std::string name_copies(std::string_view prefix, std::initializer_list<std::string_view> fields) {
  constexpr std::size_t kMaxBytes = 1024;
  const std::string joined = join_fields(fields);
  const bool plain = joined.size() <= kMaxBytes && is_valid_utf8(joined);
  return std::string(prefix) + (plain ? joined : "sha256:" + to_hex(sha256(joined)));
}

WebhookMessage signed_message(const Delivery& delivery) {
  WebhookMessage message;
  message.needs_signature = true;
  message.event.api = Api::kV2;
  message.event.dedupe_text = name_copies("v2", {delivery.webhook_id});
  return message;
}

void become_confirm(Event& event, std::string_view amount) {
  event.source = EventSource::kConfirm;
  event.kind = EventKind::kConfirm;
  event.asked_amount = clean_text(amount, kMaxWordBytes);
}

// The same question gets the same answer (interface §4), whatever id its delivery carries.
void name_v2_confirm(Event& event) {
  if (!event.payment_id || !event.attempt_id) return;
  event.dedupe_text =
      "v2c" + join_fields({event.payment_id->str(), event.attempt_id->str(), event.asked_amount});
}

bool is_test_call(const Event& event, std::string_view status) {
  return event.attempt_id && event.attempt_id->str() == "imp_1234567890" && event.payment_id &&
         event.payment_id->str() == "merchant_1234567890" && status == "ready";
}

// The kind, type and status of a V1 webhook whose ids were read. `names_attempt`: imp_uid is not
// empty, whether it can be used or not.
void classify_v1(Event& event, bool names_attempt, const std::string& status,
                 const std::string& escrow_event) {
  event.type = clean_text(status, kMaxWordBytes);
  if (!names_attempt) {
    // Nobody could be asked about it, and PortOne's own plugin answers 200 here: no claim is kept.
    event.kind = EventKind::kTestCall;
    event.payment_id.reset();
  } else if (is_test_call(event, status)) {
    event.kind = EventKind::kTestCall;
  } else if (escrow_event.starts_with("Inicis.Escrow.")) {
    event.kind = EventKind::kEscrow;
    event.type = clean_text(escrow_event, kMaxWordBytes);
  } else {
    const Word* const word = find_word(kV1Words, status);
    event.kind = EventKind::kPayment;
    event.status = word == nullptr ? Result::kPending : word->result;
  }
}

// `imp_uid`, `merchant_uid` and `status` or `amount`. Where one of the ids came in a broken
// encoding (EUC-KR, say), the other still tells whom to ask.
Reading read_v1(const MessageFields& fields, const Delivery& delivery) {
  const MessageField attempt = fields.id("imp_uid");
  const MessageField payment = fields.id("merchant_uid");
  const MessageField status = fields.text("status");
  const MessageField amount = fields.number_or_text("amount");
  if (attempt.is_no_id() || payment.is_no_id() || status.unusable) return std::nullopt;

  WebhookMessage message;
  message.needs_signature = delivery.has_signature;
  Event& event = message.event;
  event.api = Api::kV1;
  event.attempt_id = attempt.as<AttemptId>();
  event.payment_id = payment.as<PaymentId>();
  if (!event.attempt_id && !event.payment_id && !attempt.text.empty()) return std::nullopt;

  // Before anything else that is answered 200: V1 reads that as "charge the buyer".
  if (status.text.empty() && amount.named) {
    if (amount.unusable) return std::nullopt;
    become_confirm(event, amount.text);
    event.dedupe_text = name_copies("v1c", {attempt.text, payment.text, amount.text});
    return message;
  }
  if (status.text.empty() && !attempt.text.empty()) return std::nullopt;
  const std::string cancellation = fields.id("cancellation_id").text;
  const std::string escrow_event = fields.text("event").text;
  event.cancellation_id = clean_text(cancellation, kMaxIdBytes);
  classify_v1(event, !attempt.text.empty(), status.text, escrow_event);
  event.dedupe_text = name_copies("v1", {attempt.text, payment.text, status.text, cancellation,
                                         escrow_event, fields.canonical("extra")});
  return message;
}

// 2024-01-01: `payment_id`, `tx_id` and `status` or `total_amount`. Without a usable `payment_id`
// or a known status it stays of kind kUnknown, unless it is a confirm call: a plain 200 would
// approve it.
Reading read_v2_flat(const MessageFields& fields, const Delivery& delivery) {
  WebhookMessage message = signed_message(delivery);
  Event& event = message.event;
  const std::string status = fields.text("status").text;
  const MessageField amount = fields.number_or_text("total_amount");
  event.payment_id = fields.id("payment_id").as<PaymentId>();
  event.attempt_id = fields.id("tx_id").as<AttemptId>();
  if (status.empty() && amount.named) {
    become_confirm(event, amount.text);
    name_v2_confirm(event);
    return message;
  }
  event.type = clean_text(status, kMaxWordBytes);
  const Word* const word = find_word(kV2Words, status);
  if (word == nullptr || !event.payment_id) return message;
  event.kind = EventKind::kPayment;
  event.status = word->result;
  return message;
}

// Shapes without `type`, of JSON and of forms.
Reading read_flat(const MessageFields& fields, const Delivery& delivery) {
  if (fields.text("imp_uid").named || fields.text("merchant_uid").named) {
    return read_v1(fields, delivery);
  }
  if (fields.text("payment_id").named && fields.text("tx_id").named) {
    return read_v2_flat(fields, delivery);
  }
  return std::nullopt;
}

void read_transaction(Event& event, const Delivery& delivery, const json& document,
                      std::string_view word) {
  static const json kNone;
  const json* const found = member(document, "data");
  const json& data = found == nullptr ? kNone : *found;
  const MessageFields fields{data, delivery.is_repaired};
  event.payment_id = fields.id("paymentId").as<PaymentId>();
  event.attempt_id = fields.id("transactionId").as<AttemptId>();
  event.store_id = clean_text(fields.id("storeId").text, kMaxIdBytes);
  event.cancellation_id = clean_text(fields.id("cancellationId").text, kMaxIdBytes);
  if (word == "Confirm") {
    become_confirm(event, fields.number_or_text("totalAmount").text);
    name_v2_confirm(event);
    return;
  }
  const Word* const known = find_word(kV2Words, word);
  if (known == nullptr || !event.payment_id) return;
  event.kind = EventKind::kPayment;
  event.status = known->result;
}

// `{type, timestamp, data}`; a type that we do not know stays of kind kUnknown.
WebhookMessage read_typed(const json& document, const std::string& type, const Delivery& delivery,
                          std::string_view body) {
  constexpr std::string_view kTransaction = "Transaction.";
  WebhookMessage message = signed_message(delivery);
  Event& event = message.event;
  event.type = clean_text(type, kMaxWordBytes);
  event.said_at = parse_rfc3339(text_member(document, "timestamp").value_or(""));
  if (type.starts_with(kTransaction)) {
    read_transaction(event, delivery, document, std::string_view(type).substr(kTransaction.size()));
  } else if (type.starts_with("BillingKey.")) {
    event.kind = EventKind::kBillingKey;
  } else if (type.starts_with("TaxInvoice.")) {
    event.kind = EventKind::kTaxInvoice;
    event.api.reset();
    message.needs_signature = delivery.has_signature;
    if (!delivery.has_signature) event.dedupe_text = "t" + to_hex(sha256(body));
  }
  return message;
}

bool is_known_family(const std::string& type) {
  return type.starts_with("Transaction.") || type.starts_with("BillingKey.") ||
         type.starts_with("TaxInvoice.");
}

// A type of a family we know goes first, any other last: `type` may be tomorrow's new field of a
// flat message.
Reading read_document(const json& document, const Delivery& delivery, std::string_view body) {
  const auto type = text_member(document, "type");
  if (type && is_known_family(*type)) return read_typed(document, *type, delivery, body);
  if (auto flat = read_flat(MessageFields{document, delivery.is_repaired}, delivery)) return flat;
  const bool spoilt = member(document, "imp_uid") || member(document, "merchant_uid");
  if (type && !spoilt) return read_typed(document, *type, delivery, body);
  return std::nullopt;
}

WebhookError not_a_message(std::string detail) {
  return {WebhookFault::kNotAMessage, std::move(detail)};
}

// A body as JSON. A text in EUC-KR, half an emoji or a number beyond a double is mended, so that it
// does not hide the rest; a key that stands twice or a depth without end is read around in what
// PortOne signed, and is a fault in what anybody may have sent.
struct Reparsed {
  Outcome<json, JsonError> document;
  std::string repaired;  // the text of `document`, where it is not the body
};

Reparsed reparse(std::string_view body, Delivery& delivery) {
  Reparsed read{parse_json(body), {}};
  if (read.document) return read;
  if (delivery.has_signature) {
    read.document = parse_json_tolerantly(body, delivery.is_repaired);
  } else if (read.document.error().fault == JsonFault::kSyntax) {
    delivery.is_repaired = true;
  }
  if (!delivery.is_repaired) return read;
  read.repaired = repair_json(body);
  if (!delivery.has_signature) read.document = parse_json(read.repaired);
  return read;
}

// `is_json`: whether the body is JSON, if it is none of PortOne's.
Outcome<WebhookMessage, WebhookError> classify_json(std::string_view body, Delivery delivery,
                                                    bool& is_json) {
  const Reparsed read = reparse(body, delivery);
  if (!read.document) {
    is_json = read.document.error().fault != JsonFault::kSyntax;
    return not_a_message("not JSON: " + read.document.error().detail);
  }
  const json& document = read.document.value();
  is_json = document.is_structured() || !delivery.is_repaired;
  if (!is_json) return not_a_message("not JSON: a bare word");
  Reading reading = read_document(document, delivery, body);
  // Signed and JSON: PortOne's, whatever it means. It is kept and moves nothing.
  if (!reading && delivery.has_signature) reading = signed_message(delivery);
  if (!reading) return not_a_message("none of PortOne's shapes");
  reading->event.stored_body =
      cut_json_tokens(delivery.is_repaired ? std::string_view(read.repaired) : body);
  return std::move(*reading);
}

Outcome<WebhookMessage, WebhookError> classify_form(std::string_view body,
                                                    const Delivery& delivery) {
  const FormPairs pairs = parse_form(body);
  auto reading = read_flat(MessageFields{pairs}, delivery);
  if (!reading) return not_a_message("none of PortOne's shapes");
  reading->event.stored_body = cut_form_tokens(body);
  return std::move(*reading);
}

}  // namespace

Outcome<WebhookMessage, WebhookError> classify_webhook(std::string_view content_type,
                                                       std::string_view body, bool has_signature,
                                                       std::string_view webhook_id) {
  const Delivery delivery{has_signature, webhook_id};
  const MediaType label = media_type_of(content_type);
  body = without_byte_order_mark(body);
  bool is_json = false;
  std::optional<WebhookError> refusal;
  if (may_be_json(body)) {
    auto message = classify_json(body, delivery, is_json);
    if (message) return message;
    refusal = std::move(message.error());
  }
  if (!is_json) {
    auto message = classify_form(body, delivery);
    if (message) return message;
    if (!refusal || label == MediaType::kForm) refusal = std::move(message.error());
  }
  if (label == MediaType::kOther) {
    return WebhookError{WebhookFault::kUnsupportedType, "neither JSON nor a form"};
  }
  return *std::move(refusal);
}

}  // namespace reconciled::core
