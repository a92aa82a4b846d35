#include "storage/sqlite/known_events.h"

#include <chrono>
#include <random>
#include <thread>

#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using namespace std::chrono_literals;
using reconciled::storage::KnownEvents;
using reconciled::storage::SqliteSession;

namespace {

std::vector<std::int64_t> some_hashes(std::size_t count) {
  static std::mt19937_64 random(7);
  std::vector<std::int64_t> hashes(count);
  for (std::int64_t& hash : hashes) hash = static_cast<std::int64_t>(random());
  return hashes;
}

// Events of these hashes, and of nothing else.
void store(SqliteSession& session, const std::vector<std::int64_t>& hashes) {
  session.begin();
  for (const std::int64_t hash : hashes) {
    const std::int64_t id =
        session
            .query("INSERT INTO event (received_at_ms, source, kind, type, hint, signed,"
                   "  known_source) VALUES (1, 'webhook', 'payment', 't', 'none', 1, 0) "
                   "RETURNING event_id")
            .number();
    session
        .query("INSERT INTO event_progress (event_id, dedupe_hash, last_arrival_ms) "
               "VALUES (?, ?, 1)")
        .with(id, hash)
        .run();
  }
  session.commit();
}

double share_held(const KnownEvents& filter, const std::vector<std::int64_t>& hashes) {
  const auto held = std::count_if(hashes.begin(), hashes.end(),
                                  [&](std::int64_t hash) { return filter.may_hold(hash); });
  return static_cast<double>(held) / static_cast<double>(hashes.size());
}

// Until it says "no" at all.
void wait_until_filled(KnownEvents& filter) {
  const std::vector<std::int64_t> strangers = some_hashes(1'000);
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (share_held(filter, strangers) > 0.5 && std::chrono::steady_clock::now() < end) {
    std::this_thread::sleep_for(1ms);
    filter.between_commits();
  }
}

struct Filtered {
  Filtered() { (void)migrate(path); }
  TemporaryFolder folder;
  const std::string path = folder / "events.db";
};

}  // namespace

TEST_CASE("known events: says no only of what it does not hold, and mostly then") {
  KnownEvents::Bits bits(100'000);
  const std::vector<std::int64_t> held = some_hashes(100'000);
  const std::vector<std::int64_t> strangers = some_hashes(100'000);
  for (const std::int64_t hash : held) bits.set(hash);
  CHECK(std::all_of(held.begin(), held.end(), [&](auto hash) { return bits.may_hold(hash); }));
  CHECK(std::count_if(strangers.begin(), strangers.end(),
                      [&](auto hash) { return bits.may_hold(hash); }) < 4'000);
}

TEST_CASE("known events: holds what was stored before it, and what is noted while it fills") {
  Filtered file;
  SqliteSession session(file.path, SqliteSession::Mode::kWrite, 1'000);
  const std::vector<std::int64_t> before = some_hashes(40'000);
  store(session, before);
  KnownEvents filter(session, file.path);
  CHECK(share_held(filter, some_hashes(100)) == 1);  // nothing is certain yet
  const std::vector<std::int64_t> meanwhile = some_hashes(1'000);
  for (const std::int64_t hash : meanwhile) filter.note(hash);
  store(session, meanwhile);
  wait_until_filled(filter);
  CHECK(share_held(filter, before) == 1);
  CHECK(share_held(filter, meanwhile) == 1);
  CHECK(share_held(filter, some_hashes(10'000)) < 0.05);
}

TEST_CASE("known events: one that became too small is followed by a larger one") {
  Filtered file;
  SqliteSession session(file.path, SqliteSession::Mode::kWrite, 1'000);
  KnownEvents filter(session, file.path);
  wait_until_filled(filter);
  const std::vector<std::int64_t> many = some_hashes(200'000);
  store(session, many);
  for (const std::int64_t hash : many) filter.note(hash);
  const std::vector<std::int64_t> strangers = some_hashes(10'000);
  CHECK(share_held(filter, strangers) > 0.1);
  const auto end = std::chrono::steady_clock::now() + 20s;
  while (share_held(filter, strangers) > 0.05 && std::chrono::steady_clock::now() < end) {
    filter.between_commits();
    std::this_thread::sleep_for(1ms);
  }
  CHECK(share_held(filter, strangers) < 0.05);
  CHECK(share_held(filter, many) == 1);
}

TEST_CASE("known events: a file that cannot be read leaves everything possible") {
  Filtered file;
  SqliteSession session(file.path, SqliteSession::Mode::kWrite, 1'000);
  KnownEvents filter(session, file.folder / "absent.db");
  std::this_thread::sleep_for(50ms);
  filter.between_commits();
  CHECK(share_held(filter, some_hashes(100)) == 1);
}
