#include "storage/sqlite/migrate.h"

#include <fstream>

#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using reconciled::storage::Migration;
using reconciled::storage::migrations;
using reconciled::storage::pending_migrations;

namespace {

std::string bytes_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("migrate: a fresh file gets every migration, a second run none") {
  const TemporaryFolder folder;
  const std::string path = folder / "new.db";
  CHECK(pending_migrations(path).size() == migrations().size());
  CHECK(migrate(path).size() == migrations().size());
  CHECK(pending_migrations(path).empty());
  CHECK(migrate(path).empty());
  Stranger stranger(path);
  CHECK(stranger.value("PRAGMA user_version") == std::to_string(migrations().size()));
  CHECK(stranger.value("PRAGMA journal_mode") == "wal");
  CHECK(stranger.value("PRAGMA integrity_check") == "ok");
  CHECK(stranger.rows("PRAGMA foreign_key_check").empty());
}

TEST_CASE("migrate: an empty file counts as fresh") {
  const TemporaryFolder folder;
  const std::string path = folder / "empty.db";
  std::ofstream(path).close();
  CHECK(migrate(path).size() == migrations().size());
}

TEST_CASE("migrate: migrations are numbered without a gap") {
  int number = 0;
  for (const Migration& migration : migrations()) {
    CAPTURE(std::string(migration.name));
    CHECK(std::stoi(std::string(migration.name.substr(0, 4))) == ++number);
    CHECK_FALSE(migration.sql.empty());
  }
}

TEST_CASE("migrate: looking at what is pending changes and creates nothing") {
  const TemporaryFolder folder;
  const std::string path = folder / "absent.db";
  CHECK(pending_migrations(path).size() == migrations().size());
  CHECK_FALSE(std::ifstream(path).good());
}

TEST_CASE("migrate: a newer database is refused and left alone") {
  const TemporaryFolder folder;
  const std::string path = folder / "newer.db";
  (void)migrate(path);
  Stranger(path).run("PRAGMA user_version = 99");
  CHECK_THROWS_AS((void)migrate(path), NewerDatabase);
  CHECK_THROWS_AS((void)pending_migrations(path), NewerDatabase);
  CHECK(Stranger(path).value("PRAGMA user_version") == "99");
}

TEST_CASE("migrate: another program's database is refused, and not a byte of it changes") {
  const TemporaryFolder folder;
  const std::string path = folder / "foreign.db";
  Stranger(path).run("CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
  const std::string before = bytes_of(path);
  CHECK_THROWS_AS((void)migrate(path), std::runtime_error);
  CHECK_THROWS_AS((void)pending_migrations(path), std::runtime_error);
  CHECK(bytes_of(path) == before);
  CHECK(Stranger(path).value("PRAGMA journal_mode") == "delete");
}

TEST_CASE("migrate: a file that is no database is refused, and not a byte of it changes") {
  const TemporaryFolder folder;
  const std::string path = folder / "notes.txt";
  std::ofstream(path) << std::string(4'096, 'x');
  const std::string before = bytes_of(path);
  CHECK_THROWS_AS((void)migrate(path), std::runtime_error);
  CHECK(bytes_of(path) == before);
}

TEST_CASE("migrate: what fails half way leaves nothing behind") {
  const TemporaryFolder folder;
  const std::string path = folder / "half.db";
  // A file of ours at version 0 in which a table already stands in the way of the last ones.
  Stranger(path).run("PRAGMA application_id = 0x52434e44; CREATE TABLE lookup (x)");
  CHECK_THROWS_AS((void)migrate(path), std::runtime_error);
  Stranger stranger(path);
  CHECK(stranger.value("PRAGMA user_version") == "0");
  CHECK(stranger.value("SELECT group_concat(name) FROM sqlite_schema") == "lookup");
}
