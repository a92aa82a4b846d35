// The books: which days were compared, what a day came to, and the button that compares one.
#include "daemon/core/books/day.h"
#include "daemon/core/words/text.h"
#include "daemon/dashboard/books_page.h"
#include "daemon/dashboard/dashboard.h"
#include "daemon/runtime/log.h"
#include "daemon/runtime/time_zone.h"

namespace reconciled::dashboard {
namespace {

std::string days_ago(core::Time now, std::chrono::days days) {
  const auto today = std::chrono::floor<std::chrono::days>(local_time(now).shown());
  return core::to_text(std::chrono::year_month_day(today - days));
}

}  // namespace

void Dashboard::add_books(http::Router& router) {
  using Request = http::Request;
  router.on("GET", "/dashboard/books",
            [this](const Request& r) { return books(r, DayReports::Begun::kBegun); });
  router.on("GET", "/dashboard/books/([0-9-]+)", [this](const Request& r) { return book_day(r); });
  router.on("POST", "/dashboard/books", [this](const Request& r) { return compare_books(r); });
}

http::Answer Dashboard::books(const http::Request& request, DayReports::Begun begun) {
  const View view = view_of(request);
  return reading(view, [this, view, begun](storage::Reader& reader) {
    return render(view, BooksPage{.days = uses_.reports.outcomes(reader),
                                  .yesterday = days_ago(view.now, std::chrono::days(1)),
                                  .today = days_ago(view.now, std::chrono::days(0)),
                                  .begun = begun});
  });
}

http::Answer Dashboard::book_day(const http::Request& request) {
  const View view = view_of(request);
  return reading(view, [this, view, day = request.captures.at(0)](storage::Reader& reader) {
    return render_book_day(view, day, uses_.reports.report(reader, day));
  });
}

http::Answer Dashboard::compare_books(const http::Request& request) {
  const std::string day =
      core::form_value(core::parse_form(request.body), "day").value_or("");
  const DayReports::Begun begun = uses_.reports.begin(day);
  if (begun != DayReports::Begun::kBegun) return books(request, begun);
  log_info("dashboard: report asked for", {{"day", day}});
  return go_to(address_of_books(day));
}

}  // namespace reconciled::dashboard
