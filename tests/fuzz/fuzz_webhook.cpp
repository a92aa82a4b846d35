// libFuzzer target: any bytes as a webhook's body, under each content type, signed and not.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "daemon/core/text.h"
#include "daemon/core/webhook.h"

namespace {

namespace core = reconciled::core;

void check(bool holds) {
  if (!holds) std::abort();
}

void classify(std::string_view content_type, std::string_view body, bool has_signature) {
  const auto message = core::classify_webhook(content_type, body, has_signature, "msg_1");
  if (!message) return;
  const core::Event& event = message.value().event;
  check(core::is_valid_utf8(event.stored_body));
  check(core::is_valid_utf8(event.dedupe_text));
  check(!event.dedupe_text.empty());
  check(!event.signed_by_portone);
  check(!event.status || event.kind == core::EventKind::kPayment);
  check((event.kind == core::EventKind::kConfirm) == (event.source == core::EventSource::kConfirm));
  check(!has_signature || message.value().needs_signature);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  for (const std::string_view type :
       {std::string_view{"application/json"}, std::string_view{"application/x-www-form-urlencoded"},
        std::string_view{}}) {
    classify(type, body, true);
    classify(type, body, false);
  }
  return 0;
}
