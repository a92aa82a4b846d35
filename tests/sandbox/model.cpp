#include "tests/sandbox/model.h"

#include <array>
#include <utility>

namespace reconciled::sandbox {

std::string_view v1_word(Status status) {
  switch (status) {
    case Status::kReady:
    case Status::kVirtualAccountIssued:
      return "ready";
    case Status::kPayPending:
      return "pending";
    case Status::kPaid:
      return "paid";
    case Status::kFailed:
      return "failed";
    case Status::kPartialCancelled:
    case Status::kCancelled:
      return "cancelled";
  }
  return "";
}

std::string_view v2_word(Status status) {
  switch (status) {
    case Status::kReady:
      return "READY";
    case Status::kVirtualAccountIssued:
      return "VIRTUAL_ACCOUNT_ISSUED";
    case Status::kPayPending:
      return "PAY_PENDING";
    case Status::kPaid:
      return "PAID";
    case Status::kFailed:
      return "FAILED";
    case Status::kPartialCancelled:
      return "PARTIAL_CANCELLED";
    case Status::kCancelled:
      return "CANCELLED";
  }
  return "";
}

std::optional<Status> status_from_word(std::string_view word) {
  static constexpr std::array<std::pair<std::string_view, Status>, 7> kWords{
      {{"ready", Status::kReady},
       {"virtual_account_issued", Status::kVirtualAccountIssued},
       {"pay_pending", Status::kPayPending},
       {"paid", Status::kPaid},
       {"failed", Status::kFailed},
       {"partial_cancelled", Status::kPartialCancelled},
       {"cancelled", Status::kCancelled}}};
  for (const auto& [text, status] : kWords) {
    if (text == word) return status;
  }
  return std::nullopt;
}

std::string to_text(PortoneTime time) {
  std::string text = core::to_rfc3339(core::to_time(time));
  text.pop_back();  // the Z goes behind the finer digits
  const auto fine = static_cast<int>(time.time_since_epoch().count() % 1000);
  const std::string digits = std::to_string(1000 + fine);
  return text + digits.substr(1) + "Z";
}

std::int64_t to_seconds(PortoneTime time) {
  return std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
}

PortoneTime now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace reconciled::sandbox
