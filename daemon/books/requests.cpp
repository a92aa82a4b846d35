#include "daemon/books/requests.h"

#include <nlohmann/json.hpp>

#include "daemon/core/words/json.h"
#include "daemon/core/words/text.h"
#include "daemon/runtime/time_zone.h"

namespace reconciled::books {
namespace {

using core::Outcome;
using std::chrono::year_month_day;

year_month_day next(const year_month_day& date) {
  return std::chrono::sys_days(date) + std::chrono::days(1);
}

// The member, which has to be a text.
Outcome<year_month_day, BadRequest> day_member(const nlohmann::json& body, const char* name,
                                               core::Time now) {
  const auto text = core::text_member(body, name);
  if (!text) return BadRequest{std::string(name) + " must be a date such as 2026-11-22"};
  return read_day(name, *text, now);
}

}  // namespace

core::BookDay book_day(const year_month_day& date) {
  return {core::to_text(date), begin_of_day(date), begin_of_day(next(date))};
}

Outcome<year_month_day, BadRequest> read_day(std::string_view name, const std::string& text,
                                             core::Time now) {
  const year_month_day today = local_date(now);
  if (text == "today") return today;
  if (text == "yesterday") {
    return year_month_day(std::chrono::sys_days(today) - std::chrono::days(1));
  }
  const auto date = core::parse_date(text);
  if (!date) {
    return BadRequest{std::string(name) + " must be a date from 2010 on such as 2026-11-22, not " +
                      core::clean_text(text, 40)};
  }
  if (*date > today) {
    return BadRequest{std::string(name) + " is in the future: " + text + ", today is " +
                      core::to_text(today)};
  }
  return *date;
}

Outcome<BackfillRequest, BadRequest> read_backfill_body(std::string_view body, core::Time now) {
  const auto json = read_object(body, {"from", "to", "notify"});
  if (!json.ok()) return json.error();
  const auto from = day_member(json.value(), "from", now);
  if (!from.ok()) return from.error();
  const auto to = day_member(json.value(), "to", now);
  if (!to.ok()) return to.error();
  if (from.value() > to.value()) {
    return BadRequest{"from (" + core::to_text(from.value()) + ") is after to (" +
                      core::to_text(to.value()) + ")"};
  }
  const auto notify = core::bool_member(json.value(), "notify");
  if (!notify && core::member(json.value(), "notify") != nullptr) {
    return BadRequest{"notify must be true or false"};
  }
  return BackfillRequest{core::to_text(from.value()), core::to_text(to.value()),
                         begin_of_day(from.value()),
                         std::min(begin_of_day(next(to.value())), now), notify.value_or(false)};
}

Outcome<core::BookDay, BadRequest> read_report_body(std::string_view body, core::Time now) {
  const auto json = read_object(body, {"day"});
  if (!json.ok()) return json.error();
  const auto day = day_member(json.value(), "day", now);
  if (!day.ok()) return day.error();
  return book_day(day.value());
}

Outcome<ReportQuery, BadRequest> read_report_query(std::string_view query, core::Time now) {
  ReportQuery read;
  for (const auto& [name, value] : core::parse_form(query)) {
    if (name == "day" && !value.empty()) {
      const auto day = read_day("day", value, now);
      if (!day.ok()) return day.error();
      read.day = book_day(day.value());
    } else if (name == "format") {
      if (value != "json" && value != "csv") return BadRequest{"format must be json or csv"};
      read.as_csv = value == "csv";
    } else if (name != "day") {
      return BadRequest{"unknown parameter: " + core::clean_text(name, 40)};
    }
  }
  return read;
}

}  // namespace reconciled::books
