// Any bytes as the query and form with which a buyer comes back; the first NUL parts the two.
//
// Nothing is refused here: whatever arrives becomes an event that claims nothing and can be stored.
#include "daemon/core/messages/redirect.h"
#include "daemon/core/words/html.h"
#include "daemon/core/words/text.h"
#include "tests/fuzz/invariant.h"

namespace {

namespace core = reconciled::core;
using reconciled::fuzz::invariant;
using reconciled::fuzz::is_one_line;

// By the same cutting into pairs that reads them, but of all pairs, not of the first few hundred.
bool mentions_token(std::string_view query) {
  while (!query.empty()) {
    const std::string pair = core::percent_decode(reconciled::fuzz::take_until(query, '&'), true);
    for (const char* name :
         {"paymentToken", "billingIssueToken", "payment_token", "billing_issue_token"}) {
      if (pair.find(name) != std::string::npos) return true;
    }
  }
  return false;
}

void check_texts(const core::Event& event) {
  invariant(event.type.size() <= 64 && is_one_line(event.type), "type is one short word");
  invariant(event.reason_code.size() <= 1000 && is_one_line(event.reason_code), "reason_code");
  invariant(event.reason_message.size() <= 1000 && is_one_line(event.reason_message),
            "reason_message");
  const std::string shown = core::html_escape(event.reason_message);
  invariant(shown.find_first_of("<>\"'") == std::string::npos, "an escaped reason holds no markup");
  invariant(core::is_valid_utf8(event.dedupe_text) && !event.dedupe_text.empty(), "dedupe_text");
  invariant(event.stored_body.size() <= 8192 && is_one_line(event.stored_body), "stored_body");
  invariant(!mentions_token(event.stored_body), "no bearer token is stored");
}

void check_meaning(const core::Event& event) {
  invariant(event.source == core::EventSource::kRedirect, "the source is a redirect");
  invariant(!event.status && !event.signed_by_portone, "a redirect never decides");
  invariant(event.asked_amount.empty(), "a redirect asks nothing");
  if (event.payment_id) invariant(core::is_valid_id_text(event.payment_id->str()), "payment_id");
  if (event.attempt_id) invariant(core::is_valid_id_text(event.attempt_id->str()), "attempt_id");
  const bool registers = event.kind == core::EventKind::kBillingKey ||
                         event.kind == core::EventKind::kIdentityVerification;
  if (registers || event.kind == core::EventKind::kPaymentMethod) {
    invariant(event.hint == core::UiState::kNone, "what pays nothing hints at nothing");
  } else {
    invariant(event.hint != core::UiState::kNone, "a return always hints at something");
  }
  invariant(!registers || (!event.payment_id && !event.attempt_id),
            "what pays nothing names no order");
  invariant(event.kind != core::EventKind::kPayment || event.payment_id || event.attempt_id,
            "a payment's return names it");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input = reconciled::fuzz::text_of(data, size);
  std::string_view form = input;
  const std::string_view query = reconciled::fuzz::take_until(form, '\0');
  const core::Event event = core::classify_redirect(query, form);
  check_texts(event);
  check_meaning(event);
  invariant(core::classify_redirect(query, form).dedupe_text == event.dedupe_text,
            "the same return is the same event");
  invariant(!core::says_failure(query, form) || event.api,
            "who says that it failed says whose flow it was");
  invariant(core::percent_decode(core::percent_encode(input), true) == input,
            "percent-encoding can be undone");
  return 0;
}
