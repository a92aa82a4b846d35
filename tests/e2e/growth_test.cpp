// What strangers send does not fill the disk: it leaves again, and what somebody vouches for stays.
#include <doctest/doctest.h>

#include <chrono>
#include <vector>

#include "tests/e2e/rig.h"
#include "tests/support/invented_redirects.h"

using namespace reconciled::e2e;
using reconciled::test::invented_redirects;

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// README, Limits.
constexpr std::int64_t kMostInvented = 100'000;
constexpr int kKeptRejections = 1'000;
// It begins to leave with the start. The machine may be busy.
constexpr std::chrono::seconds kSoon{30};

std::int64_t ms_ago(std::chrono::hours ago) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             (std::chrono::system_clock::now() - ago).time_since_epoch())
      .count();
}

// Unknown payments are looked up once.
Settings settings() {
  return {.log_level = "info", .reconcile_lines = "lookup_schedule = [\"1h\"]"};
}

std::int64_t number(const Rig& rig, const std::string& sql) {
  return std::stoll(rig.daemon.sqlite(sql));
}

std::int64_t pages(const Rig& rig) { return number(rig, "PRAGMA page_count"); }

// Puts them into the file while the daemon does not run.
void fill(Rig& rig, const std::vector<std::string>& statements) {
  CHECK(rig.daemon.stop() == 0);
  for (const std::string& sql : statements) {
    const Finished filled = run({{"sqlite3", rig.daemon.database_path(), sql}});
    REQUIRE_MESSAGE(filled.status == 0, filled.err);
  }
}

void wait_for_invented(const Rig& rig, std::int64_t count) {
  const auto began = Clock::now();
  const std::string invented = "SELECT count(*) FROM event WHERE payment_id LIKE 'inv-%'";
  wait_until(
      "the rest has left", [&] { return number(rig, invented) == count; }, kSoon);
  MESSAGE("after " << std::chrono::duration<double>(Clock::now() - began).count() << " s");
}

void check_whole(const Rig& rig) {
  CHECK(rig.daemon.sqlite("PRAGMA integrity_check; PRAGMA foreign_key_check") == "ok\n");
  CHECK(number(rig, "SELECT count(*) FROM event_progress") ==
        number(rig, "SELECT count(*) FROM event"));
  CHECK(number(rig,
               "SELECT count(*) FROM event_index i LEFT JOIN event e USING (event_id)"
               " WHERE e.event_id IS NULL") == 0);
}

void come_back(Rig& rig, const std::string& payment_id, const std::string& attempt_id) {
  const Answer page =
      rig.come_back("imp_uid=" + attempt_id + "&merchant_uid=" + payment_id + "&imp_success=true");
  CHECK(page.status == 200);
}

// The redirects that an order, a signed webhook and PortOne's answer name, and all about them.
std::string genuine(const Rig& rig) {
  return rig.daemon.sqlite(
      "SELECT * FROM event WHERE payment_id LIKE 'by-%';"
      "SELECT * FROM payment WHERE payment_id LIKE 'by-%';"
      "SELECT * FROM transition WHERE payment_id LIKE 'by-%';"
      "SELECT * FROM snapshot; SELECT * FROM finding");
}

}  // namespace

TEST_CASE("growth: of forged redirects 100,000 stay, and all that somebody vouches for") {
  Rig rig(settings());
  rig.daemon.register_order("by-order");
  come_back(rig, "by-order", "imp_1");
  come_back(rig, "by-signature", "tx-1");
  rig.acknowledged(v2_webhook("Transaction.Paid", "by-signature", "tx-1"));
  const Json attempt =
      rig.portone.make({{"payment_id", "by-answer"}, {"status", "paid"}, {"webhook", false}});
  come_back(rig, "by-answer", id_of(attempt));
  rig.daemon.wait_for_result("by-answer", "paid");
  rig.daemon.wait_for_empty_inbox();
  const std::string before = genuine(rig);

  constexpr std::int64_t kFirst = 1'000;  // younger than the genuine ones
  constexpr std::int64_t kBeyond = 10'000;
  fill(rig, {invented_redirects(kFirst, kFirst + kMostInvented + kBeyond - 1, ms_ago(0h))});
  const std::int64_t full = pages(rig);
  rig.restart();
  wait_for_invented(rig, kMostInvented);
  CHECK(genuine(rig) == before);
  check_whole(rig);
  // What comes takes the room of what has left.
  for (int i = 0; i < 100; ++i) come_back(rig, "forged-" + std::to_string(i), "imp_9");
  CHECK(pages(rig) <= full);
}

TEST_CASE("growth: forged redirects leave after 7 days, but for a registered order's") {
  Rig rig(settings());
  rig.daemon.register_order("inv-1");
  fill(rig, {invented_redirects(1, 500, ms_ago(7 * 24h + 1h)),
             invented_redirects(501, 510, ms_ago(7 * 24h - 1h))});
  rig.restart();
  wait_for_invented(rig, 1 + 10);
  CHECK(number(rig, "SELECT count(*) FROM event WHERE payment_id = 'inv-1'") == 1);
  check_whole(rig);
}

TEST_CASE("growth: of refused deliveries the newest 1,000 are kept") {
  Rig rig(settings());
  const Call forged = v2_webhook("Transaction.Paid", "by-order", "tx-1",
                                 {.secret = "whsec_" + std::string(43, 'A') + "="});
  // In a flood not each is noted.
  wait_until("more than that are noted", [&] {
    for (int i = 0; i < 100; ++i) REQUIRE(rig.deliver(forged).status == 401);
    return number(rig, "SELECT coalesce(max(rejected_id), 0) FROM rejected_delivery") >
           kKeptRejections + 100;
  });
  CHECK(number(rig, "SELECT count(*) FROM rejected_delivery") == kKeptRejections);
  check_whole(rig);
}
