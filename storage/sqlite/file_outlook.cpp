#include "storage/sqlite/file_outlook.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "storage/sqlite/database_lock.h"
#include "storage/sqlite/migrate.h"

namespace reconciled::storage {
namespace {

std::string folder_of(const std::string& path) {
  return std::filesystem::absolute(path).parent_path().string();
}

// Without the folder SQLite reads what the daemon has made there. The lock file is the daemon's alone,
// so a member of its group cannot tell by that whether it runs.
bool has_readable_log(const std::string& path) {
  return ::access((path + "-wal").c_str(), R_OK) == 0 &&
         ::access((path + "-shm").c_str(), R_OK) == 0;
}

}  // namespace

// A file with another schema would be misread: a newer one throws NewerDatabase.
void expect_readable_file(const std::string& path) {
  if (::access(path.c_str(), R_OK) != 0) {
    const int error = errno;
    throw std::runtime_error(
        "cannot read " + path + ": " + std::generic_category().message(error) +
        (error == EACCES ? " (try as root, or as a member of its group)" : " (has the daemon been started with this file?)"));
  }
  const std::string folder = folder_of(path);
  const int unwritable = ::access(folder.c_str(), W_OK) == 0 ? 0 : errno;
  if (unwritable != 0 && !DatabaseLock::is_held(path) && !has_readable_log(path)) {
    // SQLite makes its -shm there, which stands while the daemon runs.
    throw std::runtime_error("cannot read " + path + " while the daemon does not run: " + folder +
                             " cannot be written (" + std::generic_category().message(unwritable) +
                             "). Read it as root, or a copy of it");
  }
  if (!pending_migrations(path).empty()) {
    throw std::runtime_error(path + " is of an older version: start the daemon, which migrates it");
  }
}

std::string fault_of_path(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0 || S_ISREG(found.st_mode)) return {};
  return path + " is " +
         (S_ISDIR(found.st_mode) ? "a directory: name the file in it" : "no regular file");
}

Store::Outlook outlook_of_file(const std::string& path) {
  const std::string folder = folder_of(path);
  if (::access(folder.c_str(), F_OK) != 0) {
    // As the units name it, StateDirectory=.
    if (folder.starts_with("/var/lib/reconciled")) {
      return {.good = path + " is made at the first start, and its folder by systemd"};
    }
    return {.fault = "there is no folder " + folder};
  }
  if (::access(folder.c_str(), W_OK) != 0) return {.fault = "cannot write to the folder " + folder};
  try {
    const std::size_t pending = pending_migrations(path).size();
    return {.good =
                path + ", " + std::to_string(pending) + " migration(s) to apply at the next start"};
  } catch (const std::exception& error) {
    return {.fault = error.what()};
  }
}

std::optional<Store::Room> room_beside(const std::string& path) {
  struct statvfs room {};
  const std::string folder = folder_of(path);
  if (::statvfs(folder.c_str(), &room) != 0) return std::nullopt;
  return Store::Room{static_cast<std::uint64_t>(room.f_bavail) * room.f_frsize, folder};
}

std::string true_path(const std::string& path) {
  std::error_code unknown;
  const auto real = std::filesystem::weakly_canonical(std::filesystem::absolute(path), unknown);
  return unknown ? path : real.string();
}

}  // namespace reconciled::storage
