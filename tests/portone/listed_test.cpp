// What comes of walking either API's list, row by row.
#include <doctest/doctest.h>

#include "tests/portone/portone_fixture.h"

using namespace reconciled;
using namespace reconciled::test;
using portone::ListPage;

namespace {

constexpr core::Time kDayBegin = core::from_ms(1'788'000'000'000);

}  // namespace

TEST_CASE(
    "V1 walk: odd rows are counted and named, the rest is taken, 400 behind the last page is its "
    "end") {
  for (const json& next : {json(0), json(nullptr), json("x")}) {
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      if (is_login(target)) return v1_token();
      if (target.find("page=2") != std::string::npos) return Reply{400, R"({"code":-1})", {}};
      return Reply{200,
                   v1_answer(v1_page(json::array({v1_row("imp_1", "o", 1000.5, "ready"), nullptr,
                                                  v1_row("imp_2", "o", 1000, "cancelled")}),
                                     next)),
                   {}};
    });
    Asking asking(portone);
    std::vector<std::string> taken;
    std::vector<core::UnreadableRow> odd;
    const auto fault =
        asking.asker.walk(core::Api::kV1, kDayBegin, kDayBegin + 1h, [&](const ListPage& page) {
          for (const auto& snapshot : page.snapshots) {
            taken.push_back(snapshot.attempt_id.str());
          }
          odd.insert(odd.end(), page.unreadable.begin(), page.unreadable.end());
        });
    CHECK_FALSE(fault.has_value());
    CHECK(taken == std::vector<std::string>{"imp_2"});
    REQUIRE(odd.size() == 2);
    CHECK(odd[0].id == "imp_1");
    CHECK(asking.counted(R"(reconciled_unreadable_total{api="v1",where="list"} 2)"));
  }
}

TEST_CASE("V2 walk: V1's payments are left to V1's list, where there is one") {
  for (const bool has_v1 : {true, false}) {
    CAPTURE(has_v1);
    std::string asked;
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      asked = target;
      return Reply{200, json{{"items", json::array()}, {"page", {{"totalCount", 0}}}}.dump(), {}};
    });
    core::Config config = Asking::config_for(portone.url());
    if (!has_v1) config.v1.reset();
    Asking asking(config);
    CHECK_FALSE(asking.asker.walk(core::Api::kV2, kDayBegin, kDayBegin + 1h, [](const ListPage&) {}));
    CHECK((asked.find(R"("version":"V2")") != std::string::npos) == has_v1);
  }
}

TEST_CASE("V2 walk: odd rows are counted and named, the rest is taken") {
  json krw = v2_row("pay_1", "tx_1");
  krw["currency"] = "KR";
  json no_amount = v2_row("pay_2", "tx_2");
  no_amount["amount"] = nullptr;
  json no_id = v2_row("pay_3", "tx_3");
  no_id.erase("id");
  for (const json& total : {json(4), json(nullptr), json("4")}) {
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      const bool is_first = target.find("\"number\":0") != std::string::npos;
      const json items =
          is_first ? json::array({krw, no_amount, no_id, v2_row("pay_4", "tx_4")}) : json::array();
      return Reply{200, json{{"items", items}, {"page", {{"totalCount", total}}}}.dump(), {}};
    });
    Asking asking(portone);
    std::size_t taken = 0;
    std::vector<core::UnreadableRow> odd;
    const auto fault =
        asking.asker.walk(core::Api::kV2, kDayBegin, kDayBegin + 1h, [&](const ListPage& page) {
          taken += page.snapshots.size();
          odd.insert(odd.end(), page.unreadable.begin(), page.unreadable.end());
        });
    CHECK_FALSE(fault.has_value());
    CHECK(taken == 1);
    REQUIRE(odd.size() == 3);
    CHECK(odd[0].id == "pay_1");
    CHECK(odd[2].id == "tx_3");
  }
}

TEST_CASE(
    "V2 walk: where only the list by creation can be had its rows come, and the walk says it is "
    "not complete") {
  for (const Reply& refused : {Reply{400, R"({"type":"INVALID_REQUEST"})", {}}, Reply{500, "", {}},
                               Reply{200, "{}", {}}}) {
    const ScriptedPortone portone([&](const std::string&, const std::string& target) {
      if (target.rfind("/payments-by-cursor", 0) != 0) return refused;
      return Reply{
          200,
          json{{"items", {{{"payment", v2_row("pay_1", "tx_1")}, {"cursor", "c"}}}}}.dump(),
          {}};
    });
    Asking asking(portone);
    std::size_t taken = 0;
    const auto fault =
        asking.asker.walk(core::Api::kV2, kDayBegin, kDayBegin + 1h,
                          [&](const ListPage& page) { taken += page.snapshots.size(); });
    REQUIRE(fault.has_value());
    CHECK(fault->detail.find("not complete") != std::string::npos);
    CHECK(taken == 1);
  }
}
