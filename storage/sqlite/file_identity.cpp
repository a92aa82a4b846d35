#include "storage/sqlite/file_identity.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <system_error>

namespace reconciled::storage {
namespace {

// The times of a folder's changes are as coarse as the kernel's clock; a change this soon after
// another may not show.
constexpr std::chrono::milliseconds kCoarse{100};

}  // namespace

FileIdentity::FileIdentity(const std::string& path)
    : folder_path_(std::filesystem::absolute(path).parent_path().string()) {
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

void FileIdentity::check() {
  struct stat now {};
  if (::stat(folder_path_.c_str(), &now) != 0) return check_each();
  const Folder folder{now.st_dev, now.st_ino, now.st_ctim.tv_sec, now.st_ctim.tv_nsec};
  const bool is_same = folder == folder_;
  if (is_same && Clock::now() - seen_ > kCoarse) return;
  check_each();
  if (is_same) return;
  folder_ = folder;
  seen_ = Clock::now();
}

void FileIdentity::check_each() const {
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
