// A `-wal` is laid over the file that it belongs to, and over no other.
#include "storage/sqlite/wal_mark.h"

#include <filesystem>
#include <string>

#include "storage/rebuild.h"
#include "storage/sqlite/backup.h"
#include "tests/storage/sqlite/other_process.h"
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using reconciled::storage::ForeignWal;
using reconciled::storage::check_wal;
using reconciled::storage::is_wal_empty;

namespace {

// Few, so that the WAL begins anew all the time.
constexpr int kCheckpointPages = 24;

// A process that writes orders to one file: 'o' opens it, 'w' writes one, 'm' some hundred, 'g'
// goes on until it is killed, 's' stops cleanly.
class Daemon {
 public:
  explicit Daemon(std::string path) : path_(std::move(path)) {}

  char obey(char letter) {
    switch (letter) {
      case 'o':
        (void)migrate(path_);
        writer_ = std::make_unique<Writer>(
            storage::Store(path_), WriterOptions{.checkpoint_pages = kCheckpointPages}, WriterHooks{});
        writer_->adopt(both_apis(), {10s}, at(0));
        writer_->start();
        break;
      case 'w':
        write();
        break;
      case 'm':
        for (int i = 0; i < 200; ++i) write();
        break;
      case 'g':
        std::thread([this] {
          for (;;) write();
        }).detach();
        break;
      default:
        writer_.reset();
    }
    return 'y';
  }

 private:
  void write() {
    std::promise<void> written;
    const auto id =
        PaymentId::make("o" + std::to_string(++written_) + "-" + std::to_string(::getpid()));
    writer_->register_order({*id, 100, kKrw, std::string(200, 'n'), at(0)},
                            [&](const auto&) { written.set_value(); });
    written.get_future().wait();
  }

  std::string path_;
  std::unique_ptr<Writer> writer_;
  int written_ = 0;
};

struct Files {
  TemporaryFolder folder;
  std::string path = folder / "reconciled.db";
  std::string backup = folder / "backup.db";

  // 'k' at the end: it is killed.
  void run(const std::string& letters) const {
    OtherProcess other([path = path](char letter) {
      static Daemon daemon(path);
      return daemon.obey(letter);
    });
    for (const char letter : letters) {
      if (letter == 'k') {
        other.die();
      } else {
        other.tell(letter);
      }
    }
  }
  void put_back() const {
    std::filesystem::copy_file(backup, path, std::filesystem::copy_options::overwrite_existing);
  }
  [[nodiscard]] std::string orders() const {
    return Stranger(path).value("SELECT count(*) FROM expected_order");
  }
};

std::string refusal(const std::string& path) {
  try {
    check_wal(path);
    return "";
  } catch (const ForeignWal& error) {
    return error.what();
  }
}

constexpr const char* kMark = "SELECT substr(value, 1, 32) FROM meta WHERE key = 'wal_mark'";

// A copy of two orders, as `backup` makes it; the process writes one more and is killed. Gives the mark
// of its file.
std::string copy_and_kill(const Files& files) {
  OtherProcess other([path = files.path](char letter) {
    static Daemon daemon(path);
    return daemon.obey(letter);
  });
  for (const char letter : {'o', 'w', 'w'}) other.tell(letter);
  reconciled::storage::back_up(files.path, files.backup);
  other.tell('w');
  // Not later: who closes the file last moves its WAL.
  std::string mark = Stranger(files.path).value(kMark);
  other.die();
  REQUIRE_FALSE(is_wal_empty(files.path));
  return mark;
}

}  // namespace

TEST_CASE("WAL: what a killed process left is its file's own, whenever it was killed") {
  const Files files;
  for (int i = 0; i < 12; ++i) {
    OtherProcess other([path = files.path](char letter) {
      static Daemon daemon(path);
      return daemon.obey(letter);
    });
    other.tell('o');
    other.tell('g');
    std::this_thread::sleep_for(std::chrono::milliseconds(20 + 13 * i));
    other.die();
    CHECK(refusal(files.path).empty());
  }
  CHECK(Stranger(files.path).value("PRAGMA integrity_check") == "ok");
}

TEST_CASE("WAL: its file's own it is, too, where another process moves its pages all the time") {
  const Files files;
  for (int i = 0; i < 12; ++i) {
    OtherProcess other([path = files.path](char letter) {
      static Daemon daemon(path);
      return daemon.obey(letter);
    });
    other.tell('o');
    other.tell('g');
    {
      Stranger shell(files.path);
      const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(20 + 13 * i);
      while (std::chrono::steady_clock::now() < end) {
        (void)shell.run("PRAGMA wal_checkpoint(TRUNCATE)");
      }
    }
    other.die();
    CHECK(refusal(files.path).empty());
  }
  CHECK(Stranger(files.path).value("PRAGMA integrity_check") == "ok");
}

TEST_CASE("WAL: a backup that was copied over the file of a killed process is refused") {
  for (const char* after : {"ok", "owk", "omk", "omwk"}) {
    CAPTURE(after);
    const Files files;
    files.run("owws");
    std::filesystem::copy_file(files.path, files.backup);
    files.run("ows");
    files.run(after);
    REQUIRE_FALSE(is_wal_empty(files.path));
    CHECK(refusal(files.path).empty());
    files.put_back();
    const std::string words = refusal(files.path);
    CHECK(words.find("remove " + files.path + "-wal and " + files.path + "-shm") !=
          std::string::npos);
    CHECK_THROWS_AS(migrate(files.path), ForeignWal);
    CHECK_THROWS_AS(rebuild(storage::Store(files.path), at(0)), ForeignWal);
    // As it says.
    std::filesystem::remove(files.path + "-wal");
    std::filesystem::remove(files.path + "-shm");
    CHECK(migrate(files.path).empty());
    CHECK(files.orders() == "2");
    files.run("ows");
    CHECK(files.orders() == "3");
  }
}

TEST_CASE("WAL: over the very file that it goes on from it is laid, and nothing is lost") {
  const Files files;
  files.run("owws");
  std::filesystem::copy_file(files.path, files.backup);
  files.run("owk");
  files.put_back();
  CHECK(refusal(files.path).empty());
  CHECK(files.orders() == "3");
}

TEST_CASE("WAL: a copy that was made while the process ran is refused, or comes out whole") {
  for (const char* after : {"", "w", "wwwww", "m", "mw"}) {
    CAPTURE(after);
    const Files files;
    OtherProcess other([path = files.path](char letter) {
      static Daemon daemon(path);
      return daemon.obey(letter);
    });
    for (const char letter : std::string("omw")) other.tell(letter);
    {
      Stranger stranger(files.path);
      sqlite3* copy = nullptr;
      REQUIRE(sqlite3_open(files.backup.c_str(), &copy) == SQLITE_OK);
      sqlite3_backup* backup = sqlite3_backup_init(copy, "main", stranger.handle(), "main");
      REQUIRE(backup != nullptr);
      CHECK(sqlite3_backup_step(backup, -1) == SQLITE_DONE);
      CHECK(sqlite3_backup_finish(backup) == SQLITE_OK);
      sqlite3_close(copy);
    }
    for (const char* letter = after; *letter != 0; ++letter) other.tell(*letter);
    other.die();
    // Of a copy: who closes a file last moves its WAL.
    const std::string copied = files.folder / "copied.db";
    std::filesystem::copy_file(files.path, copied);
    std::filesystem::copy_file(files.path + "-wal", copied + "-wal");
    const std::string all = Stranger(copied).value("SELECT count(*) FROM expected_order");
    files.put_back();
    if (!refusal(files.path).empty()) continue;
    CHECK(files.orders() == all);
    CHECK(Stranger(files.path).value("PRAGMA integrity_check") == "ok");
  }
}

TEST_CASE("WAL: files that say nothing of it are let be") {
  const TemporaryFolder folder;
  CHECK(refusal(folder / "absent.db").empty());
  const std::string path = folder / "old.db";
  Stranger stranger(path);
  CHECK(stranger
            .run("PRAGMA journal_mode = WAL; CREATE TABLE other (a); INSERT INTO other VALUES (1)")
            .empty());
  CHECK(refusal(path).empty());
}

TEST_CASE("WAL: it belongs to no copy that backup made, also since the newest mark") {
  const Files files;
  const std::string mark = copy_and_kill(files);
  // Its pages are others, so it must not pass for a state of the same file.
  CHECK(mark.size() == 32);
  CHECK(Stranger(files.backup).value(kMark).size() == 32);
  CHECK(Stranger(files.backup).value(kMark) != mark);
  files.put_back();
  CHECK_FALSE(refusal(files.path).empty());
  for (const char* suffix : {"-wal", "-shm"}) std::filesystem::remove(files.path + suffix);
  CHECK(refusal(files.path).empty());
  files.run("os");
  CHECK(files.orders() == "2");
  CHECK(Stranger(files.path).value("PRAGMA integrity_check") == "ok");
}

TEST_CASE("WAL: a restore that is killed once the copy stands there is refused, and can be made again") {
  const Files files;
  (void)copy_and_kill(files);
  // Held for another process: as much as a kill leaves, with nothing moved into the database.
  const std::string wal = files.folder / "wal";
  std::filesystem::copy_file(files.path + "-wal", wal);
  const std::string aside = reconciled::storage::put_back(files.path, files.backup);
  CHECK(files.orders() == "2");
  CHECK(Stranger(aside).value("SELECT count(*) FROM expected_order") == "3");
  std::filesystem::copy_file(wal, files.path + "-wal");
  CHECK_FALSE(refusal(files.path).empty());
  std::filesystem::remove(aside);  // two within a second would have one name
  (void)reconciled::storage::put_back(files.path, files.backup);
  CHECK(refusal(files.path).empty());
  files.run("os");
  CHECK(files.orders() == "2");
  // What the copy does not know gets versions above all that were told, too.
  CHECK(Stranger(files.path).value("SELECT value FROM meta WHERE key = 'versions_from'") ==
        "1000000");
}
