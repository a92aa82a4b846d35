// A disk that fails on demand and tells what it was asked for: a library for LD_PRELOAD, below
// SQLite and above libc. See faulty_disk.h.
//
// The calls that SQLite makes on files are defined here anew; what is not for the database or its
// WAL goes on untouched.
#include "tests/support/faulty_disk.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <mutex>
#include <string>
#include <string_view>

namespace {

using reconciled::test::DiskControl;
using reconciled::test::DiskRecord;

constexpr std::size_t kSector = 512;
constexpr std::size_t kHalfPage = 2048;

std::mutex calls;  // one at a time, so that the journal has them in their order
std::atomic<bool> within_commit{false};
std::array<std::atomic<std::uint8_t>, 65'536> file_of_descriptor{};

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

struct Disk {
  DiskControl* control = nullptr;
  std::string database;
  std::string wal;
  int journal = -1;
};

// Opened with bare system calls: the functions of libc lead here.
Disk make_disk() {
  Disk made;
  const char* path = std::getenv(reconciled::test::kDiskControl);
  const char* name = std::getenv(reconciled::test::kDiskDatabase);
  if (path == nullptr || name == nullptr) return made;
  const auto fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC));
  void* mapped = mmap(nullptr, sizeof(DiskControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  syscall(SYS_close, fd);
  if (mapped == MAP_FAILED) std::abort();
  made.control = static_cast<DiskControl*>(mapped);
  made.database = name;
  made.wal = made.database + "-wal";
  if (const char* journal = std::getenv(reconciled::test::kDiskJournal)) {
    made.journal = static_cast<int>(
        syscall(SYS_openat, AT_FDCWD, journal, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    // What a killed process had begun to note has not happened.
    const auto noted = static_cast<off64_t>(made.control->journal_bytes.load());
    if (made.journal < 0 || syscall(SYS_ftruncate, made.journal, noted) != 0) std::abort();
  }
  return made;
}

Disk& disk() {
  static Disk one = make_disk();
  return one;
}

std::uint8_t file_at(const char* path) {
  if (path == nullptr || disk().control == nullptr) return 0;
  const std::string_view whole = path;
  const std::string_view name = whole.substr(whole.rfind('/') + 1);
  if (name == disk().database) return reconciled::test::kDatabaseFile;
  return name == disk().wal ? reconciled::test::kWalFile : std::uint8_t{0};
}

std::uint8_t file_of(int fd) {
  const auto index = static_cast<std::size_t>(fd);
  return fd < 0 || index >= file_of_descriptor.size() ? std::uint8_t{0}
                                                      : file_of_descriptor[index].load();
}

int opened(int fd, const char* path) {
  const auto index = static_cast<std::size_t>(fd);
  if (fd >= 0 && index < file_of_descriptor.size()) file_of_descriptor[index] = file_at(path);
  return fd;
}

void append(const void* data, std::size_t size) {
  const char* at = static_cast<const char*>(data);
  while (size > 0) {
    const long done = syscall(SYS_write, disk().journal, at, size);
    if (done <= 0) std::abort();
    at += done;
    size -= static_cast<std::size_t>(done);
  }
}

void note(const DiskRecord& record, const void* data = nullptr) {
  if (disk().journal < 0) return;
  append(&record, sizeof record);
  if (record.size > 0) append(data, record.size);
  disk().control->journal_bytes += sizeof record + record.size;
}

bool fails(int error, std::uint8_t file) {
  DiskControl& control = *disk().control;
  if (error == 0 || (control.files & file) == 0) return false;
  if (control.calls++ % control.one_in != 0) return false;
  ++control.faults;
  errno = error;
  return true;
}

// How many of a write's bytes get through; none: errno says why.
std::size_t granted(std::uint8_t file, std::size_t size) {
  DiskControl& control = *disk().control;
  const int error = control.write_error;
  if (control.is_short && (control.files & file) != 0) {
    if (size <= kSector) return size;
    if (size > kHalfPage || error == 0) {
      ++control.faults;
      return size / 2;
    }
  }
  return fails(error, file) ? 0 : size;
}

void pause(unsigned us) {
  const timespec time{us / 1'000'000, static_cast<long>(us % 1'000'000) * 1'000};
  if (us > 0) nanosleep(&time, nullptr);
}

ssize_t write_at(int fd, const void* data, std::size_t size, off64_t offset) {
  static auto* const real = next<ssize_t(int, const void*, std::size_t, off64_t)>("pwrite64");
  const std::uint8_t file = file_of(fd);
  if (file == 0) return real(fd, data, size, offset);
  if (file == reconciled::test::kWalFile && !within_commit.exchange(true)) {
    pause(disk().control->commit_delay_us);
  }
  const std::lock_guard lock(calls);
  const std::size_t allowed = granted(file, size);
  if (allowed == 0 && size > 0) return -1;
  // First, so that a kill in between leaves no write that the journal does not have.
  note({DiskRecord::Kind::kWrite, file, static_cast<std::uint32_t>(allowed),
        static_cast<std::uint64_t>(offset)},
       data);
  return real(fd, data, allowed, offset);
}

int sync_with(int (*real)(int), int fd) {
  const std::uint8_t file = file_of(fd);
  if (file == 0) return real(fd);
  const std::lock_guard lock(calls);
  if (file == reconciled::test::kWalFile) within_commit = false;
  const int result = fails(disk().control->sync_error, file) ? -1 : real(fd);
  const int error = errno;
  if (result == 0 && file == reconciled::test::kDatabaseFile) ++disk().control->database_syncs;
  note({result == 0 ? DiskRecord::Kind::kSync : DiskRecord::Kind::kFailedSync, file});
  errno = error;
  return result;
}

int truncate_to(int fd, off64_t size) {
  static auto* const real = next<int(int, off64_t)>("ftruncate64");
  const std::uint8_t file = file_of(fd);
  if (file == 0) return real(fd, size);
  const std::lock_guard lock(calls);
  const int result = real(fd, size);
  if (result == 0) {
    note({DiskRecord::Kind::kTruncate, file, 0, static_cast<std::uint64_t>(size)});
  }
  return result;
}

mode_t mode_of(int flags, va_list rest) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : mode_t{0};
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  static auto* const real = next<int(const char*, int, ...)>("open");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return opened(real(path, flags, mode), path);
}

int open64(const char* path, int flags, ...) {
  static auto* const real = next<int(const char*, int, ...)>("open64");
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return opened(real(path, flags, mode), path);
}

int close(int fd) {
  static auto* const real = next<int(int)>("close");
  opened(fd, nullptr);
  return real(fd);
}

ssize_t pwrite(int fd, const void* data, std::size_t size, off_t offset) {
  return write_at(fd, data, size, offset);
}

ssize_t pwrite64(int fd, const void* data, std::size_t size, off64_t offset) {
  return write_at(fd, data, size, offset);
}

ssize_t write(int fd, const void* data, std::size_t size) {
  static auto* const real = next<ssize_t(int, const void*, std::size_t)>("write");
  if (file_of(fd) == 0) return real(fd, data, size);
  const ssize_t done = write_at(fd, data, size, lseek64(fd, 0, SEEK_CUR));
  if (done > 0) lseek64(fd, done, SEEK_CUR);
  return done;
}

int fsync(int fd) {
  static auto* const real = next<int(int)>("fsync");
  return sync_with(real, fd);
}

int fdatasync(int fd) {
  static auto* const real = next<int(int)>("fdatasync");
  return sync_with(real, fd);
}

int ftruncate(int fd, off_t size) noexcept { return truncate_to(fd, size); }
int ftruncate64(int fd, off64_t size) noexcept { return truncate_to(fd, size); }

int unlink(const char* path) noexcept {
  static auto* const real = next<int(const char*)>("unlink");
  const std::lock_guard lock(calls);
  const int result = real(path);
  const std::uint8_t file = result == 0 ? file_at(path) : std::uint8_t{0};
  if (file != 0) note({DiskRecord::Kind::kRemove, file});
  return result;
}
}
