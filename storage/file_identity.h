// Whether the file that was opened still stands under its name.
//
// A database that somebody removed or replaced goes on taking commits, which nobody will ever read.
#pragma once

#include <sys/types.h>

#include <string>

namespace reconciled::storage {

class FileIdentity {
 public:
  // Of what stands at `path` now. Throws std::system_error where nothing does.
  explicit FileIdentity(std::string path);
  // Throws std::runtime_error, which says what to do, where another file or none stands there.
  void check() const;

 private:
  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace reconciled::storage
