// Telling messages on the webhook and confirm paths apart, by their content (dossier §0).
//
// Called by the webhook listener for every delivery, on the edge's threads. Pure: it verifies
// nothing and stores nothing; it says which signature rule a message falls under.
#pragma once

#include <string>
#include <string_view>

#include "daemon/core/messages/evidence.h"
#include "daemon/core/words/outcome.h"

namespace reconciled::core {

enum class WebhookFault {
  kUnsupportedType,  // none of dossier §0's shapes, and labelled as neither JSON nor a form: 415
  kNotAMessage       // not parseable, or none of dossier §0's shapes and not signed: 400
};
struct WebhookError {
  WebhookFault fault;
  std::string detail;  // one line; never quotes the body
};

struct WebhookMessage {
  Event event;
  // V2 messages must carry a valid signature; V1 has none, and an unsigned TaxInvoice.* is stored
  // without effect (interface §4).
  bool needs_signature = false;
};

// Whether `body` is JSON or a form, it tells itself: `content_type`, the header's value, only says
// how what is neither is refused. `has_signature` says whether the delivery carried a signature's
// headers: then any JSON is a message (of kind kUnknown where nothing fits). `webhook_id` names the
// copies of signed messages; it is the empty text for others.
// The event's `signed_by_portone` stays false: the caller sets it after verifying.
[[nodiscard]] Outcome<WebhookMessage, WebhookError> classify_webhook(std::string_view content_type,
                                                                     std::string_view body,
                                                                     bool has_signature,
                                                                     std::string_view webhook_id);

}  // namespace reconciled::core
