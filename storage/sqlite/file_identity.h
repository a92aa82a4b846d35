// Whether the files that were opened still stand under their names: the database, its -wal and -shm.
//
// A database that somebody removed or replaced goes on taking commits, which nobody will ever read;
// so does one whose -wal was.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <ctime>
#include <string>
#include <vector>

namespace reconciled::storage {

class FileIdentity {
 public:
  // Of what stands at `path` and beside it now, where a writer has it open. Throws
  // std::system_error where one of the three is absent.
  explicit FileIdentity(const std::string& path);
  // Throws std::runtime_error, which says what to do, where another file or none stands there.
  // Before every commit: while nothing was made, moved or removed in the folder, that is known.
  void check();

 private:
  using Clock = std::chrono::steady_clock;
  // When something in the folder changed last, and which folder that is.
  struct Folder {
    dev_t device = 0;
    ino_t inode = 0;
    std::time_t changed_s = 0;
    long changed_ns = 0;
    friend bool operator==(const Folder&, const Folder&) = default;
  };
  void check_each() const;
  struct File {
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;
  };
  std::vector<File> files_;  // the database first
  std::string folder_path_;
  Folder folder_;             // as it was when all were seen to be there,
  Clock::time_point seen_{};  // and since when it has been so
};

}  // namespace reconciled::storage
