// How a report is made: against a PortOne by hand and a real, empty store.
#include "daemon/books/report_run.h"

#include <doctest/doctest.h>

#include "storage/store.h"
#include "tests/core/books/booking.h"
#include "tests/support/temporary_folder.h"

using namespace reconciled;
using namespace reconciled::books;
using namespace std::chrono_literals;
using storage::LookupReport;

namespace {

core::Snapshot snapshot(const std::string& id) {
  core::Snapshot s{.payment_id = core::PaymentId::trusted("p-" + id),
                   .attempt_id = core::AttemptId::trusted(id),
                   .currency = test::won()};
  s.api = s.version = core::Api::kV2;
  s.result = core::Result::kPaid;
  s.total_amount = 1'000;
  s.paid_at = s.status_at = test::at("2026-11-25T01:00:00Z");
  return s;
}

// Lists what it is told to, and answers about a payment as `answer` says.
class Scripted final : public portone::PortOne {
 public:
  std::vector<portone::ListPage> pages;
  int failing_walks = 0;
  int walks = 0;
  std::function<LookupReport(const storage::Question&)> answer;
  std::vector<storage::Question> asked;

  [[nodiscard]] int limit(core::Api) const override { return 1; }
  [[nodiscard]] std::size_t batch_size(storage::QuestionKind) const override { return 1; }
  [[nodiscard]] bool ask(std::vector<storage::Question> questions, Answered answered) override {
    std::vector<LookupReport> reports;
    for (const auto& question : questions) {
      asked.push_back(question);
      reports.push_back(answer(question));
    }
    answered(std::move(reports));
    return true;
  }
  [[nodiscard]] bool list_v2(core::Time, core::Time, PaymentIds, Listed) override { return false; }
  [[nodiscard]] int telling_limit(core::Api) const override { return 1; }
  [[nodiscard]] bool preregister(storage::Preregistration, Told) override { return false; }
  [[nodiscard]] std::optional<portone::LookupFault> walk(core::Api, core::Time from, core::Time,
                                                         const TakePage& take) override {
    ++walks;
    // The rows are the day's; later days list nothing.
    if (from >= test::kDay.end) return std::nullopt;
    for (const auto& page : pages) take(page);
    if (failing_walks-- > 0) return portone::LookupFault{LookupOutcome::kServerError, "500", {}, false};
    return std::nullopt;
  }
};

class StillClock final : public Clock {
 public:
  [[nodiscard]] core::Time now() const override { return test::kDay.end + 8h; }
};

struct Desk {
  Desk() {
    store.own();
    (void)store.migrate();
    portone.answer = [this](const storage::Question& question) {
      LookupReport report{.question = question};
      report.outcome = LookupReport::Outcome::kAnswered;
      report.snapshots = {snapshot(question.named_attempts.front().str())};
      return report;
    };
  }
  Report make() {
    storage::Reader reader(store);
    ReportRun run({.askable = {false, true},
                   .policy = {},
                   .clock = clock,
                   .reader = reader,
                   .portone = portone,
                   .pause = [this](std::chrono::milliseconds) { return is_stopping; },
                   .progress = [this](std::int64_t) { is_stopping = is_stopping || stops_soon; }},
                  test::kDay, "Asia/Seoul");
    return run.make();
  }
  test::TemporaryFolder folder;
  storage::Store store{folder / "reconciled.db"};
  StillClock clock;
  Scripted portone;
  bool is_stopping = false;
  bool stops_soon = false;
};

}  // namespace

TEST_CASE("report: a row that comes twice, or in a list that had to be read again, counts once") {
  Desk desk;
  desk.portone.pages = {{{snapshot("a1"), snapshot("a2")}, {}}, {{snapshot("a2")}, {}}};
  desk.portone.failing_walks = 2;
  const Report report = desk.make();
  CHECK(report.is_complete());
  CHECK(report.compared == 2);
  CHECK(report.difference_count() == 2);
  CHECK(report.totals.rows().begin()->second.portone.paid == core::Sum{2, 2'000});
}

TEST_CASE("report: a list that fails three times leaves a gap, and nothing is said to agree") {
  Desk desk;
  desk.portone.failing_walks = 3;
  const Report report = desk.make();
  CHECK_FALSE(report.is_complete());
  CHECK(desk.portone.walks == 3);
}

TEST_CASE("report: what seems to differ is asked about once more, and what then agrees is none") {
  Desk desk;
  desk.portone.pages = {{{snapshot("a1")}, {}}};
  // PortOne gives no usable answer the second time: nobody can tell.
  desk.portone.answer = [](const storage::Question& question) {
    LookupReport report{.question = question};
    report.detail = "timed out";
    return report;
  };
  const Report gap = desk.make();
  CHECK_FALSE(gap.is_complete());
  CHECK(gap.difference_count() == 0);
  CHECK(desk.portone.asked.size() == 1);
  // It does not know it any more, and neither do we.
  desk.portone.answer = [](const storage::Question& question) {
    LookupReport report{.question = question};
    report.outcome = LookupReport::Outcome::kNotFound;
    return report;
  };
  const Report gone = desk.make();
  CHECK(gone.is_complete());
  CHECK(gone.difference_count() == 0);
}

TEST_CASE("report: more doubts than are asked about are told as the list has them") {
  Desk desk;
  portone::ListPage page;
  const std::size_t count = ReportRun::kMostDoubts + 20;
  for (std::size_t i = 0; i < count; ++i) page.snapshots.push_back(snapshot("a" + std::to_string(i)));
  desk.portone.pages = {page};
  const Report report = desk.make();
  CHECK(desk.portone.asked.size() == ReportRun::kMostDoubts);
  CHECK(report.difference_count() == static_cast<std::int64_t>(count));
}

TEST_CASE("report: rows that cannot be read are told once, and the others are compared") {
  Desk desk;
  desk.portone.pages = {{{snapshot("a1")}, {{"odd", "amount is missing"}, {"", "no id"}}},
                        {{}, {{"odd", "amount is missing"}}}};
  const Report report = desk.make();
  CHECK(report.is_complete());
  CHECK(report.counts.at(static_cast<std::size_t>(core::DifferenceKind::kUnreadable)) == 2);
  CHECK(report.compared == 1);
}

TEST_CASE("report: a stop ends it in the middle of a list") {
  Desk desk;
  desk.portone.pages = {{{snapshot("a1")}, {}}, {{snapshot("a2")}, {}}};
  desk.stops_soon = true;
  CHECK_THROWS_AS(desk.make(), ReportStopped);
}
