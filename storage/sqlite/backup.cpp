#include "storage/sqlite/backup.h"

#include <SQLiteCpp/Database.h>
#include <SQLiteCpp/Statement.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <stdexcept>

#include "storage/sqlite/migrate.h"

namespace reconciled::storage {
namespace {

namespace fs = std::filesystem;

constexpr int kPatienceMs = 10'000;
constexpr std::int64_t kVersionsAhead = 1'000'000;

[[noreturn]] void fail(const std::string& what) {
  throw std::runtime_error(what + ": " + std::strerror(errno));
}

std::string folder_of(const std::string& path) {
  const std::string folder = fs::path(path).parent_path().string();
  return folder.empty() ? "." : folder;
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

// An empty file that nobody but who may read `like` can read.
void make(const std::string& path, const std::string& like) {
  struct stat known {};
  const bool is_there = ::stat(like.c_str(), &known) == 0;
  const int fd = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (fd < 0) fail(path);
  if (is_there) {
    (void)::fchmod(fd, known.st_mode & 0660U);
    // Only root may; anybody else owns what they made.
    if (::fchown(fd, known.st_uid, known.st_gid) != 0) errno = 0;
  }
  ::close(fd);
}

void expect_room(const std::string& folder, std::uint64_t bytes) {
  struct statvfs room {};
  if (::statvfs(folder.c_str(), &room) != 0) fail(folder);
  const std::uint64_t free = std::uint64_t{room.f_bavail} * room.f_frsize;
  if (free >= bytes) return;
  throw std::runtime_error(folder + " has " + std::to_string(free >> 20) + " MiB left, and the copy needs " +
                           std::to_string(bytes >> 20));
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

std::string now_in_name() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &utc);
  return text;
}

// So that the file alone is the whole database. Where it cannot be opened, its -wal goes with it.
void close_wal(const std::string& path) {
  try {
    SQLite::Database database(path, SQLite::OPEN_READWRITE, kPatienceMs);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch (const SQLite::Exception&) {
    return;
  }
}

}  // namespace

void back_up(const std::string& path, const std::string& file) {
  if (fs::exists(fs::symlink_status(file))) throw std::runtime_error(file + " exists already");
  SQLite::Database database(path, SQLite::OPEN_READONLY, kPatienceMs);
  const std::int64_t pages = database.execAndGet("PRAGMA page_count").getInt64();
  const std::int64_t page = database.execAndGet("PRAGMA page_size").getInt64();
  expect_room(folder_of(file), static_cast<std::uint64_t>(pages * page));
  Unfinished copy(file + ".unfinished");
  // Of a copy that was killed.
  ::unlink(copy.path.c_str());
  make(copy.path, path);
  SQLite::Statement into(database, "VACUUM INTO ?");
  into.bind(1, copy.path);
  into.exec();
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
  Unfinished copy(path + ".restoring");
  ::unlink(copy.path.c_str());
  make(copy.path, path);
  {
    SQLite::Database source(file, SQLite::OPEN_READONLY, kPatienceMs);
    const std::uint64_t bytes = fs::file_size(file);
    expect_room(folder_of(path), bytes);
    SQLite::Statement into(source, "VACUUM INTO ?");
    into.bind(1, copy.path);
    into.exec();
  }
  expect_good(copy.path);
  {
    SQLite::Database database(copy.path, SQLite::OPEN_READWRITE, kPatienceMs);
    database.exec("UPDATE payment SET version = version + " + std::to_string(kVersionsAhead));
  }
  sync(copy.path);

  std::string aside;
  if (fs::exists(path) && fs::file_size(path) > 0) {
    close_wal(path);
    aside = path + ".before-" + now_in_name();
    if (::link(path.c_str(), aside.c_str()) != 0) fail(aside);
    if (fs::exists(path + "-wal")) fs::rename(path + "-wal", aside + "-wal");
  }
  ::unlink((path + "-shm").c_str());
  if (::rename(copy.path.c_str(), path.c_str()) != 0) fail(path);
  copy.done();
  sync(folder_of(path));
  return aside;
}

}  // namespace reconciled::storage
