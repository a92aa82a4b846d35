#include "storage/file_identity.h"

#include <sys/stat.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace reconciled::storage {

FileIdentity::FileIdentity(const std::string& path) {
  for (const char* suffix : {"", "-wal", "-shm"}) {
    File file{.path = path + suffix};
    struct stat now {};
    if (::stat(file.path.c_str(), &now) != 0) {
      throw std::system_error(errno, std::generic_category(), "cannot see " + file.path);
    }
    file.device = now.st_dev;
    file.inode = now.st_ino;
    files_.push_back(std::move(file));
  }
}

void FileIdentity::check() const {
  for (const File& file : files_) {
    struct stat now {};
    if (::stat(file.path.c_str(), &now) == 0 && now.st_dev == file.device &&
        now.st_ino == file.inode) {
      continue;
    }
    const std::string what =
        file.path + " was removed or replaced while it was in use, and nothing is stored: ";
    if (&file == &files_.front()) {
      throw std::runtime_error(what +
                               "put it back with its -wal, or restart the daemon to go on with what "
                               "stands there now");
    }
    // Ending, the last connection moves what the -wal holds into the database.
    throw std::runtime_error(what + "restart the daemon, and never with kill -9: as it ends it "
                                    "moves what the -wal held into " +
                             files_.front().path);
  }
}

}  // namespace reconciled::storage
