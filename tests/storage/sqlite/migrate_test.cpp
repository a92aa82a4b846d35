#include "storage/sqlite/migrate.h"

#include <fstream>

#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
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
  for (const auto& migration : migrations()) {
    CAPTURE(std::string(migration.name));
    CHECK(std::stoi(std::string(migration.name.substr(0, 4))) == ++number);
    CHECK_FALSE(migration.text.empty());
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

TEST_CASE("migrate: a file of the first schema keeps attempts and history, by the payments' numbers") {
  const TemporaryFolder folder;
  const std::string path = folder / "old.db";
  {
    Stranger old(path);
    REQUIRE(old.run(std::string(migrations().front().text)).empty());
    REQUIRE(old.run("PRAGMA application_id = 0x52434e44; PRAGMA user_version = 1;"
                    "INSERT INTO configuration VALUES (1, 1, 'lookup', 'hold', 'live', 1, NULL);"
                    "INSERT INTO payment (payment_no, payment_id, result, deliverable, unverified,"
                    "  unobstructed, ui_state, webhook_status, created_at_ms, updated_at_ms,"
                    "  version, configuration_id) VALUES"
                    "  (1, 'z', 'none', 0, 0, 0, 'none', 'none', 1, 1, 1, 1),"
                    "  (2, 'a', 'none', 0, 0, 0, 'none', 'paid', 2, 3, 2, 1);"
                    "INSERT INTO attempt VALUES ('t', 'z', 'v1', 'none', NULL, 1),"
                    "  ('s', 'a', 'v2', 'none', NULL, 2), ('t', 'a', 'v1', 'none', NULL, 3);"
                    "INSERT INTO transition VALUES"
                    "  (1, 'z', 1, 1, 'event', 7, 'none', 'none', 'none', 'none', 0, 0, NULL,"
                    "   'none'),"
                    "  (2, 'a', 1, 2, 'event', 8, 'none', 'none', 'none', 'none', 0, 0, NULL,"
                    "   'none'),"
                    "  (5, 'a', 2, 3, 'event', 9, 'none', 'none', 'none', 'none', 0, 0, NULL,"
                    "   'paid')")
                .empty());
  }
  CHECK(migrate(path) == std::vector<std::string>{"0002_payment_numbers", "0003_shop_backend",
                                                   "0004_by_hand", "0005_pg_numbers", "0006_answer_bodies"});
  Stranger file(path);
  CHECK(file.rows("SELECT * FROM attempt ORDER BY 1, 2") ==
        std::vector<std::string>{"1|t|z|v1|none|-|1", "2|s|a|v2|none|-|2", "2|t|a|v1|none|-|3"});
  CHECK(file.rows("SELECT * FROM transition") ==
        std::vector<std::string>{"1|1|z|1|1|event|7|none|none|none|none|0|0|-|none",
                                 "2|2|a|1|2|event|8|none|none|none|none|0|0|-|none",
                                 "5|2|a|2|3|event|9|none|none|none|none|0|0|-|paid"});
  CHECK(file.rows("SELECT id FROM timeline WHERE payment_id = 'a' AND kind = 'transition'") ==
        std::vector<std::string>{"2", "5"});
  CHECK(file.value("PRAGMA integrity_check") == "ok");
  CHECK(file.rows("PRAGMA foreign_key_check").empty());
  // As if it had been made today.
  (void)migrate(folder / "new.db");
  const char* schema = "SELECT type || ' ' || name FROM sqlite_schema ORDER BY 1";
  CHECK(file.rows(schema) == Stranger(folder / "new.db").rows(schema));
  CHECK_FALSE(file.run("UPDATE transition SET version = 3 WHERE transition_id = 5").empty());
  CHECK_FALSE(file.run("INSERT OR REPLACE INTO transition SELECT * FROM transition").empty());
}
