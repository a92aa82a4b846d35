// Group commit: what is bundled, what is refused, what fails alone, and when the news goes out.
#include <atomic>
#include <filesystem>
#include <thread>

#include "storage/session.h"
#include "tests/storage/sqlite/other_process.h"
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using reconciled::storage::EngineError;

namespace {

NewEvent numbered(int number) {
  NewEvent event = v1_webhook("imp_" + std::to_string(number), Result::kPaid);
  event.event.payment_id = PaymentId::trusted("ord-" + std::to_string(number));
  event.event.dedupe_text = std::to_string(number);
  return event;
}

std::string stored_events(const std::string& path) {
  return Stranger(path).value("SELECT count(*) FROM event");
}

// What completions were told, in their order.
struct Told {
  std::mutex mutex;
  std::vector<std::string> answers;

  Done<Accepted> accepted() {
    return [this](const Outcome<Accepted, WriteFailure>& outcome) {
      add(outcome.ok() ? "stored" : outcome.error().detail, outcome.ok());
    };
  }
  Done<OrderOutcome> ordered() {
    return [this](const Outcome<OrderOutcome, WriteFailure>& outcome) {
      add(outcome.ok() ? "ordered" : outcome.error().detail, outcome.ok());
    };
  }
  std::size_t count(const std::string& answer) {
    const std::lock_guard lock(mutex);
    return static_cast<std::size_t>(std::count(answers.begin(), answers.end(), answer));
  }

 private:
  void add(const std::string& answer, bool ok) {
    const std::lock_guard lock(mutex);
    answers.push_back(ok ? answer : "failed: " + answer);
  }
};

// Another process that takes the database's write lock on `l` and lets it go on `u`.
std::function<char(char)> locker(const std::string& path) {
  return [path](char letter) {
    static sqlite3* handle = nullptr;
    if (handle == nullptr && sqlite3_open(path.c_str(), &handle) != SQLITE_OK) return 'n';
    const char* sql = letter == 'l' ? "BEGIN IMMEDIATE" : "COMMIT";
    return sqlite3_exec(handle, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? 'y' : 'n';
  };
}

}  // namespace

TEST_CASE("writer: what is queued together is committed together") {
  Store store(both_apis(), false);
  Told told;
  for (int i = 0; i < 100; ++i) store.writer().accept_event(numbered(i), told.accepted());
  CHECK(store.writer().queued() == 100);
  store.writer().start();
  store.writer().stop();
  CHECK(told.count("stored") == 100);
  CHECK(store.heard().batches == std::vector<std::size_t>{100});
  REQUIRE(store.heard().notices.size() == 1);
  CHECK(store.heard().notices[0].pending_events.size() == 100);
  CHECK(stored_events(store.path()) == "100");
}

TEST_CASE("writer: a batch has a limit") {
  Store store(both_apis(), false, 1'000, 8);
  Told told;
  for (int i = 0; i < 20; ++i) store.writer().accept_event(numbered(i), told.accepted());
  store.writer().start();
  store.writer().stop();
  CHECK(store.heard().batches == std::vector<std::size_t>{8, 8, 4});
  CHECK(told.count("stored") == 20);
}

TEST_CASE("writer: a queue is full of bytes, too, and has room for more once they are written") {
  Store store(both_apis(), false);
  Writer writer(storage::Store(store.path()), {.queue_bytes = 10'000}, {});
  writer.adopt(both_apis(), {10s}, at(0));
  const std::string full = "failed: the write queue is full";
  Told told;
  for (int i = 1; i <= 3; ++i) {
    NewEvent large = numbered(i);
    large.event.stored_body = std::string(4'000, 'x');
    writer.accept_event(large, told.accepted());
  }
  CHECK(told.answers == std::vector<std::string>{full});
  writer.accept_event(numbered(4), told.accepted());  // a small one finds room
  writer.start();
  writer.stop();
  CHECK(told.answers == std::vector<std::string>{full, "stored", "stored", "stored"});
}

TEST_CASE("writer: a unit that fails takes back its own work only") {
  Store store(both_apis(), false);
  Told told;
  store.writer().accept_event(numbered(1), told.accepted());
  // The schema refuses an amount of 0.
  store.writer().register_order({kPayment, 0, kKrw, "", at(0)}, told.ordered());
  NewEvent broken = numbered(2);
  broken.event.hint = static_cast<UiState>(99);  // no word stands for it
  store.writer().accept_event(broken, told.accepted());
  store.writer().accept_event(numbered(3), told.accepted());
  store.writer().start();
  store.writer().stop();
  REQUIRE(told.answers.size() == 4);
  CHECK(told.answers[0] == "stored");
  CHECK(told.answers[1].rfind("failed: ", 0) == 0);
  CHECK(told.answers[2].rfind("failed: ", 0) == 0);
  CHECK(told.answers[3] == "stored");
  CHECK(stored_events(store.path()) == "2");
  CHECK(Stranger(store.path()).value("SELECT count(*) FROM expected_order") == "0");
  CHECK(store.heard().notices.at(0).pending_events.size() == 2);
  CHECK(store.heard().troubles.size() == 1);  // once a trouble
}

TEST_CASE("writer: a report that fails half way leaves neither its answers nor its decision") {
  Store store;
  (void)store.order(kAmount);
  LookupReport report = Store::answered({QuestionKind::kV1Order, "ord-1", kPayment}, 5);
  report.snapshots = {v1("imp_1", Result::kPaid, 5), v1("imp_2", Result::kPaid, 5)};
  report.snapshots[1].total_amount = -1;
  CHECK_FALSE(
      store.wait<SettledReport>([&](auto done) { store.writer().settle(report, done); }).ok());
  CHECK(Stranger(store.path()).value("SELECT count(*) FROM snapshot") == "0");
  CHECK(store.payment().result == Result::kNone);
}

TEST_CASE("writer: a completion comes after the commit is there for all to see") {
  Store store;
  std::promise<std::string> seen;
  store.writer().accept_event(numbered(1),
                              [&](const auto&) { seen.set_value(stored_events(store.path())); });
  CHECK(seen.get_future().get() == "1");
}

TEST_CASE("writer: the queue refuses at once what does not fit, and nothing of it happens") {
  Store store(both_apis(), false, 3);
  Told told;
  for (int i = 0; i < 5; ++i) store.writer().accept_event(numbered(i), told.accepted());
  CHECK(told.count("failed: the write queue is full") == 2);
  CHECK(told.answers.size() == 2);
  store.writer().start();
  store.writer().stop();
  CHECK(told.count("stored") == 3);
  CHECK(stored_events(store.path()) == "3");
}

TEST_CASE("writer: stopping runs what is queued and refuses the rest") {
  Store store(both_apis(), false, 10'000, 16);
  Told told;
  for (int i = 0; i < 500; ++i) store.writer().accept_event(numbered(i), told.accepted());
  store.writer().start();
  store.writer().stop();
  CHECK(told.count("stored") == 500);
  CHECK(stored_events(store.path()) == "500");
  std::optional<WriteFailure::Kind> kind;
  store.writer().accept_event(numbered(1'000),
                              [&](const auto& outcome) { kind = outcome.error().kind; });
  CHECK(kind == WriteFailure::Kind::kStopping);
}

TEST_CASE("writer: many threads at once lose nothing") {
  Store store;
  Told told;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 100; ++i) {
        store.writer().accept_event(numbered(t * 100 + i), told.accepted());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  store.writer().stop();
  CHECK(told.count("stored") == 400);
  CHECK(stored_events(store.path()) == "400");
}

TEST_CASE("writer: another process's write lock is waited out without loss") {
  const TemporaryFolder folder;
  const std::string link = folder / "db";
  OtherProcess other(locker(link));
  Store store(both_apis(), false);
  REQUIRE(::symlink(store.path().c_str(), link.c_str()) == 0);
  REQUIRE(other.tell('l') == 'y');
  Told told;
  store.writer().start();
  for (int i = 0; i < 10; ++i) store.writer().accept_event(numbered(i), told.accepted());
  // The trouble is heard once the writer has met the lock.
  store.heard().first_trouble.get_future().wait();
  CHECK(told.count("stored") == 0);
  REQUIRE(other.tell('u') == 'y');
  (void)store.accept(numbered(10));  // committed after those
  CHECK(told.count("stored") == 10);
  CHECK(stored_events(store.path()) == "11");
  CHECK(store.heard().troubles.size() == 1);
  CHECK(store.heard().troubles[0].find("write lock") != std::string::npos);
}

TEST_CASE("writer: a stop waits for no lock, whatever completions queue anew") {
  Store store;
  OtherProcess other(locker(store.path()));
  REQUIRE(other.tell('l') == 'y');
  std::atomic<int> failed = 0;
  // As the reconciler does with what the world kept from being decided.
  std::function<void()> try_again = [&] {
    store.writer().begin_event(EventId{1}, at(1), [&](const auto& outcome) {
      ++failed;
      if (!outcome.ok() && outcome.error().kind == WriteFailure::Kind::kUnavailable) try_again();
    });
  };
  try_again();
  Told told;
  store.writer().accept_event(numbered(1), told.accepted());
  store.heard().first_trouble.get_future().wait();
  const auto began = std::chrono::steady_clock::now();
  store.writer().stop();
  CHECK(std::chrono::steady_clock::now() - began < 5s);
  CHECK(told.answers.size() == 1);
  CHECK(failed > 0);
}

TEST_CASE("writer: into a damaged file nothing more is written, and a person is told what to do") {
  Store store;
  Told told;
  const auto store_one = [&](int number) {
    return store.wait<Accepted>(
        [&](auto done) { store.writer().accept_event(numbered(number), done); });
  };
  REQUIRE(store_one(1).ok());
  store.writer().reading_failed(std::runtime_error("disk I/O error"));
  REQUIRE(store_one(2).ok());
  store.writer().reading_failed(
      EngineError(EngineError::Kind::kDamaged, "database disk image is malformed"));
  const auto refused = store_one(3);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.error().kind == WriteFailure::Kind::kUnavailable);
  CHECK(refused.error().detail.find(".recover") != std::string::npos);
  store.writer().stop();
  CHECK(stored_events(store.path()) == "2");
  REQUIRE(store.heard().troubles.size() == 1);
  CHECK(store.heard().troubles.front().find(store.path() + " is damaged") == 0);
}

TEST_CASE("writer: nothing is acknowledged where the file, its -wal or its -shm is no longer there") {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    CAPTURE(suffix);
    Store store;
    REQUIRE(store.accept(numbered(1)).event.value == 1);
    const std::string path = store.path() + suffix;
    std::filesystem::rename(path, path + ".away");
    const auto store_two = [&](auto done) {
      store.writer().accept_event(numbered(2), std::move(done));
    };
    const auto refused = store.wait<Accepted>(store_two);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().detail.find(path + " was removed or replaced") == 0);
    std::filesystem::rename(path + ".away", path);
    CHECK(store.wait<Accepted>(store_two).ok());
  }
}

TEST_CASE("writer: what a removed -wal held is moved into the file by a stop") {
  Store store;
  REQUIRE(store.accept(numbered(1)).event.value == 1);
  std::filesystem::remove(store.path() + "-wal");
  store.close();
  CHECK(stored_events(store.path()) == "1");
}

TEST_CASE("writer: who waits goes before who does not, and neither is starved") {
  Store store(both_apis(), false);
  std::mutex mutex;
  std::vector<std::string> order;
  const auto told = [&](const std::string& who) {
    return [&order, &mutex, who](const auto& outcome) {
      const std::lock_guard lock(mutex);
      order.push_back(outcome.ok() ? who : "failed");
    };
  };
  for (int i = 0; i < 50; ++i) store.writer().call_behind(told("background"));
  NewEvent redirect = numbered(900);
  redirect.event.source = EventSource::kRedirect;
  store.writer().accept_event(redirect, told("browser"));
  store.writer().accept_event(numbered(1), told("webhook"));
  store.writer().start();
  store.writer().stop();
  const auto place = [&](const std::string& who) {
    return std::find(order.begin(), order.end(), who) - order.begin();
  };
  CHECK(order.size() == 52);
  CHECK(place("webhook") < place("browser"));
  CHECK(place("browser") < place("background"));
}

TEST_CASE("writer: a flood of browsers fills its own queue, not that of webhooks") {
  Store store(both_apis(), false, 8);
  Told told;
  for (int i = 0; i < 10; ++i) {
    NewEvent redirect = numbered(i);
    redirect.event.source = EventSource::kRedirect;
    store.writer().accept_event(redirect, told.accepted());
  }
  for (int i = 0; i < 8; ++i) store.writer().accept_event(numbered(100 + i), told.accepted());
  CHECK(told.count("failed: the write queue is full") == 8);
  store.writer().start();
  store.writer().stop();
  CHECK(told.count("stored") == 2 + 8);
}

TEST_CASE("writer: commits are durable and in WAL, with the checks on") {
  Store store;
  (void)store.accept(numbered(1));
  CHECK(Stranger(store.path()).value("PRAGMA journal_mode") == "wal");
  // Read anew after the writer is gone: nothing hangs on its connection.
  store.open(both_apis());
  CHECK(stored_events(store.path()) == "1");
}

TEST_CASE("writer: a kept value stays what it was first") {
  Store store(both_apis(), false);
  CHECK(store.writer().keep("page_key", "first") == "first");
  CHECK(store.writer().keep("page_key", "second") == "first");
  store.open(both_apis());
  CHECK(store.writer().keep("page_key", "third") == "first");
}

TEST_CASE("writer: a changed configuration is a row of evidence, an unchanged one is not") {
  Store store(both_apis(), false);
  const auto rows = [&] {
    return Stranger(store.path()).value("SELECT count(*) FROM configuration");
  };
  CHECK(rows() == "1");
  store.open(both_apis());
  CHECK(rows() == "1");
  DecisionPolicy other = both_apis();
  std::vector<DecisionPolicy> changes(5, both_apis());
  changes[0].wait_for_webhook = true;
  changes[1].accept_unregistered = true;
  changes[2].channel = Channel::kTest;
  changes[3].v1_configured = false;
  changes[4].v2_store_id.reset();
  int expected = 1;
  for (const DecisionPolicy& changed : changes) {
    store.open(changed);
    CHECK(rows() == std::to_string(++expected));
  }
  store.open(changes.back());
  CHECK(rows() == std::to_string(expected));
  CHECK(Stranger(store.path())
            .value("SELECT missing_webhook, unregistered_orders, channel, v1, v2_store_id "
                   "FROM configuration WHERE configuration_id = 2") == "wait|hold|live|1|store-1");
}

TEST_CASE("writer: a payment remembers the configuration that it was decided under") {
  Store store;
  (void)store.order(kAmount);
  DecisionPolicy changed = both_apis();
  changed.wait_for_webhook = true;
  store.open(changed);
  store.writer().start();
  Stranger stranger(store.path());
  CHECK(stranger.value("SELECT configuration_id FROM payment") == "1");
  (void)store.portone_says({v1("imp_1", Result::kPaid)}, 5);
  CHECK(stranger.value("SELECT configuration_id, result FROM payment") == "2|pending");
}
