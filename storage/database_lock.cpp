#include "storage/database_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace reconciled::storage {

DatabaseLock::DatabaseLock(const std::string& database_path) {
  const std::string path = database_path + ".lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd_ < 0) {
    throw std::system_error(errno, std::generic_category(), "cannot open " + path);
  }
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    const int error = errno;
    ::close(fd_);
    if (error == EWOULDBLOCK) {
      throw DatabaseInUse(database_path + " is in use by another reconciled process");
    }
    throw std::system_error(error, std::generic_category(), "cannot lock " + path);
  }
}

DatabaseLock::~DatabaseLock() { ::close(fd_); }

}  // namespace reconciled::storage
