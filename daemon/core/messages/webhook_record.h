// The webhooks of payments as PortOne's own lists tell of them (dossier, addendum: `webhooks[]`).
//
// For `reconciled listen`, which delivers them again. V2 keeps each webhook with its body; where it
// holds none of a payment (no URL is registered), and always in V1, whose lists hold none, they are
// made of the payment's state, as PortOne would send them (dossier §2). Pure. One odd row is set
// aside and named, and the others are taken.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/core/messages/portone_answer.h"
#include "daemon/core/words/outcome.h"
#include "daemon/core/words/states.h"
#include "daemon/core/words/time.h"

namespace reconciled::core {

// Longer bodies are set aside: PortOne's have a few hundred bytes.
inline constexpr std::size_t kMaxRecordedBytes = 65'536;

struct RecordedWebhook {
  Api api = Api::kV2;      // the payment's version; V2 signs its webhooks
  std::string id;          // the header `webhook-id`; of one that is made always the same
  std::string payment_id;  // V1 merchant_uid, V2 paymentId
  std::string said;        // "Transaction.Paid", "paid"
  std::string body;        // V2: the bytes of PortOne's record
  std::string content_type;
  PortoneTime at{};  // when PortOne sent it; of one that is made, when that happened
  bool is_made = false;
  // What it is about: the same for one that is made and the recorded one of the same change.
  std::string about;
};

struct WebhookPage {
  // Those of the last row first: lists are asked for the newest first, and V1's times are whole
  // seconds.
  std::vector<RecordedWebhook> webhooks;
  std::vector<UnreadableRow> unreadable;
  std::size_t rows = 0;  // payments that were listed
  // Of V1's envelope; absent where it does not say so.
  std::optional<bool> has_next;
};

// GET /payments/status/all. Payments of the live channel are passed over, as are declines, which V1
// tells nobody.
[[nodiscard]] Outcome<WebhookPage, AnswerError> read_v1_webhooks(int status, std::string_view body);

// The page-based GET /payments. Payments of the live channel are passed over.
[[nodiscard]] Outcome<WebhookPage, AnswerError> read_v2_webhooks(int status, std::string_view body);

}  // namespace reconciled::core
