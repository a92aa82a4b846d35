#include "daemon/portone/walk.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tests/portone/portone_fixture.h"

using namespace reconciled;
using namespace reconciled::test;
using core::Time;
using portone::ListedPage;
using portone::ListPage;
using portone::LookupFault;

namespace {

constexpr Time kBegin = core::from_ms(1'788'000'000'000);

portone::Asked<ListedPage> fault(const char* detail) {
  return LookupFault{LookupOutcome::kServerError, detail, {}, false};
}

// The walk for pages that are there at once.
struct WalkRules {
  std::size_t page_size = 0;
  int max_pages = 0;
  std::chrono::milliseconds shortest{};
  std::function<portone::Asked<ListedPage>(Time from, Time until, int number)> ask;
};
std::optional<LookupFault> walk_list(const WalkRules& rules, Time from, Time until,
                                     const std::function<void(const ListPage&)>& take) {
  std::optional<std::optional<LookupFault>> ended;
  portone::start(portone::walk_list({rules.page_size, rules.max_pages, rules.shortest,
                                     [&](Time begin, Time end, int number) {
                                       return portone::ready(rules.ask(begin, end, number));
                                     }},
                                    from, until,
                                    [&](const ListPage& page) {
                                      take(page);
                                      return portone::ready();
                                    }),
                 [&](std::optional<LookupFault> fault) { ended = std::move(fault); });
  return ended.value();
}

core::UnreadableRow row(const std::string& id) { return {id, "for the test"}; }

// Payments by the time of their last change, listed in the order in which they began.
struct Provider {
  std::map<std::string, Time> changed_at;
  std::size_t page_size = 10;
  bool tells_total = true;
  bool tells_next = false;
  int calls = 0;
  std::function<void()> before_each = [] {};

  portone::Asked<ListedPage> page(Time from, Time until, int number) {
    ++calls;
    before_each();
    std::vector<std::string> inside;
    for (const auto& [id, at] : changed_at) {
      if (at >= from && at <= until) inside.push_back(id);
    }
    ListedPage answer;
    const std::size_t begin = std::min(inside.size(), page_size * static_cast<std::size_t>(number));
    const std::size_t end = std::min(inside.size(), begin + page_size);
    for (std::size_t i = begin; i < end; ++i) answer.page.unreadable.push_back(row(inside[i]));
    if (tells_total) answer.total = static_cast<std::int64_t>(inside.size());
    if (tells_next) answer.has_next = end < inside.size();
    return answer;
  }
  WalkRules rules() {
    return {page_size, 50, std::chrono::milliseconds(1'000),
            [this](Time from, Time until, int number) { return page(from, until, number); }};
  }
};

struct Taken {
  std::set<std::string> ids;
  std::function<void(const ListPage&)> take = [this](const ListPage& page) {
    for (const auto& unreadable : page.unreadable) ids.insert(unreadable.id);
  };
};

std::string name(int number) {
  const std::string digits = std::to_string(number);
  return "p" + std::string(6 - digits.size(), '0') + digits;
}

}  // namespace

TEST_CASE("walk: every row comes, in windows that each fit into one page") {
  for (const bool tells_total : {true, false}) {
    for (const bool tells_next : {true, false}) {
      CAPTURE(tells_total);
      CAPTURE(tells_next);
      Provider provider;
      provider.tells_total = tells_total;
      provider.tells_next = tells_next;
      std::mt19937 random(7);
      for (int i = 0; i < 500; ++i) {
        provider.changed_at[name(i)] = kBegin + std::chrono::seconds(random() % 864'000);
      }
      Taken taken;
      CHECK_FALSE(walk_list(provider.rules(), kBegin, kBegin + 240h, taken.take).has_value());
      CHECK(taken.ids.size() == 500);
      CHECK(provider.calls < 600);
    }
  }
}

TEST_CASE("walk: an empty list is one call, long ranges are cut to 30 days") {
  Provider provider;
  Taken taken;
  CHECK_FALSE(walk_list(provider.rules(), kBegin, kBegin + 1h, taken.take).has_value());
  CHECK(provider.calls == 1);
  CHECK_FALSE(walk_list(provider.rules(), kBegin, kBegin, taken.take).has_value());
  WalkRules rules = provider.rules();
  Time next = kBegin;
  rules.ask = [&](Time from, Time until, int) -> portone::Asked<ListedPage> {
    CHECK(from == next);
    CHECK(until - from <= 30 * 24h);
    next = until;
    return ListedPage{{}, false, 0};
  };
  CHECK_FALSE(walk_list(rules, kBegin, kBegin + 100 * 24h, taken.take).has_value());
  CHECK(next == kBegin + 100 * 24h);
}

TEST_CASE("walk: rows whose status changes while it goes on hide no other row") {
  int complete = 0;
  for (unsigned seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Provider provider;
    provider.tells_total = seed % 3 != 0;
    provider.tells_next = seed % 3 != 1;
    std::mt19937 random(seed);
    for (int i = 0; i < 200; ++i) {
      provider.changed_at[name(i)] = kBegin + std::chrono::seconds(random() % 86'000);
    }
    const Time until = kBegin + 24h;
    std::set<std::string> moved;
    provider.before_each = [&] {
      // It changes now: behind the walked range, or at its very end where clocks differ.
      const std::string id = name(static_cast<int>(random() % 200));
      const Time now = random() % 2 == 0 ? until + 1s : until - 1s;
      if (provider.changed_at[id] > now) return;
      provider.changed_at[id] = now;
      if (now > until) moved.insert(id);
    };
    Taken taken;
    if (walk_list(provider.rules(), kBegin, until, taken.take)) continue;  // said to be incomplete
    ++complete;
    for (const auto& [id, at] : provider.changed_at) {
      CAPTURE(id);
      CHECK((taken.ids.count(id) == 1 || moved.count(id) == 1));
    }
  }
  CHECK(complete > 30);
}

TEST_CASE(
    "walk: more rows in one second than a page holds are read page by page, again where they "
    "moved") {
  Provider provider;
  SUBCASE("counted") {}
  SUBCASE("not counted") { provider.tells_total = false; }
  for (int i = 0; i < 45; ++i) provider.changed_at[name(i)] = kBegin + 5s;
  Taken taken;
  CHECK_FALSE(walk_list(provider.rules(), kBegin, kBegin + 1h, taken.take).has_value());
  CHECK(taken.ids.size() == 45);

  // One leaves while the pages are turned, so that the next page skips one.
  int left = 3;
  bool is_turning = false;
  WalkRules rules = provider.rules();
  const auto ask = rules.ask;
  rules.ask = [&](Time from, Time until, int number) {
    is_turning |= number == 2;
    if (is_turning && left > 0) {
      is_turning = false;
      provider.changed_at[name(3 - left--)] = kBegin + 48h;
    }
    return ask(from, until, number);
  };
  taken.ids.clear();
  const auto fault = walk_list(rules, kBegin, kBegin + 1h, taken.take);
  if (!fault) {
    for (int i = 3; i < 45; ++i) CHECK(taken.ids.count(name(i)) == 1);
  } else {
    CHECK(fault->detail == "the list changes while its pages are turned");
  }
}

TEST_CASE("walk: a list without an end, or that heeds no window, is a fault after few calls") {
  int calls = 0;
  const auto rules = [&](std::optional<bool> next, std::optional<std::int64_t> total) {
    return WalkRules{1, 50, std::chrono::milliseconds(1'000),
                     [&calls, next, total](Time, Time, int) -> portone::Asked<ListedPage> {
                       ++calls;
                       return ListedPage{{{}, {row("p")}}, next, total};
                     }};
  };
  Taken taken;
  for (const std::optional<bool> next : {std::optional<bool>(), std::optional<bool>(true)}) {
    for (const std::optional<std::int64_t> total :
         {std::optional<std::int64_t>(), std::optional<std::int64_t>(99)}) {
      calls = 0;
      CHECK(walk_list(rules(next, total), kBegin, kBegin + 100 * 24h, taken.take).has_value());
      CHECK(calls < 200);
    }
  }
}

TEST_CASE("walk: a fault ends it, what was read before is taken") {
  Provider provider;
  for (int i = 0; i < 8; ++i) provider.changed_at[name(i)] = kBegin + std::chrono::hours(i);
  WalkRules rules = provider.rules();
  const auto ask = rules.ask;
  rules.ask = [&](Time from, Time until, int number) {
    return from > kBegin ? fault("later") : ask(from, until, number);
  };
  Taken taken;
  const auto ended = walk_list(rules, kBegin, kBegin + 60 * 24h, taken.take);
  REQUIRE(ended.has_value());
  CHECK(ended->detail == "later");
  CHECK(taken.ids.size() == 8);
}

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
        asking.asker.walk(core::Api::kV1, kBegin, kBegin + 1h, [&](const ListPage& page) {
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
        asking.asker.walk(core::Api::kV2, kBegin, kBegin + 1h, [&](const ListPage& page) {
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
        asking.asker.walk(core::Api::kV2, kBegin, kBegin + 1h,
                          [&](const ListPage& page) { taken += page.snapshots.size(); });
    REQUIRE(fault.has_value());
    CHECK(fault->detail.find("not complete") != std::string::npos);
    CHECK(taken == 1);
  }
}
