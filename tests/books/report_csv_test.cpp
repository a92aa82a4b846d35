#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/books/report.h"
#include "tests/core/books/booking.h"

using namespace reconciled;
using namespace reconciled::books;

namespace {

Report report_with(const std::string& id, const std::string& detail) {
  Report report;
  report.day = test::kDay;
  report.timezone = "Asia/Seoul";
  core::BookEntry entry = test::paid_entry();
  entry.currency = core::Currency::make("USD").value();
  entry.total_amount = 1'050;
  report.add({core::DifferenceKind::kMissingHere, id, "a1", detail, entry, {}, {}});
  return report;
}

std::string csv(const Report& report) { return csv_of(to_json(report, Report::kMostTold)); }

}  // namespace

TEST_CASE("csv: Excel reads Hangul, commas, quotes and lines in a cell") {
  const std::string text = csv(report_with("주문-1", "one, \"two\"\r\nthree"));
  CHECK(text.starts_with("\xEF\xBB\xBFrow,kind,payment_id,"));
  CHECK(text.find("difference,missing_here,주문-1,a1,USD,,,paid,,10.50,0.00,") != std::string::npos);
  CHECK(text.find(",\"one, \"\"two\"\"\r\nthree\",") != std::string::npos);
  CHECK(text.ends_with("\r\n"));
}

TEST_CASE("csv: nothing that comes from outside is a formula") {
  for (const char* id : {"=SUM(A1)", "+1", "-1", "@cmd", "\t=1"}) {
    CAPTURE(id);
    CHECK(csv(report_with(id, "x")).find(std::string(",'") + id + ",a1") != std::string::npos);
  }
}

TEST_CASE("csv: the first row tells whether the books agree") {
  Report report;
  report.day = test::kDay;
  CHECK(csv(report).find("report,agrees,") != std::string::npos);
  CHECK(csv(report_with("a", "b")).find("report,differs,") != std::string::npos);
  report.gaps.push_back("the list ended");
  CHECK(csv(report).find("report,incomplete,") != std::string::npos);
  CHECK(csv(report).find("INCOMPLETE: the list ended") != std::string::npos);
  CHECK(to_json(report, 10).at("agrees") == false);
}

TEST_CASE("report: so many differences are told one by one, and all are counted") {
  Report report;
  report.day = test::kDay;
  for (std::size_t i = 0; i < Report::kMostTold + 5; ++i) {
    report.add({core::DifferenceKind::kMissingHere, "p", "a", "d", {}, {}, {}});
  }
  const auto json = to_json(report, Report::kMostTold);
  CHECK(json.at("difference_count") == Report::kMostTold + 5);
  CHECK(json.at("counts").at("missing_here") == Report::kMostTold + 5);
  CHECK(json.at("left_out") == 5);
  CHECK(to_json(report, 3).at("differences").size() == 3);
  CHECK(to_json(report, 3).at("left_out") == Report::kMostTold + 2);
}
