// The books of a day beside PortOne's: how each day came out, and what differs. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "daemon/dashboard/frame.h"
#include "daemon/runtime/day_reports.h"

namespace reconciled::dashboard {

struct BooksPage {
  std::vector<DayReports::Outcome> days;
  std::string yesterday;  // what a person most likely wants to see
  std::string today;      // no later one can be asked for
  DayReports::Begun begun = DayReports::Begun::kBegun;  // what became of the wish before
};
[[nodiscard]] http::Response render(const View& view, const BooksPage& content);

// `report`: what GET /report answers; absent: none is kept of that day.
[[nodiscard]] http::Response render_book_day(const View& view, const std::string& day,
                                             const std::optional<std::string>& report);

// "2 differences", and how that looks.
void add_outcome(core::Html& html, const View& view, const DayReports::Outcome& outcome);
[[nodiscard]] std::string address_of_books(const std::string& day);

}  // namespace reconciled::dashboard
