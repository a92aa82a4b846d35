// Whether the files that were opened still stand under their names: the database, its -wal and -shm.
//
// A database that somebody removed or replaced goes on taking commits, which nobody will ever read;
// so does one whose -wal was.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace reconciled::storage {

class FileIdentity {
 public:
  // Of what stands at `path` and beside it now, where a writer has it open. Throws
  // std::system_error where one of the three is absent.
  explicit FileIdentity(const std::string& path);
  // Throws std::runtime_error, which says what to do, where another file or none stands there.
  void check() const;

 private:
  struct File {
    std::string path;
    dev_t device = 0;
    ino_t inode = 0;
  };
  std::vector<File> files_;  // the database first
};

}  // namespace reconciled::storage
