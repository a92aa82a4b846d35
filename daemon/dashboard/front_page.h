// The front page: what is wrong first, then how the whole goes. Pure.
#pragma once

#include <optional>
#include <vector>

#include "daemon/dashboard/frame.h"
#include "daemon/dashboard/hours.h"
#include "daemon/runtime/day_reports.h"
#include "daemon/runtime/warnings.h"
#include "storage/reader.h"

namespace reconciled::dashboard {

struct ApiHealth {
  core::Api api = core::Api::kV1;
  std::optional<core::Time> last_webhook;
  std::optional<core::Time> last_sweep;
};

struct FrontPage {
  std::vector<Warning> warnings;
  std::vector<Hour> hours;
  // Absent where the database cannot be read.
  struct Stored {
    storage::Stats stats;     // counted a moment ago
    core::Time counted_at{};  // then
    std::vector<storage::FindingView> findings;  // the newest open ones
    std::vector<ApiHealth> apis;
    storage::NotificationOutlook notifications;
    std::optional<DayReports::Outcome> books;  // of the newest day that was compared
  };
  std::optional<Stored> stored;
  bool notifies = false;
  bool is_paused = false;
  std::size_t waiting_lookups = 0;
};
[[nodiscard]] http::Response render(const View& view, const FrontPage& content);

// The last 24 hours as a picture, with its figures as a table beside it.
void add_chart(core::Html& html, const View& view, const std::vector<Hour>& hours);

}  // namespace reconciled::dashboard
