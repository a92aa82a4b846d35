#include "storage/sqlite/database_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>

namespace reconciled::storage {
namespace {

using namespace std::chrono_literals;

// Who only looks whether it is held holds it for a moment.
constexpr int kTries = 5;
constexpr auto kBetweenTries = 20ms;

// By whatever name the file is called.
std::string lock_path(const std::string& database_path) {
  return std::filesystem::weakly_canonical(database_path).string() + ".lock";
}

}  // namespace

DatabaseLock::Held::~Held() {
  if (fd >= 0) ::close(fd);
}

void DatabaseLock::take(Held& held, const std::string& path, unsigned mode,
                        const std::string& database_path) {
  held.fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, mode);
  if (held.fd < 0 && errno == ENOENT) {
    throw std::runtime_error("storage.path: there is no folder " +
                             std::filesystem::path(path).parent_path().string() +
                             ": make it, for the user that the daemon runs as");
  }
  if (held.fd < 0) throw std::system_error(errno, std::generic_category(), "cannot open " + path);
  for (int left = kTries; ::flock(held.fd, LOCK_EX | LOCK_NB) != 0;) {
    const int error = errno;
    if (error != EWOULDBLOCK) {
      throw std::system_error(error, std::generic_category(), "cannot lock " + path);
    }
    if (--left == 0) {
      throw DatabaseInUse(database_path + " is in use by another reconciled process"
                          ": stop the daemon first (systemctl stop reconciled)");
    }
    std::this_thread::sleep_for(kBetweenTries);
  }
}

DatabaseLock::DatabaseLock(const std::string& database_path) {
  take(beside_, lock_path(database_path), 0600, database_path);
  // What SQLite would make of it.
  take(file_, database_path, 0644, database_path);
}

bool DatabaseLock::is_held(const std::string& database_path) {
  const Held seen{::open(lock_path(database_path).c_str(), O_RDONLY | O_CLOEXEC)};
  return seen.fd >= 0 && ::flock(seen.fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

}  // namespace reconciled::storage
