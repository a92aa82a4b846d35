#include "storage/sqlite/backup.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <SQLiteCpp/Transaction.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <stdexcept>

#include "storage/sqlite/file_outlook.h"
#include "storage/sqlite/free_pages.h"
#include "storage/sqlite/migrate.h"
#include "storage/sqlite/wal_mark.h"

namespace reconciled::storage {
namespace {

namespace fs = std::filesystem;

constexpr int kPatienceMs = 10'000;
constexpr const char* kVersionsAhead = "1000000";
// On the database's own disk so much stays free: the WAL grows while a copy is made.
constexpr std::uint64_t kLeftFree = 512ULL << 20;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

void sync(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail(path);
  const int result = ::fsync(fd);
  ::close(fd);
  if (result != 0) fail(path);
}

// Takes it away again, unless it is done.
struct Unfinished {
  explicit Unfinished(std::string file) : path(std::move(file)) {}
  ~Unfinished() {
    if (path.empty()) return;
    for (const char* suffix : {"", "-wal", "-shm", "-journal"}) ::unlink((path + suffix).c_str());
  }
  Unfinished(const Unfinished&) = delete;
  Unfinished& operator=(const Unfinished&) = delete;
  void done() { path.clear(); }
  std::string path;
};

// An empty file that nobody but who may read `like` can read, and that no other command writes meanwhile.
// What one that was killed left of this name goes.
class Claim {
 public:
  Claim(const std::string& path, const std::string& like)
      : fd_(::open(path.c_str(), O_CREAT | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600)) {
    if (fd_ < 0) fail(path);
    try {
      take(path);
      give_to_readers_of(like);
    } catch (...) {
      ::close(fd_);
      throw;
    }
    for (const char* suffix : {"-wal", "-shm", "-journal"}) ::unlink((path + suffix).c_str());
  }
  ~Claim() { ::close(fd_); }
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;

 private:
  void take(const std::string& path) const {
    struct stat ours {};
    struct stat named {};
    const bool is_locked = ::flock(fd_, LOCK_EX | LOCK_NB) == 0;
    // The other one may have given it its name, or taken it away, since it was opened.
    const bool is_named = ::fstat(fd_, &ours) == 0 && ::stat(path.c_str(), &named) == 0 &&
                          ours.st_ino == named.st_ino && ours.st_dev == named.st_dev;
    if (!is_locked || !is_named) throw std::runtime_error(path + " is being written by another command");
    // What root left may be another's: it gives copies to the database's owner.
    const bool is_ours = ours.st_uid == ::geteuid() || ::geteuid() == 0;
    if (!S_ISREG(ours.st_mode) || ours.st_nlink != 1 || !is_ours) {
      throw std::runtime_error(path + " is somebody else's: remove it first");
    }
    if (::ftruncate(fd_, 0) != 0) fail(path);
  }
  void give_to_readers_of(const std::string& like) const {
    struct stat known {};
    if (::stat(like.c_str(), &known) != 0) return;
    (void)::fchmod(fd_, known.st_mode & 0660U);
    // Only root may; anybody else owns what they made.
    if (::fchown(fd_, known.st_uid, known.st_gid) != 0) errno = 0;
  }

  int fd_;
};

bool are_on_one_disk(const std::string& file, const std::string& other) {
  struct stat one {};
  struct stat another {};
  return ::stat(folder_of(file).c_str(), &one) == 0 &&
         ::stat(folder_of(other).c_str(), &another) == 0 && one.st_dev == another.st_dev;
}

void expect_room(const std::string& file, std::uint64_t bytes) {
  const auto room = room_beside(file);
  if (!room || room->bytes >= bytes) return;
  throw std::runtime_error(room->where + " has " + std::to_string(room->bytes >> 20) +
                           " MiB left, and the copy needs " + std::to_string((bytes >> 20) + 1));
}

// Throws what SQLite finds wrong, or that it is newer than this program.
void expect_good(const std::string& path) {
  SQLite::Database database(path, SQLite::OPEN_READONLY, kPatienceMs);
  const std::string found = database.execAndGet("PRAGMA quick_check(1)").getString();
  if (found != "ok") throw std::runtime_error(path + " is damaged: " + found);
  const int version = database.execAndGet("PRAGMA user_version").getInt();
  if (version < 1 || !database.tableExists("expected_order")) {
    throw std::runtime_error(path + " is no database of reconciled's");
  }
  if (static_cast<std::size_t>(version) > migrations().size()) {
    throw std::runtime_error(path + " was written by a newer program: install that one first");
  }
}

// A name that nothing has.
std::string name_aside(const std::string& path) {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, ".before-%Y%m%dT%H%M%SZ", &utc);
  std::string name = path + text;
  for (int more = 2; fs::exists(fs::symlink_status(name)); ++more) {
    name = path + text + "-" + std::to_string(more);
  }
  return name;
}

// The copy's pages are others than the database's, whose -wal must never be laid over it: a mark of its
// own says so (wal_mark.h).
void mark_anew(SQLite::Database& copy) {
  copy.exec(
      "UPDATE meta SET value = lower(hex(randomblob(16))) || ':0' WHERE key = 'wal_mark';"
      "UPDATE meta SET value = '' WHERE key = 'wal_mark_before'");
}

// All that is in `source`, close together; later the copy can give back pages that come free, even where
// `source` was made before that was possible.
void copy_into(SQLite::Database& source, const std::string& path) {
  // A connection that only reads refuses to set what is set.
  if (source.execAndGet("PRAGMA auto_vacuum").getInt() != kIncrementalVacuum) {
    source.exec("PRAGMA auto_vacuum = INCREMENTAL");
  }
  SQLite::Statement into(source, "VACUUM INTO ?");
  into.bind(1, path);
  into.exec();
}

// So that the file alone is the whole database. Where it cannot be opened, or the -wal is another's (of
// a restore that was killed) or damaged, its -wal goes with it.
void close_wal(const std::string& path) {
  try {
    check_wal(path);
    SQLite::Database database(path, SQLite::OPEN_READWRITE, kPatienceMs);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (const std::runtime_error&) {
    return;
  }
}

// `copy` gets the name of the database, which gets the name `aside`, in one step: two names of one file
// would be two databases to SQLite, each with a WAL of its own.
void swap(const std::string& copy, const std::string& path, const std::string& aside) {
  if (::renameat2(AT_FDCWD, copy.c_str(), AT_FDCWD, aside.c_str(), RENAME_NOREPLACE) != 0) {
    fail(aside);
  }
  if (::renameat2(AT_FDCWD, aside.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0) return;
  const int error = errno;
  ::rename(aside.c_str(), copy.c_str());
  errno = error;
  fail(path + ": its file system cannot swap two files; use a local one");
}

}  // namespace

void back_up(const std::string& path, const std::string& file) {
  if (fs::exists(fs::symlink_status(file))) throw std::runtime_error(file + " exists already");
  for (const char* suffix : {"-wal", "-shm", "-journal", ".lock"}) {
    // SQLite would take it for a part of the database, or what is there for a part of the copy.
    if (true_path(file) == true_path(path) + suffix) {
      throw std::runtime_error(file + " is a name of the database's own: give the copy another one");
    }
    if (fs::exists(fs::symlink_status(file + suffix))) {
      throw std::runtime_error(file + suffix + " is there, of a file that was: remove it first");
    }
  }
  SQLite::Database database(path, SQLite::OPEN_READONLY, kPatienceMs);
  const std::int64_t pages = database.execAndGet("PRAGMA page_count").getInt64();
  const std::int64_t page = database.execAndGet("PRAGMA page_size").getInt64();
  expect_room(file, static_cast<std::uint64_t>(pages * page) +
                        (are_on_one_disk(file, path) ? kLeftFree : 0));
  const Claim claim(file + ".unfinished", path);
  Unfinished copy(file + ".unfinished");
  copy_into(database, copy.path);
  {
    SQLite::Database copied(copy.path, SQLite::OPEN_READWRITE, kPatienceMs);
    mark_anew(copied);
  }
  expect_good(copy.path);
  sync(copy.path);
  // Unlike rename, overwrites nothing.
  if (::link(copy.path.c_str(), file.c_str()) != 0) fail(file);
  ::unlink(copy.path.c_str());
  copy.done();
  sync(folder_of(file));
}

std::string put_back(const std::string& path, const std::string& file) {
  expect_good(file);
  const Claim claim(path + ".restoring", path);
  Unfinished copy(path + ".restoring");
  {
    SQLite::Database source(file, SQLite::OPEN_READONLY, kPatienceMs);
    const std::uint64_t bytes = fs::file_size(file);
    expect_room(path, bytes);
    copy_into(source, copy.path);
  }
  expect_good(copy.path);
  {
    SQLite::Database database(copy.path, SQLite::OPEN_READWRITE, kPatienceMs);
    // Whoever is cut short here leaves no copy: it needs no journal, and no room for one.
    database.exec("PRAGMA journal_mode = OFF");
    SQLite::Transaction all(database);
    database.exec(std::string("UPDATE payment SET version = version + ") + kVersionsAhead);
    // Those of payments that the copy does not know, too.
    database.exec(std::string("INSERT INTO meta (key, value) VALUES ('versions_from', '") +
                  kVersionsAhead +
                  "') ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + " +
                  kVersionsAhead);
    mark_anew(database);
    all.commit();
  }
  sync(copy.path);

  std::string aside;
  if (fs::exists(path) && fs::file_size(path) > 0) {
    close_wal(path);
    aside = name_aside(path);
    swap(copy.path, path, aside);
  } else if (::rename(copy.path.c_str(), path.c_str()) != 0) {
    fail(path);
  }
  copy.done();
  ::unlink((path + "-shm").c_str());
  // It belongs to what was there. Where this is killed before, a start refuses to lay it over the copy.
  const std::string wal = path + "-wal";
  if (fs::exists(wal)) {
    if (aside.empty()) {
      ::unlink(wal.c_str());
    } else if (::rename(wal.c_str(), (aside + "-wal").c_str()) != 0) {
      fail(wal);
    }
  }
  sync(folder_of(path));
  return aside;
}

}  // namespace reconciled::storage
