#include "daemon/runtime/warnings.h"

#include <algorithm>
#include <array>

#include "daemon/runtime/log.h"
#include "daemon/runtime/metrics.h"

namespace reconciled {

std::string_view to_word(WarningKind kind) {
  static constexpr std::array<std::string_view, kWarningKinds> kWords{
      "webhook_signature", "webhook_not_configured",
      "portone_unauthorized", "portone_unreachable",
      "sweep_failing", "unreadable_rows",
      "database", "disk_low",
      "clock", "log",
      "notify_failing", "alert_failing",
      "inbox_lag", "file_damaged"};
  static_assert(static_cast<std::size_t>(WarningKind::kFileDamaged) + 1 == kWarningKinds);
  return kWords.at(static_cast<std::size_t>(kind));
}

void Warnings::raise(WarningKind kind, std::string_view about, std::string detail) {
  {
    const std::lock_guard lock(mutex_);
    const auto [found, is_new] = standing_.try_emplace(Key{kind, about});
    found->second.detail = detail;
    if (!is_new) return;
    found->second.since = clock_.now();
    count(kind);
  }
  log_warn("warning begins", {{"kind", to_word(kind)}, {"about", about}, {"detail", detail}});
}

void Warnings::lower(WarningKind kind, std::string_view about) {
  {
    const std::lock_guard lock(mutex_);
    if (standing_.erase(Key{kind, about}) == 0) return;
    count(kind);
  }
  log_info("warning ends", {{"kind", to_word(kind)}, {"about", about}});
}

std::vector<Warning> Warnings::standing() const {
  std::vector<Warning> all;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, standing] : standing_) {
      all.push_back({key.first, key.second, standing.since, standing.detail});
    }
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const Warning& l, const Warning& r) { return l.since < r.since; });
  return all;
}

void Warnings::count(WarningKind kind) {
  const auto stands = std::count_if(standing_.begin(), standing_.end(),
                                    [kind](const auto& entry) { return entry.first.first == kind; });
  metrics_.set_warning(kind, stands > 0);
}

}  // namespace reconciled
