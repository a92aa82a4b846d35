#include "storage/sqlite/renew_wal.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <vector>

namespace reconciled::storage {
namespace {

constexpr std::size_t kPieceBytes = 1U << 20U;

class File {
 public:
  explicit File(const std::string& path)
      : path_(path), fd_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
    if (fd_ < 0 && errno != ENOENT) fail();
  }
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] bool exists() const { return fd_ >= 0; }
  [[nodiscard]] std::size_t read(std::vector<char>& piece, off_t at) const {
    const ssize_t got = ::pread(fd_, piece.data(), piece.size(), at);
    if (got < 0) fail();
    return static_cast<std::size_t>(got);
  }
  void write(const char* bytes, std::size_t size, off_t at) const {
    while (size > 0) {
      const ssize_t done = ::pwrite(fd_, bytes, size, at);
      if (done < 0) fail();
      bytes += done;
      at += done;
      size -= static_cast<std::size_t>(done);
    }
  }
  void sync() const {
    if (::fdatasync(fd_) != 0) fail();
  }

 private:
  [[noreturn]] void fail() const {
    throw std::system_error(errno, std::generic_category(), "cannot renew " + path_);
  }
  std::string path_;
  int fd_;
};

}  // namespace

void renew_wal(SqliteSession& session, const std::string& path) {
  // Nobody writes to the WAL meanwhile; readers find the same bytes.
  const Transaction lock(session);
  const File wal(path + "-wal");
  if (!wal.exists()) return;
  std::vector<char> piece(kPieceBytes);
  off_t at = 0;
  while (const std::size_t size = wal.read(piece, at)) {
    wal.write(piece.data(), size, at);
    at += static_cast<off_t>(size);
  }
  wal.sync();
}

}  // namespace reconciled::storage
