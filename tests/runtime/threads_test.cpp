// The small parts with a thread: timers, the reader pool, and who watches the others.
#include <doctest/doctest.h>

#include <atomic>
#include <future>

#include "daemon/runtime/health.h"
#include "daemon/runtime/reader_pool.h"
#include "daemon/runtime/timers.h"
#include "storage/sqlite/migrate.h"
#include "tests/support/temporary_folder.h"

using namespace reconciled;
using namespace std::chrono_literals;

TEST_CASE("health: a thread that counts its rounds is well, one that does not has stalled") {
  Health health;
  std::uint64_t writer = 0;
  std::uint64_t reconciler = 0;
  health.watch("writer", [&] { return writer; });
  health.watch("reconciler", [&] { return reconciler; });
  CHECK(health.faults(1h).empty());
  ++writer;
  const std::vector<std::string> faults = health.faults(0s);
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].find("reconciler") != std::string::npos);
  ++reconciler;
  ++writer;
  CHECK(health.faults(0s).empty());
}

TEST_CASE("timers: calls come in the order in which they are due") {
  Timers timers;
  std::vector<int> order;
  std::promise<void> last;
  timers.after(60ms, [&] {
    order.push_back(3);
    last.set_value();
  });
  timers.after(30ms, [&] { order.push_back(2); });
  timers.after(0ms, [&] { order.push_back(1); });
  last.get_future().wait();
  CHECK(order == std::vector<int>{1, 2, 3});
}

TEST_CASE("timers: never before the time, and a call may ask for another") {
  Timers timers;
  const auto begun = std::chrono::steady_clock::now();
  std::promise<std::chrono::steady_clock::duration> passed;
  timers.after(20ms, [&] {
    timers.after(20ms, [&] { passed.set_value(std::chrono::steady_clock::now() - begun); });
  });
  CHECK(passed.get_future().get() >= 40ms);
}

TEST_CASE("timers: stopping drops what is not due, and stopping twice does nothing") {
  std::atomic<bool> called = false;
  {
    Timers timers;
    timers.after(1h, [&] { called = true; });
    timers.stop();
    timers.stop();
    timers.after(0ms, [&] { called = true; });
  }
  CHECK_FALSE(called);
}

namespace {

struct Pool {
  explicit Pool(int threads, bool with_database = true) {
    if (with_database) (void)storage::migrate(path);
    pool.emplace(store, threads,
                 [this](const std::exception& error) { failures.emplace_back(error.what()); });
  }
  test::TemporaryFolder folder;
  std::string path = folder / "reconciled.db";
  storage::Store store{path};
  std::vector<std::string> failures;  // of one thread's pools only
  std::optional<ReaderPool> pool;
};

}  // namespace

TEST_CASE("reader pool: tasks read the database, each on a thread of the pool") {
  Pool world(2);
  std::promise<std::int64_t> depth;
  std::promise<std::thread::id> thread;
  world.pool->run(
      [&](storage::Reader& reader) {
        depth.set_value(reader.stats().inbox_depth);
        thread.set_value(std::this_thread::get_id());
      },
      [] { FAIL("it was taken"); });
  CHECK(depth.get_future().get() == 0);
  CHECK(thread.get_future().get() != std::this_thread::get_id());
}

TEST_CASE("reader pool: a task that throws is told of, and the next one runs") {
  Pool world(1);
  std::promise<void> failed;
  world.pool->run([](storage::Reader&) { throw std::runtime_error("no luck"); },
                  [&] { failed.set_value(); });
  failed.get_future().wait();
  std::promise<void> done;
  world.pool->run([&](storage::Reader&) { done.set_value(); }, [] { FAIL("it was taken"); });
  done.get_future().wait();
  CHECK(world.failures == std::vector<std::string>{"no luck"});
}

TEST_CASE("reader pool: a database that comes later is read once it is there") {
  Pool world(1, false);
  std::promise<void> failed;
  bool ran = false;
  world.pool->run([&](storage::Reader&) { ran = true; }, [&] { failed.set_value(); });
  failed.get_future().wait();
  CHECK_FALSE(ran);
  CHECK(world.failures.size() == 1);
  (void)storage::migrate(world.path);
  std::promise<void> done;
  world.pool->run([&](storage::Reader&) { done.set_value(); }, [] { FAIL("it was taken"); });
  done.get_future().wait();
}

TEST_CASE("reader pool: what does not fit fails at once, what is left at a stop then, later ones too") {
  Pool world(1);
  std::promise<void> begun;
  std::promise<void> go_on;
  std::shared_future<void> allowed = go_on.get_future().share();
  world.pool->run(
      [&](storage::Reader&) {
        begun.set_value();
        allowed.wait();
      },
      [] { FAIL("it was taken"); });
  begun.get_future().wait();
  std::atomic<int> failed = 0;
  const auto run_one = [&] { world.pool->run([](storage::Reader&) {}, [&] { ++failed; }); };
  for (int i = 0; i < 4'096; ++i) run_one();
  CHECK(failed == 0);
  run_one();
  CHECK(failed == 1);
  std::thread stopping([&] { world.pool->stop(); });
  while (failed < 4'097) std::this_thread::yield();
  run_one();
  CHECK(failed == 4'098);
  go_on.set_value();
  stopping.join();
  run_one();
  CHECK(failed == 4'099);
}
