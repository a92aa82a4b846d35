#include "daemon/portone/walk.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <coroutine>
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
  portone::start(portone::walk_list({rules.page_size, rules.max_pages, rules.shortest, until,
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

// Answers when it is told to.
class Later {
 public:
  explicit Later(Provider& provider) : provider_(provider) {}

  portone::Task<portone::Asked<ListedPage>> ask(Time from, Time until, int number) {
    most_at_once = std::max(most_at_once, ++at_once_);
    asked.emplace_back(from, until);
    co_await Answer{*this};
    --at_once_;
    co_return provider_.page(from, until, number);
  }
  // The newest question first, so that none can count on its turn.
  bool answer_one() {
    if (waiting_.empty()) return false;
    const std::coroutine_handle<> next = waiting_.back();
    waiting_.pop_back();
    next.resume();
    return true;
  }

  [[nodiscard]] int at_once() const { return at_once_; }

  std::vector<std::pair<Time, Time>> asked;
  int most_at_once = 0;

 private:
  struct Answer {
    Later& later;
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> asking) { later.waiting_.push_back(asking); }
    void await_resume() const noexcept {}
  };
  Provider& provider_;
  std::vector<std::coroutine_handle<>> waiting_;
  int at_once_ = 0;
};

TEST_CASE("walk: some windows are asked for at once, taken in their order, and the newest alone") {
  Provider provider;
  for (int i = 0; i < 300; ++i) provider.changed_at[name(i)] = kBegin + std::chrono::minutes(i);
  const Time until = kBegin + 300min;
  Later later(provider);
  std::vector<std::string> in_order;
  bool fails = false;
  SUBCASE("to its end") {}
  SUBCASE("whoever takes its pages leaves: what is under way is waited for") { fails = true; }
  std::optional<std::string> ended;
  const auto walk = [&]() -> portone::Task<std::string> {
    portone::WalkRules rules{provider.page_size, 50, 1s, until,
                             [&](Time a, Time b, int n) { return later.ask(a, b, n); }};
    try {
      const auto fault = co_await portone::walk_list(
          std::move(rules), kBegin, until, [&](const ListPage& page) {
            for (const auto& one : page.unreadable) in_order.push_back(one.id);
            if (fails && in_order.size() > 50) throw std::runtime_error("left");
            return portone::ready();
          });
      co_return fault ? fault->detail : "whole";
    } catch (const std::exception& error) {
      co_return error.what();
    }
  };
  portone::start(walk(), [&](std::string how) { ended = std::move(how); });
  while (!ended && later.answer_one()) {
  }
  CHECK_FALSE(later.answer_one());
  CHECK(later.most_at_once > 1);
  CHECK(later.most_at_once <= 4);
  CHECK(std::is_sorted(in_order.begin(), in_order.end()));
  if (fails) {
    CHECK(ended == "left");
    return;
  }
  CHECK(ended == "whole");
  CHECK(std::set<std::string>(in_order.begin(), in_order.end()).size() == 300);
  CHECK(later.asked.back().second == until);
}

TEST_CASE("walk: what a change of now can move into is asked for in its turn, after all before it") {
  Provider provider;
  for (int i = 0; i < 300; ++i) provider.changed_at[name(i)] = kBegin + std::chrono::minutes(i);
  Later later(provider);
  const Time now = kBegin + 150min;  // the range goes on into what is still to come
  bool has_ended = false;
  portone::start(portone::walk_list({provider.page_size, 50, 1s, now,
                                     [&](Time a, Time b, int n) { return later.ask(a, b, n); }},
                                    kBegin, kBegin + 300min,
                                    [](const ListPage&) { return portone::ready(); }),
                 [&](const std::optional<LookupFault>&) { has_ended = true; });
  int late = 0;
  while (!has_ended) {
    const bool is_late = later.asked.back().second > now - 10s;
    CHECK((!is_late || later.at_once() == 1));
    late += is_late;
    REQUIRE(later.answer_one());
  }
  CHECK(late > 10);
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
