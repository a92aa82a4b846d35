// The WAL begins anew again and again, and nothing that was committed is lost by it.
#include "storage/sqlite/checkpointer.h"

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "storage/sqlite/sqlite_session.h"
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using reconciled::storage::Checkpointer;
using reconciled::storage::SqliteSession;

namespace {

constexpr int kPages = 64;
constexpr std::uintmax_t kPageBytes = 4'096;

// A database with one table, and its only writer.
class Ledger {
 public:
  Ledger() { session_.exec("CREATE TABLE entry (entry_id INTEGER PRIMARY KEY, what BLOB)"); }

  // A commit of three pages or more.
  void write() {
    session_.query("INSERT INTO entry (what) VALUES (zeroblob(8192))").run();
    ++written_;
    checkpointer_.between_commits();
  }
  [[nodiscard]] std::string path() const { return folder_ / "ledger.db"; }
  [[nodiscard]] std::string written() const { return std::to_string(written_); }
  [[nodiscard]] std::uintmax_t wal_pages() const {
    return std::filesystem::file_size(path() + "-wal") / kPageBytes;
  }
  // How often the WAL began anew: https://sqlite.org/fileformat2.html#walformat
  [[nodiscard]] unsigned beginnings() const {
    std::ifstream wal(path() + "-wal", std::ios::binary);
    std::array<unsigned char, 16> head{};
    wal.read(reinterpret_cast<char*>(head.data()), head.size());
    return (unsigned{head[12]} << 24U) | (unsigned{head[13]} << 16U) | (unsigned{head[14]} << 8U) |
           unsigned{head[15]};
  }
  [[nodiscard]] std::vector<std::string> troubles() const { return troubles_; }

 private:
  TemporaryFolder folder_;
  int written_ = 0;
  std::vector<std::string> troubles_;
  SqliteSession session_{path(), SqliteSession::Mode::kWrite, 250};
  Checkpointer checkpointer_{session_, 250, path(), kPages,
                             [this](const std::string& what) { troubles_.push_back(what); }};
};

void check_whole(const Ledger& ledger) {
  Stranger stranger(ledger.path());
  CHECK(stranger.value("SELECT count(*) FROM entry") == ledger.written());
  CHECK(stranger.value("PRAGMA integrity_check") == "ok");
  CHECK(ledger.troubles().empty());
}

}  // namespace

TEST_CASE("checkpointer: under load the WAL begins anew again and again, and nothing is lost") {
  Ledger ledger;
  for (int i = 0; i < 2'000; ++i) ledger.write();
  // 6 000 pages and more; on a busy machine the thread may be kept waiting.
  CHECK(ledger.wal_pages() < 3'000);
  CHECK(ledger.beginnings() > 2);
  check_whole(ledger);
}

TEST_CASE("checkpointer: the WAL stays small with readers coming and going") {
  Ledger ledger;
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      Stranger reader(ledger.path());
      while (!done) {
        (void)reader.value("SELECT count(*) FROM entry WHERE length(what) = 1");
        std::this_thread::sleep_for(2ms);
      }
    });
  }
  for (int i = 0; i < 3'000; ++i) ledger.write();
  done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(ledger.wal_pages() < 4'000);  // of 9 000 and more
  CHECK(ledger.beginnings() > 1);
  check_whole(ledger);
}

TEST_CASE("checkpointer: a reader that stays lets the WAL grow, and after it the WAL begins anew") {
  Ledger ledger;
  {
    Stranger reader(ledger.path());
    (void)reader.value("BEGIN");
    (void)reader.value("SELECT count(*) FROM entry");
    for (int i = 0; i < 400; ++i) ledger.write();
    CHECK(reader.value("SELECT count(*) FROM entry") == "0");
    CHECK(ledger.beginnings() <= 1);
  }
  const auto grown = ledger.wal_pages();
  CHECK(grown > 4 * kPages);
  for (int i = 0; i < 600; ++i) ledger.write();
  CHECK(ledger.wal_pages() < grown + 1'200);  // of 1 800 and more
  CHECK(ledger.beginnings() > 1);
  check_whole(ledger);
}

// What a checkpoint by another process leaves to do, and what it does meanwhile, is found out.
TEST_CASE("checkpointer: others may make checkpoints, too") {
  Ledger ledger;
  std::atomic<bool> done{false};
  std::thread other([&] {
    Stranger shell(ledger.path());
    while (!done) {
      (void)shell.value("PRAGMA wal_checkpoint");
      std::this_thread::sleep_for(3ms);
    }
  });
  for (int i = 0; i < 2'000; ++i) ledger.write();
  done = true;
  other.join();
  CHECK(ledger.wal_pages() < 3'000);
  check_whole(ledger);
}
