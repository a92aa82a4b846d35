#include <doctest/doctest.h>

#include <algorithm>

#include "tests/portone/portone_fixture.h"

using namespace reconciled;
using namespace reconciled::test;

namespace {

// The ids that a batch or a single question names.
std::vector<std::string> ids_in(const std::string& target) {
  std::vector<std::string> ids;
  for (std::size_t at = 0; (at = target.find("imp_uid[]=", at)) != std::string::npos;) {
    at += 10;
    ids.push_back(target.substr(at, target.find('&', at) - at));
  }
  if (ids.empty()) ids.push_back(target.substr(target.rfind('/') + 1));
  return ids;
}
bool is_batch(const std::string& target) { return target.rfind("/payments?", 0) == 0; }
bool names(const std::string& target, const std::string& id) {
  const auto ids = ids_in(target);
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::vector<Question> attempts(int count) {
  std::vector<Question> questions;
  for (int i = 0; i < count; ++i) questions.push_back(v1_attempt("imp_" + std::to_string(i)));
  return questions;
}

// A PortOne that knows every attempt, but for what the test says of some.
Reply all_paid(const std::string& target,
               const std::function<json(const std::string&)>& row_of = nullptr) {
  if (is_login(target)) return v1_token();
  json rows = json::array();
  for (const std::string& id : ids_in(target)) {
    rows.push_back(row_of ? row_of(id) : v1_row(id, "ord-" + id));
  }
  return {200, v1_answer(is_batch(target) ? rows : rows[0]), {}};
}

int answered(const std::vector<LookupReport>& reports) {
  return static_cast<int>(std::count_if(reports.begin(), reports.end(), [](const auto& report) {
    return report.outcome == Outcome::kAnswered;
  }));
}

}  // namespace

TEST_CASE("V1 batch: one row that cannot be read is reported alone, the others in the same call") {
  const ScriptedPortone portone([](const std::string&, const std::string& target) {
    return all_paid(target, [](const std::string& id) {
      return v1_row(id, "ord-" + id, id == "imp_7" ? json(1000.5) : json(1000));
    });
  });
  Asking asking(portone);
  const auto reports = asking.asker.ask(attempts(21));
  CHECK(answered(reports) == 20);
  CHECK(reports[7].outcome == Outcome::kUnusable);
  CHECK(reports[7].is_unreadable);
  CHECK(reports[7].detail == "malformed: amount is missing or no amount of its currency");
  CHECK(portone.count("/payments") == 1);
  CHECK(asking.counted(R"(reconciled_unreadable_total{api="v1",where="batch"} 1)"));
}

TEST_CASE("V1 batch: where a row has no name, those that are missing are asked for alone") {
  const ScriptedPortone portone([](const std::string&, const std::string& target) {
    if (!is_batch(target)) return all_paid(target);
    json rows = json::array({nullptr});
    for (const std::string& id : ids_in(target)) {
      if (id != "imp_1" && id != "imp_2") rows.push_back(v1_row(id, "o"));
    }
    return Reply{207, v1_answer(rows), {}};
  });
  Asking asking(portone);
  CHECK(answered(asking.asker.ask(attempts(5))) == 5);
  CHECK(portone.count("/payments/imp_") == 2);
}

TEST_CASE("V1 batch: an attempt that spoils the whole answer does not keep the others waiting") {
  for (const Reply& spoiled :
       {Reply{500, "", {}}, Reply{400, R"({"code":-1})", {}}, Reply{200, "<html>", {}},
        Reply{200, R"({"code":1,"message":"x","response":null})", {}}, Reply{404, "<html>", {}},
        Reply{200, v1_answer("x"), {}}, Reply{200, "{\"code\":0,\"response\":[", {}}}) {
    CAPTURE(spoiled.body);
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      return !is_login(target) && names(target, "imp_66") ? spoiled : all_paid(target);
    });
    Asking asking(portone);
    const auto reports = asking.asker.ask(attempts(100));
    CHECK(answered(reports) == 99);
    CHECK(reports[66].outcome == Outcome::kUnusable);
    CHECK(portone.count("/payments") < 20);
  }
}

TEST_CASE("V1 batch: a batch that is cut off is asked in halves") {
  const ScriptedPortone portone([](const std::string&, const std::string& target) {
    Reply reply = all_paid(target);
    if (!is_login(target) && names(target, "imp_3")) reply.manner = Reply::Manner::kCut;
    return reply;
  });
  Asking asking(portone);
  CHECK(answered(asking.asker.ask(attempts(4))) == 3);
}

TEST_CASE("V1 batch: in an outage few calls are made, and nothing is called unreadable") {
  for (const int status : {500, 503, 429, 401, 403}) {
    CAPTURE(status);
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      return is_login(target) ? v1_token() : Reply{status, "", {}};
    });
    Asking asking(portone);
    for (const LookupReport& report : asking.asker.ask(attempts(100))) {
      CHECK(report.outcome == Outcome::kUnusable);
      CHECK_FALSE(report.is_unreadable);
    }
    CHECK(portone.count("/payments") <= 16);
  }
}

TEST_CASE("V1: Retry-After comes with the report, and no halves are asked meanwhile") {
  const ScriptedPortone portone([&](const std::string&, const std::string& target) {
    return is_login(target) ? v1_token() : Reply{503, "", "Retry-After: 7\r\n"};
  });
  Asking asking(portone);
  const auto reports = asking.asker.ask(attempts(10));
  CHECK(reports[9].retry_after == 7s);
  CHECK(portone.count("/payments") == 1);
}

TEST_CASE("V1: an answer about another attempt or order is never taken") {
  const ScriptedPortone portone([](const std::string&, const std::string& target) {
    if (is_login(target)) return v1_token();
    if (target.find("findAll") != std::string::npos) {
      return Reply{200, v1_answer(v1_page(json::array({v1_row("imp_9", "other")}))), {}};
    }
    if (is_batch(target)) return Reply{200, v1_answer(json::array({v1_row("imp_9", "o")})), {}};
    return Reply{200, v1_answer(v1_row("imp_9", "o")), {}};
  });
  Asking asking(portone);
  for (const LookupReport& report :
       {asking.ask(v1_attempt("imp_1")), asking.asker.ask(attempts(2)).at(1),
        asking.ask(v1_order("ord-1"))}) {
    CHECK(report.outcome == Outcome::kUnusable);
    CHECK(report.is_unreadable);
    CHECK(report.snapshots.empty());
  }
}

TEST_CASE("V1: an attempt that an answer names twice is not guessed at") {
  const ScriptedPortone portone([](const std::string&, const std::string& target) {
    if (!is_batch(target)) return all_paid(target);
    return Reply{200,
                 v1_answer(json::array({v1_row("imp_0", "o"), v1_row("imp_1", "o"),
                                        v1_row("imp_0", "o", 1000, "failed")})),
                 {}};
  });
  Asking asking(portone);
  CHECK(answered(asking.asker.ask(attempts(2))) == 2);
  CHECK(portone.count("/payments/imp_0") == 1);
}

TEST_CASE("V1 order: a paid attempt is taken beside one that cannot be read, which is named") {
  const ScriptedPortone portone([](const std::string&, const std::string& target) {
    if (is_login(target)) return v1_token();
    return Reply{200,
                 v1_answer(v1_page(json::array(
                     {v1_row("imp_1", "ord-1", 1000.5, "ready"), v1_row("imp_2", "ord-1")}))),
                 {}};
  });
  Asking asking(portone);
  const LookupReport report = asking.ask(v1_order("ord-1"));
  CHECK(report.outcome == Outcome::kAnswered);
  REQUIRE(report.snapshots.size() == 1);
  CHECK(report.snapshots[0].attempt_id.str() == "imp_2");
  CHECK(report.is_unreadable);
  REQUIRE(report.unreadable.size() == 1);
  CHECK(report.unreadable[0].id == "imp_1");
  CHECK_FALSE(report.side_failed);
  CHECK(asking.counted(R"(reconciled_unreadable_total{api="v1",where="list"} 1)"));
}

TEST_CASE("V1 order: where nothing can be read it is no unknown order") {
  const ScriptedPortone portone([](const std::string&, const std::string& target) {
    if (is_login(target)) return v1_token();
    return Reply{200, v1_answer(v1_page(json::array({v1_row("imp_1", "ord-1", "x")}))), {}};
  });
  Asking asking(portone);
  const LookupReport report = asking.ask(v1_order("ord-1"));
  CHECK(report.outcome == Outcome::kUnusable);
  CHECK(report.is_unreadable);
}

TEST_CASE(
    "V1 order: pages go on to an end that can be seen, and a later one that fails is asked again") {
  const auto page = [](const std::string& target) { return target.back() - '0'; };
  SUBCASE("the end mark cannot be read") {
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      if (is_login(target)) return v1_token();
      json rows = json::array();
      if (page(target) <= 3) rows.push_back(v1_row("imp_" + std::to_string(page(target)), "ord-1"));
      return Reply{200, v1_answer(v1_page(rows, "soon")), {}};
    });
    Asking asking(portone);
    CHECK(asking.ask(v1_order("ord-1")).snapshots.size() == 3);
    CHECK(portone.count("findAll") == 4);
  }
  SUBCASE("the same page for ever") {
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      if (is_login(target)) return v1_token();
      return Reply{200, v1_answer(v1_page(json::array({v1_row("imp_1", "ord-1")}), 2)), {}};
    });
    Asking asking(portone);
    CHECK(asking.ask(v1_order("ord-1")).snapshots.size() == 1);
    CHECK(portone.count("findAll") == 2);
  }
  SUBCASE("the second page fails") {
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      if (is_login(target)) return v1_token();
      if (page(target) == 2) return Reply{500, "", {}};
      return Reply{200, v1_answer(v1_page(json::array({v1_row("imp_1", "ord-1")}), 2)), {}};
    });
    Asking asking(portone);
    const LookupReport report = asking.ask(v1_order("ord-1"));
    CHECK(report.outcome == Outcome::kAnswered);
    CHECK(report.side_failed);
  }
}

TEST_CASE("V1: an attempt is unknown only where its order's list was read and does not have it") {
  struct Row {
    Reply order;
    Outcome outcome;
    bool is_unreadable;
  };
  const Row table[] = {{v1_unknown(), Outcome::kNotFound, false},
                       {{200, v1_answer(v1_page(json::array({v1_row("imp_2", "ord-1")}))), {}},
                        Outcome::kNotFound,
                        false},
                       {{200, v1_answer(v1_page(json::array({v1_row("imp_1", "ord-1")}))), {}},
                        Outcome::kAnswered,
                        false},
                       {{200, v1_answer(v1_page(json::array({v1_row("imp_1", "ord-1", "x")}))), {}},
                        Outcome::kUnusable,
                        true},
                       {{500, "", {}}, Outcome::kUnusable, false},
                       {{200, "<html>", {}}, Outcome::kUnusable, false}};
  for (const Row& row : table) {
    CAPTURE(row.order.body);
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      if (is_login(target)) return v1_token();
      return target.find("findAll") != std::string::npos ? row.order : v1_unknown();
    });
    Asking asking(portone);
    const LookupReport report = asking.ask(v1_attempt("imp_1", "ord-1"));
    CHECK(report.outcome == row.outcome);
    CHECK(report.is_unreadable == row.is_unreadable);
  }
}

TEST_CASE("V1: a code under 200 is no answer, a name in EUC-KR no obstacle") {
  const ScriptedPortone portone([](const std::string&, const std::string& target) {
    if (is_login(target)) return v1_token();
    if (target.find("imp_1") != std::string::npos) {
      return Reply{200, R"({"code":1,"message":"x","response":null})", {}};
    }
    std::string body = v1_answer(v1_row("imp_2", "o"));
    body.insert(body.find("\"imp_uid\""), "\"name\":\"\xB0\xA1\\ud83d\",");
    return Reply{200, body, {}};
  });
  Asking asking(portone);
  CHECK(asking.ask(v1_attempt("imp_1")).outcome == Outcome::kUnusable);
  CHECK_FALSE(asking.ask(v1_attempt("imp_1")).is_unreadable);
  CHECK(asking.ask(v1_attempt("imp_2")).outcome == Outcome::kAnswered);
}
