#include "storage/store.h"

#include <utility>

#include "storage/session.h"
#include "storage/sqlite/backup.h"
#include "storage/sqlite/damage.h"
#include "storage/sqlite/database_lock.h"
#include "storage/sqlite/file_outlook.h"
#include "storage/sqlite/migrate.h"

namespace reconciled::storage {

struct Store::Right {
  explicit Right(const std::string& location) : lock(location) {}
  DatabaseLock lock;
};

Store::Store(std::string location) : location_(std::move(location)) {}
Store::~Store() = default;
Store::Store(Store&&) noexcept = default;
Store& Store::operator=(Store&&) noexcept = default;

void Store::own() { right_ = std::make_unique<Right>(location_); }

std::vector<std::string> Store::migrate() { return storage::migrate(location_); }

std::vector<std::string> Store::pending_migrations() const {
  return storage::pending_migrations(location_);
}

void Store::back_up(const std::string& file) const { storage::back_up(location_, file); }

std::string Store::put_back(const std::string& file) { return storage::put_back(location_, file); }

std::size_t Store::newest_schema() { return migrations().size(); }

void Store::expect_readable() const { expect_readable_file(location_); }

std::string Store::fault_of_location() const { return fault_of_path(location_); }

Store::Outlook Store::outlook() const { return outlook_of_file(location_); }

std::optional<Store::Room> Store::room() const { return room_beside(location_); }

std::string Store::true_location(const std::string& location) { return true_path(location); }

std::optional<std::string> advice_about(const Store& store, const std::exception& error) {
  if (is_damage(error)) return damage_advice(store.location(), error);
  const auto* engine = dynamic_cast<const EngineError*>(&error);
  if (engine == nullptr) return std::nullopt;
  const std::string what = error.what();
  if (engine->kind == EngineError::Kind::kBusy) {
    return store.location() + ": another program holds its lock for long (a sqlite3 shell in the middle of "
                              "a transaction?): end it, or try again (" + what + ")";
  }
  if (engine->kind != EngineError::Kind::kUnavailable) return std::nullopt;
  const bool names_it = what.find(store.location()) != std::string::npos;
  return (names_it ? what : store.location() + ": " + what) +
         "; see whether its disk is full and the file can be written (what was stored before is "
         "whole), then try again";
}

}  // namespace reconciled::storage
