// For backends that nothing can be pushed to: long polls by version, and the list of changes.
#include <doctest/doctest.h>

#include <chrono>
#include <future>
#include <map>

#include "tests/e2e/rig.h"

using namespace reconciled::e2e;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

Settings quiet() { return scheduled("\"1h\""); }

std::future<Answer> poll(const Rig& rig, const std::string& target) {
  return std::async(std::launch::async, [&rig, target] { return rig.daemon.get(target); });
}

Json changes(const Rig& rig, const std::string& query) {
  const Answer answer = rig.daemon.get("/changes?" + query);
  REQUIRE_MESSAGE(answer.status == 200, answer.body);
  return answer.json();
}

void change(const Rig& rig, const std::string& id, std::int64_t amount) {
  const int status =
      rig.daemon.send("PUT", "/orders/" + id, {{"amount", amount}, {"currency", "KRW"}}).status;
  CHECK((status == 200 || status == 201));
}

}  // namespace

TEST_CASE("polls: with a version, the answer comes with the next change, or at once") {
  Rig rig(quiet());
  rig.daemon.register_order("o1");
  const std::int64_t version = rig.daemon.payment("o1").at("version");
  const auto begun = Clock::now();
  std::future<Answer> next = poll(rig, "/payments/o1?wait=60&version=" + std::to_string(version));
  // Another payment is none of its business.
  change(rig, "o2", 1);
  CHECK(next.wait_for(300ms) == std::future_status::timeout);
  change(rig, "o1", 20'000);
  const Json changed = next.get().json();
  CHECK(changed.at("version") > version);
  CHECK(changed.at("expected_amount") == 20'000);
  CHECK(rig.daemon.get("/payments/o1?wait=60&version=" + std::to_string(version)).status == 200);
  CHECK(rig.daemon.get("/payments/o1?wait=60&version=0").status == 200);
  // Decided or not, only a newer version is news.
  rig.portone.make({{"payment_id", "o1"}, {"amount", 20'000}, {"status", "paid"}});
  const Json paid = rig.daemon.wait_for_result("o1", "paid");
  CHECK(Clock::now() - begun < 50s);
  const auto asked = Clock::now();
  const std::string newest = paid.at("version").dump();
  CHECK(rig.daemon.get("/payments/o1?wait=1&version=" + newest).json().at("version") ==
        paid.at("version"));
  CHECK(Clock::now() - asked >= 990ms);
}

TEST_CASE("changes: each payment once in its newest state, page by page, and what comes next") {
  Rig rig(quiet());
  CHECK(changes(rig, "").at("changes").empty());
  for (int i = 0; i < 5; ++i) change(rig, "o" + std::to_string(i), 100 + i);
  change(rig, "o0", 7);
  std::map<std::string, std::int64_t> seen;
  std::vector<std::string> order;
  std::string cursor = "0";
  for (;;) {
    const Json page = changes(rig, "limit=2&cursor=" + cursor);
    cursor = page.at("next_cursor");
    for (const Json& p : page.at("changes")) {
      CHECK_FALSE(p.contains("timeline"));
      order.push_back(p.at("payment_id"));
      seen[order.back()] = p.at("expected_amount");
    }
    if (page.at("changes").empty()) break;
  }
  CHECK(order == std::vector<std::string>{"o1", "o2", "o3", "o4", "o0"});
  CHECK(seen.at("o0") == 7);

  std::future<Answer> next = poll(rig, "/changes?wait=60&cursor=" + cursor);
  CHECK(next.wait_for(300ms) == std::future_status::timeout);
  change(rig, "o2", 8);
  const Json news = next.get().json();
  REQUIRE(news.at("changes").size() == 1);
  CHECK(news.at("changes")[0].at("payment_id") == "o2");
  CHECK(news.at("changes")[0].at("expected_amount") == 8);

  // The cursor outlives the daemon, and nothing that changed meanwhile is left out.
  cursor = news.at("next_cursor");
  rig.daemon.kill();
  rig.restart();
  rig.portone.make({{"payment_id", "o3"}, {"amount", 103}, {"status", "paid"}});
  const Json after = rig.daemon.get("/changes?wait=60&cursor=" + cursor).json();
  REQUIRE(after.at("changes").size() == 1);
  CHECK(after.at("changes")[0].at("payment_id") == "o3");
  // A place that this file does not have is of another one: an older copy was put back.
  CHECK(rig.daemon.get("/changes?cursor=1000000").status == 409);
  CHECK(rig.daemon.get("/changes?cursor=1-1").status == 409);
  // A poll that is held does not hold up a stop.
  std::future<Answer> held =
      poll(rig, "/changes?wait=60&cursor=" + after.at("next_cursor").get<std::string>());
  CHECK(held.wait_for(300ms) == std::future_status::timeout);
  const auto stopped = Clock::now();
  CHECK(rig.daemon.stop() == 0);
  CHECK(Clock::now() - stopped < 5s);
  CHECK(held.get().status == 200);
}
