#include "storage/sqlite/wal_mark.h"

#include <SQLiteCpp/Exception.h>
#include <sqlite3.h>

#include <filesystem>

#include "daemon/core/words/text.h"
#include "storage/sqlite/sqlite_session.h"
#include "storage/sqlite/wal_end.h"

namespace reconciled::storage {
namespace {

constexpr int kBusyWaitMs = 5'000;
constexpr const char* kMarkKey = "wal_mark";
constexpr const char* kBeforeKey = "wal_mark_before";

// Of a mark; `:` and the number of commits since follow.
constexpr std::size_t kMarkDigits = 32;

struct Marks {
  std::string mark;
  std::string before;

  // Whether this WAL may be laid over the file that has `file`. `before` may name two states, with
  // a blank between them.
  [[nodiscard]] bool fit(const std::string& file) const {
    const std::string states = " " + before + " ";
    return file == before || states.find(" " + file + " ") != std::string::npos ||
           file.substr(0, kMarkDigits) == mark.substr(0, kMarkDigits);
  }
};

// By a walk of the table, which is one page: the index is another, and a checkpoint that was cut
// short may have moved only one of them.
Marks read_marks(SQLite::Database& database) {
  SQLite::Statement query(database, "SELECT key, value FROM meta NOT INDEXED");
  Marks marks;
  while (query.executeStep()) {
    const std::string key = query.getColumn(0).getString();
    if (key == kMarkKey) marks.mark = query.getColumn(1).getString();
    if (key == kBeforeKey) marks.before = query.getColumn(1).getString();
  }
  return marks;
}

bool is_unreadable(const std::exception& error) {
  const int code = sqlite_code_of(error);
  return code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR;
}

// Of the file alone, as if there were no WAL; empty where there is none or it cannot be read.
std::string mark_of_file(const std::string& path) {
  try {
    SQLite::Database alone("file:" + core::percent_encode(path) + "?immutable=1",
                           SQLite::OPEN_READONLY | SQLite::OPEN_URI);
    return read_marks(alone).mark;
  } catch (const std::exception& error) {
    if (is_unreadable(error)) return {};
    throw;
  }
}

// Of the file with its WAL; none where they do not fit together.
Marks marks_with_wal(const std::string& path) {
  try {
    SqliteSession session(path, SqliteSession::Mode::kReadOnly, kBusyWaitMs);
    return read_marks(session.database());
  } catch (const std::exception& error) {
    if (is_unreadable(error)) return {};
    throw;
  }
}

}  // namespace

bool is_wal_empty(const std::string& path) {
  std::error_code absent;
  const auto size = std::filesystem::file_size(path + "-wal", absent);
  return absent || size == 0;
}

void check_wal(const std::string& path) {
  if (!std::filesystem::exists(path)) return;
  check_wal_end(path);
  if (is_wal_empty(path)) return;
  const std::string mark = mark_of_file(path);
  if (mark.empty()) return;
  const Marks marks = marks_with_wal(path);
  if (marks.fit(mark)) return;
  throw ForeignWal(path + "-wal belongs to another file than " + path +
                   ": was a backup put in its place? Nothing was changed. To go on with the file "
                   "as it is, remove " +
                   path + "-wal and " + path +
                   "-shm, which the replaced file left, and start again; to go on with the "
                   "replaced one, put it back first");
}

void mark_wal(Session& session, MarkAt at) {
  // Of a WAL that began with the commit before, and maybe anew with this one, since another process
  // may move pages too: either state.
  const std::int64_t counted = at == MarkAt::kSecondCommit ? 1 : 0;
  session
      .query(
          "INSERT INTO meta (key, value) "
          "SELECT ?2, coalesce((SELECT CASE WHEN ?3 = 0 THEN value ELSE substr(value, 1, 33)"
          "    || (CAST(substr(value, 34) AS INTEGER) - ?3) || ' ' || value END"
          "  FROM meta WHERE key = ?1), '') WHERE 1 "
          "ON CONFLICT (key) DO UPDATE SET value = excluded.value")
      .with(kMarkKey, kBeforeKey, counted)
      .run();
  session
      .query(
          "INSERT INTO meta (key, value) VALUES (?1, lower(hex(randomblob(16))) || ':0') "
          "ON CONFLICT (key) DO UPDATE SET value = excluded.value")
      .with(kMarkKey)
      .run();
}

void count_commit(Session& session) {
  session
      .query(
          "UPDATE meta SET value ="
          "  substr(value, 1, 33) || (CAST(substr(value, 34) AS INTEGER) + 1) WHERE key = ?1")
      .with(kMarkKey)
      .run();
}

}  // namespace reconciled::storage
