// What the calls about books ask for. Bad values give the sentence to answer 400 with.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "daemon/admin/admin_query.h"
#include "daemon/core/books/day.h"

namespace reconciled::books {

// The day in the configured time zone.
[[nodiscard]] core::BookDay book_day(const std::chrono::year_month_day& date);

// `2026-11-22`, `today` or `yesterday`, and not after today. `name`: what to call it.
[[nodiscard]] core::Outcome<std::chrono::year_month_day, BadRequest> read_day(
    std::string_view name, const std::string& text, core::Time now);

// The body of POST /backfill.
struct BackfillRequest {
  std::string from;
  std::string to;
  core::Time begin{};
  core::Time end{};  // of the last day, or now
  bool notify = false;
};
[[nodiscard]] core::Outcome<BackfillRequest, BadRequest> read_backfill_body(std::string_view body,
                                                                            core::Time now);

// The body of POST /report.
[[nodiscard]] core::Outcome<core::BookDay, BadRequest> read_report_body(std::string_view body,
                                                                        core::Time now);

// GET /report: without a day the newest.
struct ReportQuery {
  std::optional<core::BookDay> day;
  bool as_csv = false;
};
[[nodiscard]] core::Outcome<ReportQuery, BadRequest> read_report_query(std::string_view query,
                                                                       core::Time now);

}  // namespace reconciled::books
