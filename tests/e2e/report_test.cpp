// `reconciled report`: PortOne's list, ours and the registered orders of a day.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "tests/e2e/books_days.h"
#include "tests/e2e/rig.h"

using namespace reconciled::e2e;

namespace {

using Kinds = std::multimap<std::string, std::string>;  // by payment

// Nothing is asked about again by itself.
Settings quiet() { return scheduled("\"1h\""); }

Json paid(const std::string& version, const std::string& id, int days_ago = 1) {
  return {{"version", version}, {"payment_id", id}, {"status", "paid"}, {"at", noon_text(days_ago)}};
}

Json with(Json members, const Json& more) {
  members.update(more);
  return members;
}

Json report_of(const Rig& rig, int days_ago, int status) {
  const Finished done =
      rig.daemon.command({"report", "--day", date(days_ago), "--format", "json"});
  CHECK_MESSAGE(done.status == status, done.out << done.err);
  return Json::parse(done.out, nullptr, false);
}

Kinds kinds_of(const Json& report) {
  Kinds kinds;
  for (const Json& one : report.at("differences")) {
    kinds.emplace(one.at("payment_id"), one.at("kind"));
  }
  return kinds;
}

std::string lines_of(const Kinds& kinds) {
  std::vector<std::string> lines;
  for (const auto& [id, kind] : kinds) lines.push_back(id + " " + kind + "\n");
  std::sort(lines.begin(), lines.end());
  return std::accumulate(lines.begin(), lines.end(), std::string());
}

void hide(Rig& rig, const std::string& payment) {
  rig.portone.add_fault({{"answers", {{"payment", payment}, {"hidden", true}}}});
}
// By its own version's API: V2's shows V1 payments, too.
void show_as(Rig& rig, const std::string& payment, const Json& patch) {
  const std::string version = payment.substr(payment.size() - 2);
  rig.portone.add_fault(
      {{"answers", {{"where", version}, {"payment", payment}, {"merge", patch}}}});
}

// A day on which the books agree, of both versions, with all that is no difference.
void live_well(Rig& rig) {
  for (const std::string& v : kVersions) {
    for (int i = 0; i < 5; ++i) {
      const std::string id = "good-" + v + "-" + std::to_string(i);
      rig.daemon.register_order(id);
      rig.portone.make(paid(v, id));
      rig.daemon.wait_for_result(id, "paid");
    }
    for (const char* name : {"next-day", "older", "twice-back"}) {
      rig.daemon.register_order(name + ("-" + v));
    }
    // Paid on the day, cancelled on the next.
    const Json next = rig.portone.make(paid(v, "next-day-" + v));
    rig.portone.move(next, {{"status", "cancelled"}});
    rig.daemon.wait_for_result("next-day-" + v, "cancelled");
    // Paid long before, partly given back on the day.
    const Json older = rig.portone.make(paid(v, "older-" + v, 9));
    rig.portone.move(older, {{"status", "cancelled"}, {"cancel_amount", 3'000}, {"at", noon_text(1)}});
    rig.daemon.wait_for_result("older-" + v, "partially_cancelled");
    // Given back in part on the day, and the rest later.
    const Json twice = rig.portone.make(paid(v, "twice-back-" + v));
    rig.portone.move(twice, {{"status", "cancelled"}, {"cancel_amount", 1'000}, {"at", noon_text(1)}});
    rig.portone.move(twice, {{"status", "cancelled"}});
    rig.daemon.wait_for_result("twice-back-" + v, "cancelled");
    rig.portone.make(with(paid(v, "declined-" + v), {{"status", "failed"}, {"webhook", false}}));
    rig.portone.make(with(paid(v, "left-" + v), {{"status", "ready"}, {"webhook", false}}));
    rig.portone.make(with(paid(v, "account-" + v), {{"method", "vbank"},
                                                     {"status", "virtual_account_issued"},
                                                     {"webhook", false}}));
  }
}

}  // namespace

TEST_CASE("report: money belongs to the day when it moved, and the books agree") {
  Rig rig(quiet());
  live_well(rig);
  const Json report = report_of(rig, 1, 0);
  CHECK(report.at("complete") == true);
  CHECK(report.at("agrees") == true);
  CHECK(report.at("day") == date(1));
  for (const Json& total : report.at("totals")) {
    CAPTURE(total.dump());
    CHECK(total.at("currency") == "KRW");
    CHECK(total.at("portone") == total.at("ours"));
    // 5 good, one cancelled on the next day, one given back twice.
    CHECK(total.at("portone").at("paid") == Json{{"count", 7}, {"amount", 70'000}});
    CHECK(total.at("portone").at("cancelled") == Json{{"count", 2}, {"amount", 4'000}});
    CHECK(total.at("ordered") == Json{{"count", 7}, {"amount", 70'000}});
  }
  CHECK(report.at("totals").size() == 2);
  // The day of the older payments, and today with what was cancelled since.
  CHECK(report_of(rig, 9, 0).at("totals")[0].at("portone").at("paid").at("count") == 1);
  const Json today = report_of(rig, 0, 0);
  CHECK(today.at("is_day_over") == false);
  CHECK(today.at("totals")[0].at("portone").at("cancelled") ==
        Json{{"count", 2}, {"amount", 19'000}});
  CHECK(report_of(rig, 30, 0).at("totals").empty());
}

TEST_CASE("report: of 25 differences of all kinds it tells exactly those") {
  Rig rig(quiet());
  live_well(rig);
  Kinds expected;
  const auto order = [&](const std::string& id, std::int64_t amount = 10'000,
                         const std::string& currency = "KRW") {
    rig.daemon.register_order(id, amount, currency);
  };
  const auto known = [&](const std::string& v, const std::string& id, const char* kind,
                         const Json& more = Json::object()) {
    expected.emplace(id, kind);
    const Json made = rig.portone.make(with(paid(v, id), more));
    rig.daemon.wait_for_result(id, "paid");
    return made;
  };
  // PortOne has it, and we do not.
  for (const char* v : {"v1", "v2", "v2"}) {
    const std::string id = "lost-" + std::to_string(expected.size());
    expected.emplace(id, "missing_here");
    rig.portone.make(with(paid(v, id), {{"webhook", false}}));
  }
  for (const std::string& v : kVersions) {
    for (const char* id : {"gone-", "back-", "amount-", "more-back-", "twice-"}) order(id + v);
    // We have it, and PortOne does not.
    known(v, "gone-" + v, "missing_at_portone");
    hide(rig, "gone-" + v);
    // Given back, and nobody told us.
    rig.portone.move(known(v, "back-" + v, "status_differs"),
                     {{"status", "cancelled"}, {"trigger", "API"}, {"webhook", false}});
    known(v, "amount-" + v, "amount_differs");
    show_as(rig, "amount-" + v,
            v == "v1" ? Json{{"amount", 9'000}} : Json{{"amount", {{"total", 9'000}}}});
    const Json partly = known(v, "more-back-" + v, "cancelled_amount_differs");
    rig.portone.move(partly, {{"status", "cancelled"}, {"cancel_amount", 1'000}, {"at", noon_text(1)}});
    rig.daemon.wait_for_result("more-back-" + v, "partially_cancelled");
    rig.portone.move(partly, {{"status", "cancelled"}, {"cancel_amount", 1'000}, {"webhook", false}});
    // The shop's side.
    known(v, "stranger-" + v, "paid_without_order");
    order("dear-" + v, 12'000);
    known(v, "dear-" + v, "order_amount_differs");
    known(v, "twice-" + v, "double_paid");
    rig.portone.make(paid(v, "twice-" + v));
    rig.daemon.wait_for("twice-" + v, [](const Json& p) { return p.at("attempts").size() == 2; });
  }
  order("partly-v2");
  rig.portone.move(known("v2", "partly-v2", "status_differs"),
                   {{"status", "cancelled"}, {"cancel_amount", 1}, {"webhook", false}});
  order("yen-v2");
  known("v2", "yen-v2", "currency_differs");
  show_as(rig, "yen-v2", {{"currency", "JPY"}});
  order("dollars-v1", 10'000, "USD");
  known("v1", "dollars-v1", "order_currency_differs");
  order("test-v2");
  known("v2", "test-v2", "other_channel", {{"channel", "test"}});
  order("store-v2");
  known("v2", "store-v2", "other_store",
        {{"shown_store_id", "store-00000000-0000-4000-8000-000000000001"}});
  order("mine-v1");
  known("v1", "mine-v1", "other_payment");
  show_as(rig, "mine-v1", {{"merchant_uid", "theirs-v1"}});
  expected.erase("mine-v1");
  expected.emplace("theirs-v1", "other_payment");
  order("moved-v1");
  known("v1", "moved-v1", "day_differs");
  show_as(rig, "moved-v1", {{"paid_at", reconciled::core::to_ms(noon(2)) / 1000}});
  expected.emplace("odd", "unreadable");
  rig.portone.add_fault({{"answers",
                          {{"where", "v2 list"},
                           {"rows", {{{"id", "odd"}, {"status", "PAID"}, {"amount", nullptr}}}}}}});
  REQUIRE(expected.size() == 25);

  const Json report = report_of(rig, 1, 3);
  CHECK(report.at("complete") == true);
  CHECK(report.at("agrees") == false);
  CHECK(report.at("difference_count") == 25);
  CHECK(lines_of(kinds_of(report)) == lines_of(expected));
  for (const Json& one : report.at("differences")) CHECK(one.at("advice") != "");

  // As people see it, and as Excel does.
  const Finished table = rig.daemon.command({"report", "--day", "yesterday"});
  CHECK(table.status == 3);
  CHECK(table.out.find("25 differences") != std::string::npos);
  CHECK(table.out.find("stranger-v1") != std::string::npos);
  const Finished csv = rig.daemon.command({"report", "--day", "yesterday", "--format", "csv"});
  CHECK(csv.status == 3);
  CHECK(csv.out.starts_with("\xEF\xBB\xBFrow,kind,"));
  CHECK(std::count(csv.out.begin(), csv.out.end(), '\n') ==
        static_cast<std::ptrdiff_t>(2 + report.at("totals").size() + 25));
  // It changed nothing.
  CHECK(rig.daemon.payment("back-v1").at("result") == "paid");
  // Over a restart its outcome is known.
  rig.restart();
  const Json kept = rig.daemon.get("/report?day=" + date(1)).json();
  CHECK(kept.at("difference_count") == 25);
  CHECK(kept.at("agrees") == false);
  CHECK(rig.daemon.get("/report").json().at("day") == date(1));
  CHECK(rig.daemon.get("/report?day=" + date(5)).status == 404);
  CHECK(rig.daemon.command({"rebuild", "--check"}).status == 0);
}

TEST_CASE("report: where PortOne fails in the middle it is incomplete, and never agrees") {
  Rig rig(quiet());
  live_well(rig);
  for (const char* where : {"v1 list", "v2 list"}) {
    CAPTURE(where);
    rig.portone.rest_fault({{"mode", "status"}, {"status", 500}, {"where", where}, {"skip", 1}});
    const Json report = report_of(rig, 1, 1);
    CHECK(report.at("complete") == false);
    CHECK(report.at("agrees") == false);
    CHECK(report.at("gaps").dump().find("could not be read to its end") != std::string::npos);
    rig.portone.clear_faults();
  }
  rig.portone.rest_fault({{"mode", "status"}, {"status", 401}, {"where", "v2 list"}});
  const Finished table = rig.daemon.command({"report", "--day", date(1)});
  CHECK(table.status == 1);
  CHECK(table.out.find("INCOMPLETE") != std::string::npos);
  CHECK(table.out.find("agree") == std::string::npos);
  const Finished csv = rig.daemon.command({"report", "--day", date(1), "--format", "csv"});
  CHECK(csv.status == 1);
  CHECK(csv.out.find("report,incomplete,") != std::string::npos);
  rig.portone.clear_faults();
  CHECK(report_of(rig, 1, 0).at("agrees") == true);
}

TEST_CASE("report: a day ends at midnight of the configured time zone") {
  Rig rig(quiet());
  CHECK(rig.daemon.stop() == 0);
  write_file(rig.daemon.config_path(),
             "timezone = \"UTC\"\n" + read_file(rig.daemon.config_path()));
  rig.restart();
  const auto midnight = std::chrono::floor<std::chrono::days>(
      std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
  const auto text = [](reconciled::core::Time at) { return reconciled::core::to_rfc3339(at); };
  const std::string today = text(midnight).substr(0, 10);
  const std::string before = text(midnight - std::chrono::hours(1)).substr(0, 10);
  for (const std::string& v : kVersions) {
    for (const bool is_today : {false, true}) {
      const std::string id = (is_today ? "first-" : "last-") + v;
      rig.daemon.register_order(id);
      rig.portone.make(with(paid(v, id), {{"at", text(is_today ? reconciled::core::Time(midnight)
                                                              : midnight - std::chrono::seconds(1))}}));
      rig.daemon.wait_for_result(id, "paid");
    }
  }
  for (const std::string& day : {before, today}) {
    CAPTURE(day);
    const Finished done = rig.daemon.command({"report", "--day", day, "--format", "json"});
    CHECK(done.status == 0);
    const Json report = Json::parse(done.out, nullptr, false);
    CHECK(report.at("timezone") == "UTC");
    CHECK(report.at("compared") == 2);
    for (const Json& total : report.at("totals")) {
      CHECK(total.at("portone").at("paid").at("count") == 1);
      CHECK(total.at("portone") == total.at("ours"));
    }
  }
}

TEST_CASE("report: one waits for another, and a stop for none") {
  Rig rig(quiet());
  rig.portone.rest_fault({{"mode", "slow"}, {"delay_ms", 700}, {"where", {"v1 list", "v2 list"}}});
  CHECK(rig.daemon.send("POST", "/report", {{"day", date(2)}}).status == 202);
  CHECK(rig.daemon.send("POST", "/report", {{"day", date(1)}}).status == 409);
  CHECK(rig.daemon.send("POST", "/report", {{"day", date(2)}}).status == 202);
  CHECK(rig.daemon.get("/report?day=" + date(2)).json().at("state") == "running");
  CHECK(rig.daemon.get("/report?format=csv").status == 409);
  const Finished waited = rig.daemon.command({"report", "--day", date(1)});
  CHECK(waited.status == 0);
  CHECK(waited.err.find("waiting: the report of " + date(2)) != std::string::npos);
  rig.portone.rest_fault({{"mode", "timeout"}, {"where", {"v1 list", "v2 list"}}});
  CHECK(rig.daemon.send("POST", "/report", {{"day", date(1)}}).status == 202);
  CHECK(rig.daemon.send("POST", "/backfill", {{"from", date(2)}, {"to", date(1)}}).status == 202);
  const auto began = std::chrono::steady_clock::now();
  CHECK(rig.daemon.stop() == 0);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
}

TEST_CASE("report: a day that is none is refused by name") {
  Rig rig(quiet());
  for (const auto& [day, words] : std::vector<std::pair<std::string, std::string>>{
           {"2026-02-30", "must be a date"},
           {"tomorrow", "must be a date"},
           {"1999-01-01", "must be a date"},
           {date(-1), "is in the future"}}) {
    CAPTURE(day);
    const Finished refused = rig.daemon.command({"report", "--day", day});
    CHECK(refused.status == 2);
    CHECK(refused.err.find(words) != std::string::npos);
    CHECK(refused.out.empty());
  }
  CHECK(rig.daemon.command({"report"}).status == 2);
  CHECK(rig.daemon.command({"report", "--day", date(1), "--format", "xml"}).status == 2);
  CHECK(rig.daemon.send("POST", "/report", {{"dya", date(1)}}).status == 400);
  CHECK(rig.daemon.send("POST", "/report", {{"day", 7}}).status == 400);
  CHECK(rig.daemon.get("/report?format=xml").status == 400);
  CHECK(rig.daemon.get("/report?wait=1").status == 400);
  CHECK(rig.daemon.get("/report").status == 404);
}
