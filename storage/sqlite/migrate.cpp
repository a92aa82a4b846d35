#include "storage/sqlite/migrate.h"

#include <filesystem>

#include "storage/sqlite/database_lock.h"
#include "storage/sqlite/sqlite_session.h"
#include "storage/sqlite/wal_mark.h"

namespace reconciled::storage {
namespace {

constexpr std::int64_t kApplicationId = 0x52434e44;  // "RCND": tells our files from others
constexpr int kBusyWaitMs = 15'000;

// The number of migrations that the file has; throws where it is not ours or newer than we are.
std::size_t applied_migrations(SqliteSession& session, const std::string& path) {
  const std::int64_t version = session.query("PRAGMA user_version").number();
  const std::int64_t application = session.query("PRAGMA application_id").number();
  const std::int64_t tables = session.query("SELECT count(*) FROM sqlite_schema").number();
  if (version == 0 && application == 0 && tables == 0) return 0;
  if (application != kApplicationId) {
    throw std::runtime_error(path + " is a database of another program");
  }
  if (version > static_cast<std::int64_t>(migrations().size())) {
    throw NewerDatabase(path + " has schema version " + std::to_string(version) +
                        ", this program knows " + std::to_string(migrations().size()) +
                        ": install the newer program");
  }
  return static_cast<std::size_t>(version);
}

}  // namespace

std::vector<std::string> migrate(const std::string& path) {
  check_wal(path);
  // Looked at before the first writing connection, which would put another program's file into WAL
  // mode.
  if (pending_migrations(path).empty()) return {};
  SqliteSession session(path, SqliteSession::Mode::kWrite, kBusyWaitMs);
  Transaction transaction(session);
  std::vector<std::string> applied;
  for (std::size_t i = applied_migrations(session, path); i < migrations().size(); ++i) {
    session.exec(std::string(migrations()[i].text));
    applied.emplace_back(migrations()[i].name);
  }
  if (!applied.empty()) {
    session.exec("PRAGMA application_id = " + std::to_string(kApplicationId));
    session.exec("PRAGMA user_version = " + std::to_string(migrations().size()));
  }
  count_commit(session);
  transaction.commit();
  return applied;
}

std::vector<std::string> pending_migrations(const std::string& path) {
  std::size_t applied = 0;
  if (std::filesystem::exists(path)) {
    // Who holds it has looked, and its -wal changes while we read.
    if (!DatabaseLock::is_held(path)) check_wal(path);
    SqliteSession session(path, SqliteSession::Mode::kReadOnly, kBusyWaitMs);
    applied = applied_migrations(session, path);
  }
  std::vector<std::string> pending;
  for (std::size_t i = applied; i < migrations().size(); ++i) {
    pending.emplace_back(migrations()[i].name);
  }
  return pending;
}

}  // namespace reconciled::storage
