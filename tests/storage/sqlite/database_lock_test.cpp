#include "storage/sqlite/database_lock.h"

#include <filesystem>
#include <memory>

#include "tests/storage/sqlite/other_process.h"
#include "tests/storage/store_fixture.h"

using namespace reconciled::test;
using reconciled::storage::DatabaseLock;

namespace {

std::string refusal(const std::string& path) {
  try {
    const DatabaseLock lock(path);
    return "";
  } catch (const DatabaseInUse& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("database lock: a second holder is refused by name, until the first lets go") {
  const TemporaryFolder folder;
  const std::string path = folder / "reconciled.db";
  {
    const DatabaseLock lock(path);
    const std::string message = refusal(path);
    CHECK(message.find(path) != std::string::npos);
    CHECK(message.find("in use by another reconciled process") != std::string::npos);
    CHECK(refusal(folder / "other.db").empty());
  }
  CHECK(refusal(path).empty());
}

TEST_CASE("database lock: it holds across processes and goes with its process, however that ends") {
  const TemporaryFolder folder;
  const std::string path = folder / "reconciled.db";
  OtherProcess other([path](char) {
    static std::unique_ptr<DatabaseLock> lock;
    try {
      lock = std::make_unique<DatabaseLock>(path);
      return 'y';
    } catch (const DatabaseInUse&) {
      return 'n';
    }
  });
  {
    const DatabaseLock ours(path);
    CHECK(other.tell('l') == 'n');
  }
  CHECK(other.tell('l') == 'y');
  CHECK_FALSE(refusal(path).empty());
  other.die();
  CHECK(refusal(path).empty());
}

TEST_CASE("database lock: a folder that is not there is an error of its own") {
  const TemporaryFolder folder;
  CHECK_THROWS_AS(DatabaseLock(folder / "absent/reconciled.db"), std::runtime_error);
}

TEST_CASE("database lock: no link and no removed lock file lets a second one in") {
  const TemporaryFolder folder;
  const std::string path = folder / "reconciled.db";
  const DatabaseLock lock(path);
  CHECK(DatabaseLock::is_held(path));
  std::filesystem::create_symlink(path, folder / "symbolic.db");
  std::filesystem::create_hard_link(path, folder / "hard.db");
  CHECK_FALSE(refusal(folder / "symbolic.db").empty());
  CHECK_FALSE(refusal(folder / "hard.db").empty());
  CHECK(DatabaseLock::is_held(folder / "symbolic.db"));
  std::filesystem::remove(path + ".lock");
  CHECK_FALSE(refusal(path).empty());
}

TEST_CASE("database lock: looking whether it is held makes nothing and keeps nobody out") {
  const TemporaryFolder folder;
  const std::string path = folder / "reconciled.db";
  CHECK_FALSE(DatabaseLock::is_held(path));
  CHECK_FALSE(std::filesystem::exists(path + ".lock"));
  { const DatabaseLock lock(path); }
  CHECK_FALSE(DatabaseLock::is_held(path));
  CHECK(refusal(path).empty());
}
