#include "storage/sqlite/free_pages.h"

#include "storage/sqlite/backup.h"
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using reconciled::storage::give_back_pages;
using reconciled::storage::SqliteSession;

namespace {

constexpr std::int64_t kKept = 4'096;

std::int64_t pragma(const std::string& path, const std::string& name) {
  return std::stoll(Stranger(path).value("PRAGMA " + name));
}

// Many megabytes, and takes them away again but for one row in so many.
void fill_and_empty(const std::string& path, int rows, int kept_part) {
  Stranger stranger(path);
  CHECK(stranger
            .run("BEGIN; CREATE TABLE heap (id INTEGER PRIMARY KEY, body BLOB); "
                 "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT " +
                 std::to_string(rows) +
                 ") INSERT INTO heap SELECT i, zeroblob(3500) FROM n; "
                 "DELETE FROM heap WHERE id % " +
                 std::to_string(kept_part) + " <> 0; COMMIT")
            .empty());
}

// Gives back all that may go; in how many steps.
int give_back_all(const std::string& path) {
  SqliteSession session(path, SqliteSession::Mode::kWrite, 1'000);
  int steps = 1;
  for (bool has_more = true; has_more; ++steps) {
    session.begin();
    has_more = give_back_pages(session);
    session.commit();
  }
  return steps;
}

}  // namespace

TEST_CASE("free pages: a file gets shorter by what is free beyond what is kept") {
  const TemporaryFolder folder;
  const std::string path = folder / "db";
  (void)migrate(path);
  CHECK(pragma(path, "auto_vacuum") == 2);
  fill_and_empty(path, 8'000, 10);
  const std::int64_t before = pragma(path, "page_count");
  CHECK(before > 8'000);
  CHECK(give_back_all(path) > 20);
  CHECK(pragma(path, "freelist_count") == kKept);
  CHECK(pragma(path, "page_count") < before - 2'500);
  Stranger stranger(path);
  CHECK(stranger.value("PRAGMA integrity_check") == "ok");
  CHECK(stranger.value("SELECT count(*), sum(length(body)) FROM heap") == "800|2800000");
}

TEST_CASE("free pages: those that the next day can use stay") {
  const TemporaryFolder folder;
  const std::string path = folder / "db";
  (void)migrate(path);
  fill_and_empty(path, 4'000, 4'000);
  const std::int64_t before = pragma(path, "page_count");
  CHECK(give_back_all(path) == 2);
  CHECK(pragma(path, "page_count") == before);
}

TEST_CASE("free pages: a file of before keeps them, its copy can give them back") {
  const TemporaryFolder folder;
  const std::string path = folder / "db";
  CHECK(Stranger(path).run("PRAGMA journal_mode = WAL; CREATE TABLE t (x); DROP TABLE t").empty());
  (void)migrate(path);
  CHECK(pragma(path, "auto_vacuum") == 0);
  fill_and_empty(path, 8'000, 100);
  const std::int64_t before = pragma(path, "page_count");
  CHECK(give_back_all(path) == 2);
  CHECK(pragma(path, "page_count") == before);
  const std::string copy = folder / "copy";
  reconciled::storage::back_up(path, copy);
  CHECK(pragma(copy, "auto_vacuum") == 2);
  CHECK(pragma(copy, "page_count") < before / 10);
  // And a copy of the copy.
  reconciled::storage::back_up(copy, folder / "again");
  CHECK(pragma(folder / "again", "auto_vacuum") == 2);
}
