// libFuzzer target: any bytes as a return URL's query and form; the first NUL parts them.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "daemon/core/redirect.h"
#include "daemon/core/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace core = reconciled::core;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(input.find('\0'), input.size());
  const core::Event event =
      core::classify_redirect(input.substr(0, end), input.substr(std::min(end + 1, input.size())));
  const bool sound =
      core::is_valid_utf8(event.stored_body) && core::is_valid_utf8(event.dedupe_text) &&
      core::is_valid_utf8(event.reason_message) && event.stored_body.size() <= 8192 &&
      !event.status && event.source == core::EventSource::kRedirect;
  if (!sound) std::abort();
  return 0;
}
