// libFuzzer target: any bytes as PortOne's answer; the first byte picks the HTTP status.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "daemon/core/portone_answer.h"
#include "daemon/core/text.h"

namespace {

namespace core = reconciled::core;

void check(const core::Snapshot& snapshot) {
  const bool sound = snapshot.total_amount >= 0 && snapshot.cancelled_amount >= 0 &&
                     core::is_valid_id_text(snapshot.payment_id.str()) &&
                     core::is_valid_id_text(snapshot.attempt_id.str()) &&
                     core::is_valid_utf8(snapshot.stored_body);
  if (!sound) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::array<int, 4> kStatuses{200, 207, 404, 500};
  if (size == 0) return 0;
  const int status = kStatuses[data[0] % kStatuses.size()];
  const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const core::Time asked_at = core::from_ms(0);
  const auto one = core::read_v1_payment(status, body, asked_at);
  if (one) check(one.value());
  const auto list = core::read_v1_list(status, body, asked_at);
  if (list) {
    for (const core::Snapshot& snapshot : list.value().snapshots) check(snapshot);
  }
  const auto second = core::read_v2_payment(status, body, asked_at);
  if (second) check(second.value());
  if (core::read_v1_token(status, body) && status != 200 && status != 207) std::abort();
  return 0;
}
