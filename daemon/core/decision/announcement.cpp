#include "daemon/core/decision/announcement.h"

#include <algorithm>
#include <array>

#include "daemon/core/decision/schedule.h"

namespace reconciled::core {
namespace {

using namespace std::chrono_literals;

// Interface §7, after the first try, which is made at once.
constexpr std::array<std::chrono::seconds, 9> kPauses{5s,    30s, 2min, 10min, 30min,
                                                      1h,    3h,  6h,   12h};
constexpr std::chrono::seconds kLastPause = 24h;
constexpr auto kParkedAfter = std::chrono::days(10);
// A clock that was set forward gives nothing up: so many tries take more than a day.
constexpr std::int64_t kLeastTries = 11;

std::optional<NotificationType> while_paid(const Standing& told, const Standing& now,
                                           PaidMessages paid) {
  const bool was_deliverable = told.deliverable && told.winner == now.winner;
  if (!now.deliverable) {
    const bool is_known = told.result == Result::kPaid && !told.deliverable;
    if (is_known) return std::nullopt;
    return NotificationType::kHeld;
  }
  switch (paid) {
    case PaidMessages::kStand:
      if (told.deliverable) return std::nullopt;
      return NotificationType::kRestored;
    case PaidMessages::kSuperseded:
      return NotificationType::kPaid;
    case PaidMessages::kNone:
      break;
  }
  // Where messages began later than the payment, what stood before is no news.
  if (was_deliverable) return std::nullopt;
  return NotificationType::kPaid;
}

}  // namespace

std::optional<NotificationType> announcement(const Standing& told, const Standing& now,
                                             PaidMessages paid) {
  const bool is_new = told.result != now.result;
  switch (now.result) {
    case Result::kPaid:
      return while_paid(told, now, paid);
    case Result::kPartiallyCancelled:
      // Each further refund is news.
      if (!is_new && told.cancelled_amount == now.cancelled_amount) return std::nullopt;
      return NotificationType::kPartiallyCancelled;
    case Result::kCancelled:
      if (!is_new) return std::nullopt;
      return NotificationType::kCancelled;
    case Result::kFailed:
      if (!is_new) return std::nullopt;
      return NotificationType::kFailed;
    case Result::kAwaitingDeposit:
      // Another attempt has another account.
      if (!is_new && told.winner == now.winner) return std::nullopt;
      return NotificationType::kAwaitingDeposit;
    case Result::kNone:
    case Result::kReady:
    case Result::kPending:
      if (!told.deliverable) return std::nullopt;
      return NotificationType::kHeld;
  }
  return std::nullopt;
}

std::optional<Time> next_try(std::int64_t tries, Time failing_since, Time now, std::string_view id,
                             std::optional<std::chrono::milliseconds> retry_after) {
  if (now - failing_since >= kParkedAfter && tries >= kLeastTries) return std::nullopt;
  const auto step = static_cast<std::size_t>(std::max<std::int64_t>(tries, 1) - 1);
  const std::chrono::milliseconds pause = step < kPauses.size() ? kPauses[step] : kLastPause;
  return now + std::max(pause + jitter(id, pause), retry_after.value_or(0ms));
}

}  // namespace reconciled::core
