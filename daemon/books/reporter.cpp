#include "daemon/books/reporter.h"

#include <pthread.h>

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
constexpr const char* kNewestKey = "report_newest";

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

http::Response kept_response(storage::Reader& reader, const std::optional<core::BookDay>& day,
                             bool as_csv) {
  const std::string date = day ? day->date : reader.kept(kNewestKey).value_or("");
  const std::string kept = date.empty() ? "" : reader.kept(key_of(date)).value_or("");
  const Json json = Json::parse(kept, nullptr, false);
  if (!json.is_object() || json.value("day", "") != date) {
    return admin::not_found(day ? "no report of that day is kept: POST /report makes one"
                                : "no report was made yet");
  }
  return response_of(kept, as_csv);
}

}  // namespace

void Reporter::add_routes(http::Router& router) {
  router.on("POST", "/report", [this](const http::Request& r) { return begin(r); });
  router.on("GET", "/report", [this](const http::Request& r) { return show(r); });
}

http::Answer Reporter::begin(const http::Request& request) {
  if (const auto fault = refuse_parameters(request.query())) return admin::bad_request(*fault);
  const auto day = read_report_body(request.body, uses_.clock.now());
  if (!day.ok()) return admin::bad_request(day.error());
  {
    auto shared = shared_.lock();
    if (shared->wanted && shared->wanted->date != day.value().date) {
      return admin::error(409, "conflict",
                          "the report of " + shared->wanted->date +
                              " is being made, and there is one at a time: ask again when it is done");
    }
    if (!shared->wanted) {
      shared->wanted = day.value();
      shared->listed = 0;
    }
  }
  wake_.notify_all();
  return admin::json(202, in_memory(day.value()).value_or("{}"));
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
  keep(day, report);
  return dump_json(to_json(report, Report::kMostTold));
}

void Reporter::keep(const core::BookDay& day, const Report& report) {
  uses_.writer.put(key_of(day.date), dump_json(to_json(report, kKeptDifferences)));
  uses_.writer.put(kNewestKey, day.date);
}

bool Reporter::pause(std::chrono::milliseconds time) {
  auto shared = shared_.lock();
  if (time <= 0ms) return shared->is_stopping;
  return shared.wait_for(wake_, time, [&] { return shared->is_stopping; });
}

}  // namespace reconciled::books
