#include "storage/file_identity.h"

#include <sys/stat.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace reconciled::storage {

FileIdentity::FileIdentity(std::string path) : path_(std::move(path)) {
  struct stat now {};
  if (::stat(path_.c_str(), &now) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot see " + path_);
  }
  device_ = now.st_dev;
  inode_ = now.st_ino;
}

void FileIdentity::check() const {
  struct stat now {};
  if (::stat(path_.c_str(), &now) == 0 && now.st_dev == device_ && now.st_ino == inode_) return;
  throw std::runtime_error(path_ +
                           " was removed or replaced while it was in use, and nothing is stored: "
                           "put it back with its -wal, or restart the daemon to go on with what "
                           "stands there now");
}

}  // namespace reconciled::storage
