#include <doctest/doctest.h>

#include "tests/portone/portone_fixture.h"

using namespace reconciled;
using namespace reconciled::test;

namespace {

bool is_side(const std::string& target) {
  return target.find("/transactions") != std::string::npos;
}

}  // namespace

TEST_CASE("V2: a side question that fails leaves the answer standing, and is to be asked again") {
  for (const Reply& side :
       {Reply{500, "", {}}, Reply{200, "<html>", {}}, Reply{403, R"({"type":"FORBIDDEN"})", {}},
        Reply{429, "", "Retry-After: 3\r\n"}, Reply{200, "{\"items\":5}", {}},
        Reply{200, "x", {}, Reply::Manner::kCut}}) {
    CAPTURE(side.status);
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      return is_side(target) ? side : Reply{200, v2_row("pay_1", "tx_2").dump(), {}};
    });
    Asking asking(portone);
    const LookupReport report = asking.ask(v2_payment("pay_1", "tx_1"));
    CHECK(report.outcome == Outcome::kAnswered);
    REQUIRE(report.snapshots.size() == 1);
    CHECK(report.snapshots[0].result == core::Result::kPaid);
    CHECK(report.side_failed);
    CHECK(report.detail.find("transactions: ") != std::string::npos);
    if (side.status == 429) CHECK(report.retry_after == 3s);
  }
}

TEST_CASE("V2: other attempts are added, an emptier list takes nothing away, odd rows are named") {
  struct Row {
    json items;
    std::size_t snapshots;
    std::size_t unreadable;
  };
  json odd = v2_attempt("pay_1", "tx_3");
  odd["currency"] = "KR";
  const Row table[] = {
      {json::array(), 1, 0},
      {json::array({v2_attempt("pay_1", "tx_1")}), 2, 0},
      // The main answer stands where the list says something else of its attempt.
      {json::array({v2_attempt("pay_1", "tx_2"), v2_attempt("pay_1", "tx_1")}), 2, 0},
      {json::array({odd, nullptr, v2_attempt("pay_1", "tx_1")}), 2, 2},
      {json::array({v2_attempt("pay_2", "tx_1")}), 1, 1}};
  for (const Row& row : table) {
    CAPTURE(row.items.dump());
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      return is_side(target) ? Reply{200, json{{"items", row.items}}.dump(), {}}
                             : Reply{200, v2_row("pay_1", "tx_2").dump(), {}};
    });
    Asking asking(portone);
    const LookupReport report = asking.ask(v2_payment("pay_1", "tx_1"));
    CHECK(report.outcome == Outcome::kAnswered);
    CHECK(report.snapshots.size() == row.snapshots);
    CHECK(report.snapshots[0].result == core::Result::kPaid);
    CHECK(report.unreadable.size() == row.unreadable);
    CHECK(report.is_unreadable == (row.unreadable > 0));
    CHECK_FALSE(report.side_failed);
  }
}

TEST_CASE("V2: what the main answer says is not replaced by a second one") {
  struct Row {
    Reply main;
    Outcome outcome;
    bool is_unreadable;
  };
  json odd = v2_row("pay_1", "tx_1");
  odd["amount"] = nullptr;
  const Row table[] = {{{404, R"({"type":"PAYMENT_NOT_FOUND"})", {}}, Outcome::kNotFound, false},
                       {{404, R"({"message":"no route"})", {}}, Outcome::kUnusable, false},
                       {{500, "", {}}, Outcome::kUnusable, false},
                       {{200, odd.dump(), {}}, Outcome::kUnusable, true},
                       {{200, v2_row("pay_2", "tx_1").dump(), {}}, Outcome::kUnusable, true}};
  for (const Row& row : table) {
    CAPTURE(row.main.body);
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      return is_side(target)
                 ? Reply{200, json{{"items", {v2_attempt("pay_1", "tx_1", "PAID")}}}.dump(), {}}
                 : row.main;
    });
    Asking asking(portone);
    const LookupReport report = asking.ask(v2_payment("pay_1", "tx_1"));
    CHECK(report.outcome == row.outcome);
    CHECK(report.is_unreadable == row.is_unreadable);
    CHECK(report.snapshots.empty());
    CHECK(portone.count("/transactions") == 0);
  }
}

TEST_CASE("warnings: a refused key stands until an answer comes, and tells no secret") {
  std::atomic<bool> refuses{true};
  const ScriptedPortone portone([&](const std::string&, const std::string& target) {
    if (refuses) return Reply{401, R"({"code":-1,"type":"UNAUTHORIZED"})", {}};
    if (is_login(target)) return v1_token();
    return target.find("imp_") != std::string::npos
               ? Reply{200, v1_answer(v1_row("imp_1", "o")), {}}
               : Reply{200, v2_row("pay_1", "tx_1").dump(), {}};
  });
  Asking asking(portone);
  CHECK(asking.ask(v1_attempt("imp_1")).outcome == Outcome::kUnusable);
  CHECK(asking.ask(v2_payment("pay_1")).outcome == Outcome::kUnusable);
  CHECK(asking.warns(WarningKind::kPortoneUnauthorized, "v1"));
  CHECK(asking.warns(WarningKind::kPortoneUnauthorized, "v2"));
  for (const Warning& warning : asking.warnings.standing()) {
    CHECK(warning.detail.find("the-") == std::string::npos);
    CHECK(warning.detail.find("Check portone.v") != std::string::npos);
  }
  refuses = false;
  CHECK(asking.ask(v2_payment("pay_1")).outcome == Outcome::kAnswered);
  CHECK_FALSE(asking.warns(WarningKind::kPortoneUnauthorized, "v2"));
  std::this_thread::sleep_for(portone::V1Tokens::kFirstPause + 50ms);
  CHECK(asking.ask(v1_attempt("imp_1")).outcome == Outcome::kAnswered);
  CHECK_FALSE(asking.warns(WarningKind::kPortoneUnauthorized, "v1"));
}

TEST_CASE(
    "warnings: silence is unreachable after several calls over some time, until one answers") {
  const ScriptedPortone portone([](const std::string&, const std::string&) { return Reply{}; });
  Asking asking(portone);
  const auto begun = std::chrono::steady_clock::now();
  const auto stands = [&] { return asking.warns(WarningKind::kPortoneUnreachable, "v2"); };
  asking.watch.unanswered(core::Api::kV2, "timeout", begun);
  asking.watch.unanswered(core::Api::kV2, "timeout", begun + 9s);
  asking.watch.unanswered(core::Api::kV2, "timeout", begun + 9s);
  CHECK_FALSE(stands());
  asking.watch.unanswered(core::Api::kV2, "timeout", begun + 10s);
  CHECK(stands());
  CHECK_FALSE(asking.warns(WarningKind::kPortoneUnreachable, "v1"));
  asking.watch.answered(core::Api::kV2);
  CHECK_FALSE(stands());
  asking.watch.unanswered(core::Api::kV2, "timeout", begun + 20s);
  asking.watch.unanswered(core::Api::kV2, "timeout", begun + 40s);
  CHECK_FALSE(stands());
  // One payment that cannot be read is no silence; a proxy's page is.
  asking.watch.note(core::Api::kV2, {core::AnswerFault::kMalformed, "amount", true}, "amount");
  asking.watch.unanswered(core::Api::kV2, "timeout", begun + 60s);
  CHECK_FALSE(stands());
}

TEST_CASE("asker: a question to an API that is not configured gets a report, not a crash") {
  const ScriptedPortone portone([](const std::string&, const std::string&) { return Reply{}; });
  Asking asking(portone);
  core::Config none = asking.config;
  none.v1.reset();
  none.v2.reset();
  Asking::Waiting asker{asking, {none, asking.world}};
  CHECK(asker.ask({v1_order("o")}).at(0).outcome == Outcome::kUnusable);
  CHECK(asker.ask({v2_payment("o")}).at(0).outcome == Outcome::kUnusable);
  CHECK(asker.walk(core::Api::kV1, {}, {}, [](const portone::ListPage&) {}).has_value());
}
