#include "daemon/books/reporter.h"

#include <pthread.h>

#include <algorithm>
#include <future>
#include <nlohmann/json.hpp>

#include "daemon/admin/admin_answers.h"
#include "daemon/books/report_run.h"
#include "daemon/runtime/log.h"
#include "daemon/views/view_json.h"

namespace reconciled::books {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::ordered_json;

// Of so many days a report is kept, with so many differences each.
constexpr int kKeptDays = 32;
constexpr std::size_t kKeptDifferences = 200;
// What the kept ones came to, the newest day first.
constexpr const char* kOutcomesKey = "report_outcomes";

// Days of 32 in a row have keys of their own.
std::string key_of(const std::string& date) {
  const auto day = core::parse_date(date);
  if (!day) return "report_0";
  const auto number = std::chrono::sys_days(*day).time_since_epoch().count();
  return "report_" + std::to_string(number % kKeptDays);
}

http::Response response_of(const std::string& report, bool as_csv) {
  if (!as_csv) return admin::json(200, report);
  const Json json = Json::parse(report, nullptr, false);
  if (!json.is_object() || json.value("state", "") != "done") {
    return admin::error(409, "conflict", "the report is not done: GET /report tells how far it is");
  }
  return {200,
          "text/csv; charset=utf-8",
          csv_of(json),
          {{"Content-Disposition",
            "attachment; filename=\"books-" + json.value("day", "") + ".csv\""}}};
}

std::vector<DayReports::Outcome> kept_outcomes(storage::Reader& reader) {
  std::vector<DayReports::Outcome> outcomes;
  const Json kept = Json::parse(reader.kept(kOutcomesKey).value_or("[]"), nullptr, false);
  if (!kept.is_array()) return outcomes;
  for (const Json& one : kept) {
    const auto made_at = core::parse_rfc3339(one.value("made_at", ""));
    outcomes.push_back({one.value("day", ""), one.value("complete", false),
                        one.value("differences", std::int64_t{0}),
                        made_at ? core::to_time(*made_at) : core::Time{}});
  }
  return outcomes;
}

std::string to_text(const std::vector<DayReports::Outcome>& outcomes) {
  Json all = Json::array();
  for (const DayReports::Outcome& one : outcomes) {
    all.push_back({{"day", one.day},
                   {"complete", one.is_complete},
                   {"differences", one.differences},
                   {"made_at", core::to_rfc3339(one.made_at)}});
  }
  return dump_json(all);
}

std::optional<std::string> kept_report(storage::Reader& reader, const std::string& day) {
  auto kept = reader.kept(key_of(day));
  if (!kept) return std::nullopt;
  // The key is another day's, too.
  const Json json = Json::parse(*kept, nullptr, false);
  return json.is_object() && json.value("day", "") == day ? kept : std::nullopt;
}

std::string newest_day(storage::Reader& reader) {
  const auto outcomes = kept_outcomes(reader);
  const auto newest = std::max_element(
      outcomes.begin(), outcomes.end(),
      [](const auto& one, const auto& other) { return one.made_at < other.made_at; });
  return newest == outcomes.end() ? "" : newest->day;
}

http::Response kept_response(storage::Reader& reader,
                             const std::optional<core::BookDay>& day, bool as_csv) {
  const auto kept = kept_report(reader, day ? day->date : newest_day(reader));
  if (kept) return response_of(*kept, as_csv);
  return admin::not_found(day ? "no report of that day is kept: POST /report makes one"
                              : "no report was made yet");
}

}  // namespace

void Reporter::add_routes(http::Router& router) {
  router.on("POST", "/report", [this](const http::Request& r) { return post(r); });
  router.on("GET", "/report", [this](const http::Request& r) { return show(r); });
}

std::optional<std::string> Reporter::want(const core::BookDay& day) {
  {
    auto shared = shared_.lock();
    if (shared->wanted) {
      return shared->wanted->date == day.date ? std::nullopt
                                              : std::optional(shared->wanted->date);
    }
    shared->wanted = day;
    shared->listed = 0;
  }
  wake_.notify_all();
  return std::nullopt;
}

http::Answer Reporter::post(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  const auto day = read_report_body(request.body, uses_.clock.now());
  if (!day.ok()) return admin::bad_request(day.error());
  if (const auto other = want(day.value())) {
    return admin::error(409, "conflict",
                        "the report of " + *other + " is being made, and there is one at a time");
  }
  return admin::json(202, in_memory(day.value()).value_or("{}"));
}

DayReports::Begun Reporter::begin(const std::string& day) {
  const auto date = read_day("day", day, uses_.clock.now());
  if (!date.ok()) return Begun::kNoDay;
  return want(book_day(date.value())) ? Begun::kBusy : Begun::kBegun;
}

std::vector<DayReports::Outcome> Reporter::outcomes(storage::Reader& reader) const {
  return kept_outcomes(reader);
}

std::optional<std::string> Reporter::report(storage::Reader& reader, const std::string& day) {
  const auto date = read_day("day", day, uses_.clock.now());
  if (!date.ok()) return std::nullopt;
  auto report = in_memory(book_day(date.value()));
  return report ? report : kept_report(reader, core::to_text(date.value()));
}

std::optional<std::string> Reporter::in_memory(const std::optional<core::BookDay>& day) {
  auto shared = shared_.lock();
  if (shared->wanted && (!day || shared->wanted->date == day->date)) {
    return dump_json(
        {{"day", shared->wanted->date}, {"state", "running"}, {"listed", shared->listed}});
  }
  if (!shared->newest.empty() && (!day || shared->newest_day == day->date)) return shared->newest;
  return std::nullopt;
}

http::Answer Reporter::show(const http::Request& request) {
  const auto query = read_report_query(request.query(), uses_.clock.now());
  if (!query.ok()) return admin::bad_request(query.error());
  if (const auto report = in_memory(query.value().day)) {
    return response_of(*report, query.value().as_csv);
  }
  return {admin::unavailable(), [this, wanted = query.value()](const http::Completion& complete) {
            uses_.readers.run(
                [wanted, complete](storage::Reader& reader) {
                  complete(kept_response(reader, wanted.day, wanted.as_csv));
                },
                [complete] { complete(std::nullopt); });
          }};
}

void Reporter::start() {
  thread_ = std::thread([this] { loop(); });
}

void Reporter::stop_soon() {
  shared_.lock()->is_stopping = true;
  wake_.notify_all();
}

void Reporter::stop() {
  stop_soon();
  if (thread_.joinable()) thread_.join();
}

void Reporter::loop() {
  pthread_setname_np(pthread_self(), "report");
  for (;;) {
    std::optional<core::BookDay> day;
    {
      auto shared = shared_.lock();
      shared.wait(wake_, [&] { return shared->is_stopping || shared->wanted; });
      if (shared->is_stopping) return;
      day = shared->wanted;
    }
    std::string made;
    try {
      made = make(*day);
    } catch (const ReportStopped&) {
      return;
    } catch (const std::exception& error) {
      log_error("the report is in trouble", {{"day", day->date}, {"error", error.what()}});
      uses_.writer.reading_failed(error);
      Report failed;
      failed.day = *day;
      failed.timezone = uses_.timezone;
      failed.made_at = uses_.clock.now();
      failed.gaps.push_back(std::string("it failed: ") + error.what());
      made = dump_json(to_json(failed, 0));
    }
    auto shared = shared_.lock();
    shared->newest = std::move(made);
    shared->newest_day = day->date;
    shared->wanted.reset();
  }
}

std::string Reporter::make(const core::BookDay& day) {
  storage::Reader reader(uses_.store);
  ReportRun run({.askable = uses_.askable,
                 .policy = uses_.policy,
                 .clock = uses_.clock,
                 .reader = reader,
                 .portone = uses_.portone,
                 .pause = [this](std::chrono::milliseconds time) { return pause(time); },
                 .progress = [this](std::int64_t listed) { shared_.lock()->listed = listed; }},
                day, uses_.timezone);
  const Report report = run.make();
  log_info("books compared", {{"day", day.date},
                              {"complete", report.is_complete()},
                              {"compared", report.compared},
                              {"differences", report.difference_count()}});
  keep(day, report, reader);
  return dump_json(to_json(report, Report::kMostTold));
}

void Reporter::keep(const core::BookDay& day, const Report& report, storage::Reader& reader) {
  uses_.writer.put(key_of(day.date), dump_json(to_json(report, kKeptDifferences)));
  if (!outcomes_) outcomes_ = kept_outcomes(reader);
  // One whose place this report takes is not kept any more.
  std::erase_if(*outcomes_, [&](const Outcome& one) { return key_of(one.day) == key_of(day.date); });
  outcomes_->push_back(
      {day.date, report.is_complete(), report.difference_count(), report.made_at});
  std::sort(outcomes_->begin(), outcomes_->end(),
            [](const Outcome& one, const Outcome& other) { return one.day > other.day; });
  // Whoever is told that it is made finds it everywhere.
  std::promise<void> kept;
  uses_.writer.put(kOutcomesKey, to_text(*outcomes_), [&kept](const auto&) { kept.set_value(); });
  kept.get_future().wait();
}

bool Reporter::pause(std::chrono::milliseconds time) {
  auto shared = shared_.lock();
  if (time <= 0ms) return shared->is_stopping;
  return shared.wait_for(wake_, time, [&] { return shared->is_stopping; });
}

}  // namespace reconciled::books
